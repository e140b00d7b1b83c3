"""`--gallery`, `reidtrack enroll` and `reidtrack gallery`: identities that last over runs and days."""

from __future__ import annotations

import json
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from outputs import check_agreement, read_json, settled_bytes
from scene import CLOTHES, Scene

from reidtrack import clock
from reidtrack.cli.main import main
from reidtrack.pipeline.people import enroll as enroll_module
from reidtrack.runs.features import read_tracklets, write_tracklets
from reidtrack.types import Detections, Frame, ImageArray

CPU = ("--engine", "torch", "--device", "cpu")
LOOSE = ("--set", "gallery.threshold=0.5", "gallery.margin=0.02")
"""An untrained network tells the four walkers apart, but not by much."""


MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)


def dated(run: Path, origin: datetime) -> Path:
    record = read_json(run / "run.json") | {"origin_utc": origin.isoformat(), "origin_from": "--origin"}
    (run / "run.json").write_text(json.dumps(record))
    return run


@pytest.fixture
def monday(finished: Path, tmp_path: Path) -> Path:
    return dated(shutil.copytree(finished, tmp_path / "monday"), MONDAY)


@pytest.fixture
def tuesday(finished: Path, tmp_path: Path) -> Path:
    """The same people a day later."""
    return dated(shutil.copytree(finished, tmp_path / "tuesday"), TUESDAY)


@pytest.fixture
def people(tmp_path: Path) -> Path:
    return tmp_path / "people.db"


def associate(run: Path, people: Path, *words: object) -> list[dict[str, Any]]:
    arguments = ["associate", run, "--gallery", people, "--quiet", *LOOSE, *words]
    assert main([str(word) for word in arguments]) == 0
    entries: list[dict[str, Any]] = read_json(run / "identities.json")
    return entries


def listed(people: Path, capsys: pytest.CaptureFixture[str], *words: object) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert main(["gallery", str(people), *map(str, words), "--json"]) == 0
    entries: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return entries


def keys(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["person"]["key"] for entry in entries]


