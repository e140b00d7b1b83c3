"""`reidtrack merge`, `split`, `name`, `lock`, `ignore`, and `associate` with corrections, on a run."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from outputs import check_agreement, listing, read_json, read_lines, settled_bytes

from reidtrack import api
from reidtrack.cli.main import main
from reidtrack.errors import ConfigError


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished run: four walkers, each seen by both cameras."""
    return Path(shutil.copytree(finished, tmp_path / "run"))


def people(run: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read_json(run / "identities.json")
    return found


def keys(person: dict[str, Any]) -> list[tuple[str, int]]:
    return [(t["camera"], t["track_id"]) for t in person["tracklets"]]


def owner(run: Path, key: tuple[str, int]) -> dict[str, Any] | None:
    return next((person for person in people(run) if key in keys(person)), None)


def written(run: Path) -> list[str]:
    """The lines that count."""
    lines = (run / "corrections.yaml").read_text(encoding="utf-8").splitlines()
    return [line.partition("  #")[0] for line in lines if not line.startswith("#")]


def do(command: str, run: Path, *words: object) -> int:
    return main([command, str(run), *map(str, words), "--quiet"])


def test_split_then_merge(run: Path, finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (one, other), apart_id = keys(people(run)[0]), people(run)[0]["id"]
    assert do("split", run, apart_id) == 0
    assert written(run) == [f"- apart: [{other[0]} {other[1]}, {one[0]} {one[1]}]"]
    first, second = owner(run, one), owner(run, other)
    assert first is not None
    assert second is not None
    assert first["id"] != second["id"]
    check_agreement(run)
    assert read_json(run / "run.json")["corrections"]["entries"] == 1
    assert do("merge", run, first["id"], second["id"]) == 2  # it says the opposite
    error = capsys.readouterr().err
    assert "cannot be one person" in error
    assert "line 2 makes them two" in error
    assert len(error.splitlines()) == 1
    assert len(written(run)) == 1
    assert do("split", run, "--undo") == 0
    assert written(run) == []
    assert settled_bytes(run) == settled_bytes(finished)
    assert listing(run) == {*listing(finished), "corrections.yaml"}


def test_merge_by_number_by_name_and_by_tracklet(run: Path) -> None:
    """Nobody is to be merged with somebody beside them, so each camera's tracklet is first taken out of its person."""
    left = [key for person in people(run) for key in keys(person) if key[0] == "left"]
    assert do("ignore", run, f"right {keys(people(run)[0])[1][1]}") == 0
    rival = next(key for person in people(run) for key in keys(person) if key[0] == "right")
    assert do("split", run, *rival) == 0
    splits = 0
    while company := [key for key in keys(owner(run, left[0]) or {}) if key != left[0]]:
        assert do("split", run, *company[0]) == 0  # who looks next most alike may come in his place
        splits += 1
    alone = owner(run, left[0])
    assert alone is not None
    assert do("name", run, alone["id"], "Anna") == 0
    assert do("merge", run, "anna", f"{rival[0]} {rival[1]}") == 0
    found = owner(run, left[0])
    assert found is not None
    assert set(keys(found)) == {left[0], rival}
    assert found["name"] == "Anna"
    assert do("lock", run, "Anna") == 0
    assert len(written(run)) == 5 + splits
    check_agreement(run)


def test_a_name_is_everywhere_and_can_change(run: Path) -> None:
    number = people(run)[1]["id"]
    assert do("name", run, number, "Anna") == 0
    assert [(p["id"], p["name"]) for p in people(run) if "name" in p] == [(number, "Anna")]
    lines = read_lines(run / "sightings.jsonl")
    assert {line.get("name") for line in lines if line["identity"] == number} == {"Anna"}
    assert {line.get("name") for line in lines if line["identity"] != number} == {None}
    assert do("associate", run) == 0
    assert people(run)[1]["name"] == "Anna"
    assert do("name", run, "Anna", "Anna-Lena Müller") == 0
    assert len(written(run)) == 1
    assert people(run)[1]["name"] == "Anna-Lena Müller"


def test_split_at_a_time(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = keys(people(run)[0])[0]
    count = len(people(run))
    tracker = sorted((run / "tracks" / f"{key[0]}.txt").read_text().splitlines())
    assert main(["split", str(run), key[0], str(key[1]), "--at", "2"]) == 0
    told = capsys.readouterr().out
    assert f"corrections.yaml: + - {{split: {key[0]} {key[1]}, at_s: 2.0}}" in told
    assert re.search(rf"{key[0]} {key[1]} is ID \d+ now; {key[0]} {key[1]}@2 is ID \d+ now", told)
    assert len(people(run)) >= count
    parts = [(t, p["id"]) for p in people(run) for t in p["tracklets"] if t.get("split_from", t["track_id"]) == key[1]]
    parts = [(t, number) for t, number in parts if t["camera"] == key[0]]
    assert len({number for _, number in parts}) == 2
    ends = sorted((t["first_time_s"], t["last_time_s"]) for t, _ in parts)
    assert ends[0][1] < 2 <= ends[1][0]
    assert sorted((run / "tracks" / f"{key[0]}.txt").read_text().splitlines()) == tracker
    assert do("split", run, *key, "--at", "99") == 2
    error = capsys.readouterr().err
    assert "cannot be split at 99 s (expected a time after" in error
    part = next(t for t, _ in parts if "split_from" in t)
    assert do("ignore", run, f"{key[0]} {part['track_id']}") == 0  # written so that it is found again
    assert "@" in written(run)[-1]
    assert owner(run, (key[0], part["track_id"])) is None


def test_ignored_people_are_in_no_output(run: Path) -> None:
    gone = people(run)[0]
    assert do("ignore", run, gone["id"]) == 0
    assert not {key for person in people(run) for key in keys(person)} & set(keys(gone))
    boxes = {(line["camera"], line["track_id"]) for line in read_lines(run / "sightings.jsonl")}
    assert not boxes & set(keys(gone))
    check_agreement(run)
    assert read_json(run / "run.json")["people"] == len(people(run))
    assert do("ignore", run, "--undo") == 0
    assert len(people(run)) == 4


def test_written_now_settled_later(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = settled_bytes(run)
    assert do("name", run, 1, "Anna", "--no-associate") == 0
    assert settled_bytes(run) == before
    assert do("associate", run, "--corrections", run / ".." / run.name / "corrections.yaml") == 0
    assert people(run)[0]["name"] == "Anna"
    assert main(["name", str(run), "2", "Ben", "--no-associate", "--json"]) == 0
    change = json.loads(capsys.readouterr().out)["change"]
    assert change["removed"] == []
    assert change["added"][0].startswith("- {name: Ben")


def test_another_file(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.yaml"
    key = keys(people(run)[0])[0]
    file.write_text(f"- {{name: Anna, tracklet: {key[0]} {key[1]}}}\n")
    assert do("associate", run, "--corrections", file) == 0
    assert people(run)[0]["name"] == "Anna"
    assert do("name", run, 2, "Ben") == 2  # those numbers are not of the run's own file
    assert "were settled with" in capsys.readouterr().err
    assert do("associate", run) == 0
    assert "name" not in people(run)[0]
    file.write_text(f"- merge: [{key[0]} {key[1]}, {key[0]} 99]\n")
    before = settled_bytes(run)
    assert do("associate", run, "--corrections", file) == 2
    assert f"mine.yaml:1: there is no tracklet {key[0]} 99" in capsys.readouterr().err
    assert do("associate", run, "--corrections", tmp_path / "none.yaml") == 2
    assert "none.yaml: cannot be read" in capsys.readouterr().err
    assert settled_bytes(run) == before


def test_from_python(run: Path, tmp_path: Path) -> None:
    key = keys(people(run)[2])[0]
    file = tmp_path / "mine.yaml"
    file.write_text(f"- {{name: Anna, tracklet: {key[0]} {key[1]}}}\n")
    outcome = api.associate(run, corrections=file, settings={"associate.threshold": 0.0})
    assert [identity.name for identity in outcome.identities].count("Anna") == 1
    assert len(outcome.identities) == 8
    with pytest.raises(ConfigError):
        api.associate(run, settings={"track.max_age": 3})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["merge"], "merge needs somebody, or --undo", id="nobody"),
        pytest.param(["merge", "1", "--undo"], "and not both", id="both"),
        pytest.param(["merge", "1"], "nothing to merge", id="one"),
        pytest.param(["merge", "1", "1"], "nothing to merge", id="the same twice"),
        pytest.param(
            ["merge", "1", "9"], "there is no person 9 (expected a number from 1 to 4)", id="a number too high"
        ),
        pytest.param(["merge", "1", "left 77"], "there is no tracklet 'left 77'", id="no tracklet"),
        pytest.param(["merge", "1", "Ann"], "there is nobody 'Ann'", id="no name"),
        pytest.param(["merge", "1", "²"], "there is nobody '²'", id="a digit that is no number"),
        pytest.param(["merge", "1", "2"], "cannot be one person: both are in sight", id="two who stand side by side"),
        pytest.param(["split", "1", "--at", "2"], "1 has 2 tracklets", id="which of them"),
        pytest.param(["name", "1"], "no name", id="no name given"),
        pytest.param(["name", "1", "7"], "'7' cannot be a name", id="a number"),
        pytest.param(["lock", "--undo"], "no lock to take back", id="nothing to take back"),
    ],
)
def test_what_is_refused(
    run: Path, finished: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert do(words[0], run, *words[1:]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1
    assert listing(run) == listing(finished)
    assert settled_bytes(run) == settled_bytes(finished)


def test_a_new_run_there_puts_corrections_aside(run: Path) -> None:
    from reidtrack.runs.lock import RunLock
    from reidtrack.runs.prepare import make_folder

    assert do("name", run, 1, "Anna", "--no-associate") == 0
    text = (run / "corrections.yaml").read_text(encoding="utf-8")
    with RunLock(run) as lock:
        make_folder(run, lock, overwrite=True)
    assert listing(run) == {"corrections.old.yaml", "run.json"}
    assert read_json(run / "run.json")["status"] == "reading"
    assert (run / "corrections.old.yaml").read_text(encoding="utf-8") == text
    (run / "corrections.yaml").write_text("- lock: [left 1]\n", encoding="utf-8")
    with RunLock(run) as lock:
        make_folder(run, lock, overwrite=True)
    assert (run / "corrections.old.yaml").read_text(encoding="utf-8") == text
    assert (run / "corrections.old.2.yaml").is_file()
