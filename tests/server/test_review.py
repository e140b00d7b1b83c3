"""What is worth asking about a run, and that answers change it: corrections by the interface, settled at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from served import BASE_PATH, Open

from reidtrack.corrections.parse import parse
from reidtrack.server.data.library import RunLibrary, restrict_identities
from reidtrack.server.data.review import WORTH, Question, _answered, _behind, _in_one, _in_two, worth_asking


def tracklet(camera: str, track_id: int, link: tuple[str, int, float] | None, at_s: float = 0.0) -> dict[str, Any]:
    """An entry of a person in `identities.json`."""
    told = (
        None
        if link is None
        else {
            "camera": link[0],
            "track_id": link[1],
            "distance": 0.4,
            "margin": 0.2,
            "runner_up": None,
            "probability": link[2],
            "terms": {},
        }
    )
    return {
        "camera": camera,
        "track_id": track_id,
        "first_frame": 0,
        "last_frame": 9,
        "first_time_s": at_s,
        "last_time_s": at_s + 1,
        "frames": 10,
        "link": told,
    }


CHAIN = [
    tracklet("hall", 1, None),
    tracklet("hall", 2, ("hall", 1, 0.9)),
    tracklet("door", 1, ("hall", 2, 0.6)),
    tracklet("door", 2, ("door", 1, 0.99)),
]


def test_how_many_would_leave_if_a_link_broke() -> None:
    behind = _behind({(t["camera"], t["track_id"]): t for t in CHAIN})
    assert behind == {("hall", 1): 4, ("hall", 2): 3, ("door", 1): 2, ("door", 2): 1}


@pytest.mark.parametrize(
    ("gains", "worth"),
    [
        pytest.param([], (0, 0.0), id="none"),
        pytest.param([None], (0, 0.0), id="one that was not calibrated"),
        pytest.param([WORTH], (1, WORTH), id="at the limit"),
        pytest.param([WORTH - 1e-3, 0.5, 1.25], (2, 1.75), id="below and above"),
    ],
)
def test_how_many_answers_are_worth_giving(gains: list[float | None], worth: tuple[int, float]) -> None:
    found = [Question("link", "a 1", "b 1", (1, 1), gain, gain) for gain in gains]
    assert worth_asking(found) == worth


@pytest.mark.parametrize(
    ("text", "one", "two"),
    [
        pytest.param("", False, False, id="nothing was said"),
        pytest.param("- merge: [hall 1, door 1]", True, False, id="one person"),
        pytest.param("- lock: [hall 2, hall 1, door 1]", True, False, id="locked"),
        pytest.param("- apart: [hall 1, [door 1, door 2]]", False, True, id="two people"),
        pytest.param("- apart: [hall 1, door 2]", False, False, id="of somebody else"),
        pytest.param("- apart: [[hall 1, door 1], door 2]", False, False, id="on one side"),
    ],
)
def test_what_was_answered(text: str, one: bool, two: bool) -> None:
    together, apart = _answered(parse(text, "corrections.yaml"))
    asked = Question("link", "hall 1", "door 1", (1, 1), 0.2, 0.2)
    assert (_in_one(asked, together), _in_two(asked, apart)) == (one, two)


def test_a_person_as_one_camera_saw_them() -> None:
    entry = {"id": 7, "cameras": ["hall", "door"], "first_time_s": 0, "last_time_s": 9, "tracklets": CHAIN}
    (seen,) = restrict_identities([entry], lambda camera: camera == "door")
    assert seen["cameras"] == ["door"]
    assert [t["link"] and t["link"]["camera"] for t in seen["tracklets"]] == [None, "door"]
    assert not list(restrict_identities([entry], lambda camera: camera == "yard"))


def people(client: Any) -> dict[str, int]:
    """Tracklet to the number of its person."""
    found = {}
    for person in client.get(f"{BASE_PATH}/identities").json()["items"]:
        for t in client.get(f"{BASE_PATH}/identities/{person['id']}").json()["tracklets"]:
            found[t["ref"]] = person["id"]
    return found


def test_a_mistake_is_corrected_and_taken_back(root: Path, open_app: Open) -> None:
    client = open_app(root)
    before = people(client)
    (question,) = client.get(f"{BASE_PATH}/review?limit=1").json()["items"]
    refs = [question["a"]["ref"], question["b"]["ref"]]
    assert before[refs[0]] == before[refs[1]]
    said = client.post(f"{BASE_PATH}/corrections", json={"verb": "apart", "who": refs})
    assert said.status_code == 200, said.text
    parted = people(client)
    assert parted[refs[0]] != parted[refs[1]]
    assert said.json()["now"] == [parted[ref] for ref in refs]
    asked = client.get(f"{BASE_PATH}/review").json()["items"]
    assert refs not in [[q["a"]["ref"], q["b"]["ref"]] for q in asked]
    assert [c["verb"] for c in client.get(f"{BASE_PATH}/corrections").json()["items"]] == ["apart"]
    assert client.delete(f"{BASE_PATH}/corrections/last").status_code == 200
    assert people(client) == before
    assert client.delete(f"{BASE_PATH}/corrections/last").status_code == 404
    audit = [json.loads(line) for line in (root / ".serve/audit.jsonl").read_text().splitlines()]
    assert [line["what"] for line in audit].count("corrected") == 2


@pytest.mark.parametrize(
    ("said", "status", "word"),
    [
        pytest.param({"verb": "merge", "who": ["1"]}, 422, "two", id="one to merge"),
        pytest.param({"verb": "merge", "who": ["1", "1"]}, 422, "different", id="the same twice"),
        pytest.param({"verb": "name", "who": ["1"]}, 422, "name", id="no name"),
        pytest.param({"verb": "name", "who": ["1"], "name": "7"}, 422, "7", id="a number as a name"),
        pytest.param({"verb": "merge", "who": ["1", "nobody"]}, 422, "nobody", id="somebody unknown"),
        pytest.param({"verb": "forget", "who": ["1"]}, 422, "verb", id="another verb"),
        pytest.param({"verb": "lock", "who": ["1"], "more": 1}, 422, "more", id="an unknown key"),
        pytest.param({"verb": "lock", "who": []}, 422, "who", id="nobody at all"),
    ],
)
def test_corrections_that_are_refused(kept: Path, open_app: Open, said: Any, status: int, word: str) -> None:
    answer = open_app(kept).post(f"{BASE_PATH}/corrections", json=said)
    assert (answer.status_code, word in answer.text) == (status, True)
    assert str(kept) not in answer.text
    assert not (kept / "mall/corrections.yaml").exists()


def test_a_run_that_another_program_works_at(root: Path, open_app: Open) -> None:
    from reidtrack.runs.lock import RunLock

    with RunLock(root / "mall"):
        said = open_app(root).post(f"{BASE_PATH}/corrections", json={"verb": "lock", "who": ["1"]})
    assert said.status_code == 409


@pytest.mark.parametrize("name", ["run.json", "identities.json", "calibration.json", "sightings.jsonl"])
def test_damaged_files_are_told_of(root: Path, open_app: Open, name: str) -> None:
    (root / "mall" / name).write_text('{"a": ' if name != "sightings.jsonl" else "[]\n[]\n")
    client = open_app(root)
    for place in ("", "/identities", "/review", "/sightings", "/tracklets", "/corrections"):
        assert client.get(BASE_PATH + place).status_code in (200, 422)
    said = client.get("/api/v1/runs")
    assert said.status_code == 200


def test_what_is_read_is_read_anew_when_it_changes(root: Path) -> None:
    library = RunLibrary(root)
    first = library.load("mall")
    assert library.load("mall") is first
    path = root / "mall" / "identities.json"
    path.write_text(path.read_text() + "\n")
    assert library.load("mall") is not first