def test_people_are_new_once(monday: Path, tuesday: Path, people: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = associate(monday, people)
    assert [entry["person"]["new"] for entry in first] == [True] * 4
    assert len(set(keys(first))) == 4
    assert {(entry["person"]["distance"], entry["person"]["probability"]) for entry in first} == {(None, 1)}
    assert read_json(monday / "run.json")["config"]["gallery"]["path"] == str(people)
    second = associate(tuesday, people)
    assert [(e["person"]["key"], e["person"]["new"]) for e in second] == [(key, False) for key in keys(first)]
    assert all(entry["person"]["distance"] < 0.5 < entry["person"]["probability"] for entry in second)
    known = listed(people, capsys)
    assert [(k["runs"], k["cameras"]) for k in known] == [(2, ["left", "right"])] * 4
    assert {(k["first_utc"][:10], k["last_utc"][:10]) for k in known} == {("2026-11-23", "2026-11-24")}
    check_agreement(tuesday)


def test_the_same_run_again_changes_nothing(monday: Path, tuesday: Path, people: Path, tmp_path: Path) -> None:
    first = associate(monday, people)
    assert associate(monday, people) == first
    moved = Path(shutil.copytree(monday, tmp_path / "moved"))
    assert associate(moved, people) == first
    second = associate(tuesday, people)
    assert associate(tuesday, people) == second
    assert keys(associate(monday, people)) == keys(first)  # Tuesday knows them by now
    with sqlite3.connect(people) as connection:
        assert connection.execute("SELECT count(*) FROM person").fetchone()[0] == 4
        assert connection.execute("SELECT count(*) FROM source").fetchone()[0] == 2


def test_other_identities_keep_their_keys(monday: Path, people: Path) -> None:
    first = associate(monday, people)
    apart = ("associate.threshold=0.001", "associate.same_camera_threshold=0.001")
    second = associate(monday, people, "--set", *apart)
    assert len(second) == 8
    assert set(keys(first)) < set(keys(second))
    back = associate(monday, people, "--set", "associate.threshold=auto", "associate.same_camera_threshold=auto")
    assert len(back) == 4
    assert set(keys(back)) <= set(keys(second))


def test_names(monday: Path, tuesday: Path, people: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = associate(monday, people)
    listed(people, capsys, "--rename", keys(first)[1], "Ben")
    assert [entry.get("name") for entry in associate(tuesday, people)] == [None, "Ben", None, None]
    assert [entry.get("name") for entry in associate(monday, people)] == [None, "Ben", None, None]
    assert '"name":"Ben"' in (tuesday / "sightings.jsonl").read_text(encoding="utf-8")
    assert main(["name", str(tuesday), "1", "Anna", "--quiet"]) == 0  # a correction, which the gallery learns
    assert main(["name", str(tuesday), "2", "Benjamin", "--quiet"]) == 0  # the same person by another name
    assert [entry.get("name") for entry in read_json(tuesday / "identities.json")] == ["Anna", "Benjamin", None, None]
    assert {known["name"] for known in listed(people, capsys)} == {"Anna", "Ben", "Benjamin", None}
    assert [entry.get("name") for entry in associate(monday, people)] == ["Anna", "Ben", None, None]


def test_a_run_without_a_gallery_is_as_before(monday: Path, finished: Path, people: Path) -> None:
    associate(monday, people)
    assert main(["associate", str(monday), "--quiet", "--set", "gallery.path=null"]) == 0
    assert settled_bytes(monday) == settled_bytes(finished)


def test_a_run_and_its_gallery(scene: Scene, people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--no-video", "--quiet", "--gallery", people]
    assert main(scene.arguments("--out", tmp_path / "one", *words)) == 0
    assert [(k["runs"], k["cameras"]) for k in listed(people, capsys)] == [(1, ["left", "right"])] * 4
    assert main(scene.arguments("--out", tmp_path / "one", *words, "--resume")) == 0
    assert [k["runs"] for k in listed(people, capsys)] == [1] * 4  # the same run
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE songs (title TEXT)")
    for bad, code, said in ((other, 3, "something else"), (tmp_path / "no" / "p.db", 5, "folder that is not there")):
        assert main(scene.arguments("--out", tmp_path / "two", "--no-video", "--quiet", "--gallery", bad)) == code
        error = capsys.readouterr().err.splitlines()
        assert len(error) == 1
        assert said in error[0]
        assert not (tmp_path / "two").exists()  # told before anything is read


def test_a_run_that_embedded_nobody(monday: Path, tuesday: Path, people: Path) -> None:
    for run in (monday, tuesday):
        table = read_tracklets(run / "tracklets.npz")
        write_tracklets(run / "tracklets.npz", table.only([]))
        assert not any("person" in entry for entry in associate(run, people))
        write_tracklets(run / "tracklets.npz", table)
        assert all("person" in entry for entry in associate(run, people))


def test_features_of_other_weights(
    monday: Path, tuesday: Path, people: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    associate(monday, people)
    before = settled_bytes(tuesday)
    record = read_json(tuesday / "run.json")
    record["weights"]["reid"]["sha256"] = {"other.pth": "0123" * 16}
    (tuesday / "run.json").write_text(json.dumps(record))
    assert main(["associate", str(tuesday), "--gallery", str(people), "--quiet"]) == 4
    error = capsys.readouterr().err.splitlines()
    assert len(error) == 1
    assert "made by other re-ID weights" in error[0]
    assert settled_bytes(tuesday) == before


def walker(number: int) -> ImageArray:
    """Somebody in the clothes of a walker, from edge to edge."""
    image = np.empty((66, 22, 3), np.uint8)
    image[:36], image[36:] = CLOTHES[number]
    image[:12, 5:-5] = (140, 170, 210)
    return image


class Seen:
    """A detector that knows what it sees."""

    def __init__(self, *boxes: tuple[int, int, int, int]) -> None:
        self._found = Detections(np.array(boxes, np.float32).reshape(-1, 4), np.full(len(boxes), 0.9, np.float32))

    def detect(self, frames: list[Frame]) -> list[Detections]:
        return [self._found for _ in frames]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """Two walkers before a wall."""
    image = np.full((80, 120, 3), 120, np.uint8)
    image[5:71, 10:32], image[5:71, 70:92] = walker(0), walker(2)
    path = tmp_path / "photo.png"
    cv2.imwrite(str(path), image)
    return path


def enroll(name: str, photos: list[Path], people: Path, reid: Path, *words: object) -> int:
    arguments = ["enroll", name, *photos, "--gallery", people, "--reid", reid, *CPU, *words]
    return main([str(word) for word in arguments])


def see(monkeypatch: pytest.MonkeyPatch, *boxes: tuple[int, int, int, int]) -> None:
    monkeypatch.setattr(enroll_module, "make_detector", lambda *_: (Seen(*boxes), SimpleNamespace()))


LEFT, RIGHT = (10, 5, 32, 71), (70, 5, 92, 71)


def test_somebody_enrolled_is_recognised(
    monday: Path,
    people: Path,
    photo: Path,
    reid: Path,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    see(monkeypatch, LEFT, RIGHT)
    assert enroll("Rosa", [photo], people, reid, "--person", 1) == 0
    assert "people.db: Rosa has the key" in capsys.readouterr().out
    assert enroll("Gus", [photo], people, reid, "--box", *RIGHT, "--quiet") == 0
    assert enroll("Gus", [photo], people, reid, "--box", *RIGHT, "--quiet") == 0  # the same photo once
    known = listed(people, capsys)
    assert [(k["name"], k["photos"], k["runs"]) for k in known] == [("Gus", 1, 0), ("Rosa", 1, 0)]
    assert {k["last_utc"] for k in known} == {now.isoformat(timespec="seconds")}
    entries = associate(monday, people, "--set", "gallery.threshold=1.2")
    named = {entry["name"]: entry["person"] for entry in entries if "name" in entry}
    assert set(named) == {"Gus", "Rosa"}
    assert not any(person["new"] for person in named.values())


def test_somebody_who_was_seen_already(
    monday: Path,
    people: Path,
    photo: Path,
    reid: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    associate(monday, people)
    see(monkeypatch, LEFT)
    assert enroll("Rosa", [photo], people, reid, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["name"], told["runs"], told["faults"]) == ("Rosa", 0, [])
    assert set(told["alike"] or {"key", "distance"}) == {"key", "distance"}


@pytest.mark.parametrize(
    ("boxes", "photos", "words", "code", "said"),
    [
        pytest.param([], ["photo.png"], [], 3, "photo.png: nobody is found in it; give --box", id="nobody"),
        pytest.param([LEFT, RIGHT], ["photo.png"], [], 2, "shows 2 people (1: 10 5 32 71", id="several people"),
        pytest.param([], ["photo.png", "gone.png"], [], 3, "none of 2 photos can be used", id="several bad photos"),
        pytest.param([LEFT], ["photo.png", "b.png"], ["--person", "1"], 2, "are of one photo", id="whose person"),
        pytest.param([LEFT], ["photo.png"], ["--person", "1", "--box", "1", "2", "9", "9"], 2, "exclude", id="both"),
        pytest.param([LEFT], ["photo.png"], ["--gallery", "photo.png"], 3, "is not a gallery", id="no gallery"),
    ],
)
def test_enroll_errors(
    boxes: list[tuple[int, int, int, int]],
    photos: list[str],
    words: list[str],
    code: int,
    said: str,
    photo: Path,
    people: Path,
    reid: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(photo.parent)
    see(monkeypatch, *boxes)
    assert enroll("Rosa", [Path(p) for p in photos], people, reid, *words) == code
    error = capsys.readouterr().err.splitlines()
    assert len(error) == 1
    assert said in error[0]
    assert not people.exists()


def test_a_photo_among_others_that_fails(
    people: Path, photo: Path, reid: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    see(monkeypatch, LEFT)
    assert enroll("Rosa", [photo, photo.with_name("gone.png")], people, reid) == 3
    assert "gone.png" in capsys.readouterr().err
    assert [k["photos"] for k in listed(people, capsys)] == [1]


def test_search_in_a_gallery(
    monday: Path, people: Path, reid: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = {entry["person"]["key"]: entry for entry in associate(monday, people)}
    listed(people, capsys, "--rename", keys(list(entries.values()))[0], "Rosa")
    for identity in (1, 3):
        crop = sorted(monday.glob(f"crops/{identity}/*.jpg"))[0]
        words = ["search", crop, "--gallery", people, "--reid", reid, *CPU, "--json", "--top", 3]
        assert main([str(word) for word in words]) == 0
        hits = json.loads(capsys.readouterr().out)["hits"]
        assert len(hits) == 3
        best = entries[hits[0]["key"]]
        assert best["id"] == identity
        assert hits[0]["name"] == ("Rosa" if identity == 1 else None)
        assert hits[0]["source"] == {"kind": "run", "path": str(monday.resolve())}
        assert hits[0]["camera"] == crop.name.split("-")[0]
        assert Path(hits[0]["picture"]).parent.name == str(identity)
    table = [
        str(w) for w in ["search", crop, "--gallery", people, "--reid", reid, *CPU, "--picture", tmp_path / "a.png"]
    ]
    assert main(table) == 0
    assert keys([entries[hits[0]["key"]]])[0] in capsys.readouterr().out.splitlines()[1]


def test_search_with_other_weights(monday: Path, people: Path, reid: Path, capsys: pytest.CaptureFixture[str]) -> None:
    associate(monday, people)
    with sqlite3.connect(people) as connection:
        connection.execute("UPDATE meta SET value = '0123' WHERE key = 'sha256'")
    crop = sorted(monday.glob("crops/1/*.jpg"))[0]
    assert main([str(w) for w in ["search", crop, "--gallery", people, "--reid", reid, *CPU]]) == 4
    assert "made by other re-ID weights, sha256 0123" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        pytest.param(["--rename", "zoe", "Zoe"], 2, "nobody there has the key or name 'zoe'", id="nobody's key"),
        pytest.param(["--rename", "zoe", "a\x1b[31m"], 2, "'a\\x1b[31m' cannot be a name", id="no letters"),
        pytest.param(["--rename", "zoe", "7"], 2, "'7' cannot be a name", id="a number for a name"),
        pytest.param(["--keep-days", "0"], 2, "--keep-days: got 0", id="no time"),
        pytest.param(["--keep-days", "nan"], 2, "--keep-days: got nan", id="no number"),
        pytest.param(["--named-too"], 2, "needs --keep-days", id="half a wish"),
    ],
)
def test_gallery_errors(
    words: list[str], code: int, said: str, monday: Path, people: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    associate(monday, people)
    assert main(["gallery", str(people), *words]) == code
    error = capsys.readouterr().err.splitlines()
    assert len(error) == 1
    assert said in error[0]


def test_the_list(
    monday: Path, people: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = associate(monday, people)
    first, second, third, fourth = keys(entries)
    listed(people, capsys, "--rename", first, "Rosa")
    assert main(["gallery", str(people)]) == 0
    out = capsys.readouterr().out.splitlines()
    heads = "key name runs photos first seen last seen consent until cameras"
    assert out[0].split() == heads.split()
    assert out[1].split()[:3] == [first, "Rosa", "1"]
    assert out[-1].startswith("4 people, 1 with a name")
    assert len(listed(people, capsys, "--merge", second, third)) == 3
    assert len(listed(people, capsys, "--remove", fourth)) == 2
    monkeypatch.setattr(clock, "now", lambda: MONDAY + timedelta(days=10))
    assert len(listed(people, capsys, "--keep-days", "10")) == 2
    (rosa,) = listed(people, capsys, "--keep-days", "9.9")
    assert rosa["name"] == "Rosa"
    assert len(listed(people, capsys, "--keep-days", "10", "--named-too")) == 1
    assert listed(people, capsys, "--keep-days", "9.9", "--named-too") == []


@pytest.mark.parametrize(
    ("days", "settings", "expected"),
    [
        pytest.param(30, [], 8, id="never, unless told to"),
        pytest.param(30, ["gallery.keep_days=30"], 8, id="Monday is 30 days ago"),
        pytest.param(30.1, ["gallery.keep_days=30"], 4, id="more than 30 days"),
        pytest.param(31.1, ["gallery.keep_days=30"], 0, id="Tuesday as well"),
        pytest.param(30, ["gallery.most_people=6"], 6, id="too many"),
    ],
)
def test_a_gallery_forgets_by_itself(
    days: float,
    settings: list[str],
    expected: int,
    monday: Path,
    tuesday: Path,
    people: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    associate(monday, people)
    monkeypatch.setattr(clock, "now", lambda: MONDAY + timedelta(days=days))
    entries = associate(tuesday, people, "--set", "gallery.threshold=0", *settings)
    assert [entry["person"]["new"] for entry in entries if "person" in entry] == [True] * min(expected, 4)
    assert len(listed(people, capsys)) == expected


def test_days_of_somebody(monday: Path, people: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Noted, shown, taken away; a date that is none, or a last day that is over, changes nothing."""
    assert main(["associate", str(monday), "--gallery", str(people), "--quiet"]) == 0
    assert main(["gallery", str(people), "--json"]) == 0
    key = json.loads(capsys.readouterr().out)[0]["key"]
    days = ["--consent", key, "2020-02-29", "--until", key, "9998-12-31"]
    assert main(["gallery", str(people), *days]) == 0
    assert "9998-12-31" in capsys.readouterr().out
    assert main(["gallery", str(people), "--until", key, "", "--json"]) == 0
    (told,) = (one for one in json.loads(capsys.readouterr().out) if one["key"] == key)
    assert (told["consent"], told["until"]) == ("2020-02-29", None)
    for wrong in (["--consent", key, "20200229"], ["--until", key, "2020-01-01"]):
        assert main(["gallery", str(people), *wrong]) == 2
        assert wrong[0] in capsys.readouterr().err
