"""Galleries of several machines as one: nothing lost, conflicts told, the originals as they were."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from gallery_writer import SIGNATURE, view

from reidtrack.cli.main import main
from reidtrack.errors import InputError, UsageError, WeightsError
from reidtrack.gallery.people import open_gallery
from reidtrack.gallery.store import Signature
from reidtrack.gallery.union import unite
from reidtrack.gallery.views import KnownPerson, Source, View


def seen(camera: str, track: int) -> View:
    return view(track, camera=camera, tracks=(track,))


def make(path: Path, runs: dict[str, list[tuple[str | None, View]]], signature: Signature = SIGNATURE) -> Path:
    """A gallery of runs, each with people who are new in it."""
    with open_gallery(path, signature, make=True) as gallery, gallery.writing():
        for run, people in runs.items():
            views = {gallery.add_person(name): [one] for name, one in people}
            gallery.add_views(Source(run, "run", f"/runs/{run}"), views)
    return path


def people(path: Path) -> list[KnownPerson]:
    with open_gallery(path) as gallery:
        return gallery.people()


def test_everybody_of_all_is_there_and_the_originals_stay(tmp_path: Path) -> None:
    north = make(tmp_path / "north.db", {"monday": [("Anna", seen("door", 1)), (None, seen("door", 2))]})
    south = make(tmp_path / "south.db", {"tuesday": [("Ben", seen("hall", 1))], "friday": [(None, seen("hall", 1))]})
    with open_gallery(south) as gallery, gallery.writing():
        gallery.set_dates("Ben", consent="2026-01-01", until="2099-01-01")
    before = [path.read_bytes() for path in (north, south)]
    keys = {known.key for path in (north, south) for known in people(path)}
    done = unite([north, south], tmp_path / "all.db")
    assert (done.people, done.joined, done.remarks) == (4, 0, [])
    found = people(tmp_path / "all.db")
    assert {known.key for known in found} == keys
    assert [(known.name, known.until) for known in found[:2]] == [("Anna", None), ("Ben", "2099-01-01")]
    assert [path.read_bytes() for path in (north, south)] == before
    assert stat.S_IMODE((tmp_path / "all.db").stat().st_mode) == 0o600
    assert {path.name for path in tmp_path.iterdir()} <= {"north.db", "south.db", "all.db"}
    with open_gallery(tmp_path / "all.db", SIGNATURE) as gallery:
        assert sum(len(block.view) for block in gallery.blocks()) == 4


def test_two_of_one_name_stay_two(tmp_path: Path) -> None:
    days = ("monday", "tuesday", "friday")
    paths = [make(tmp_path / f"{run}.db", {run: [("Anna", seen("door", 1))]}) for run in days]
    done = unite(paths, tmp_path / "all.db")
    assert {known.name for known in people(tmp_path / "all.db")} == {"Anna", "Anna 2", "Anna 3"}
    assert len(done.remarks) == 2
    assert "two are called Anna" in done.remarks[0]


def test_a_run_that_both_know_counts_once_and_its_people_are_one(tmp_path: Path) -> None:
    """Each machine has given the people of one run keys of its own."""
    monday = [(None, seen("door", 1)), (None, seen("door", 2))]
    north = make(tmp_path / "north.db", {"monday": monday})
    south = make(tmp_path / "south.db", {"monday": [(None, seen("door", 2)), ("Anna", seen("door", 1))]})
    with open_gallery(south) as gallery, gallery.writing():  # Anna was seen again there
        number = gallery.find_name("Anna")
        assert number is not None
        gallery.add_views(Source("friday", "run", "/runs/friday"), {number: [seen("hall", 5)]})
    done = unite([north, south], tmp_path / "all.db")
    assert (done.people, done.joined) == (2, 2)
    assert "1 of its runs and photos were there already" in done.remarks[-1]
    anna = people(tmp_path / "all.db")[0]
    assert (anna.name, anna.runs, anna.cameras) == ("Anna", 2, ("door", "hall"))
    assert anna.key in {known.key for known in people(north)}


def test_whom_only_one_has_of_a_run_that_both_know_is_there(tmp_path: Path) -> None:
    north = make(tmp_path / "north.db", {"monday": [(None, seen("door", 1))]})
    south = make(tmp_path / "south.db", {"monday": [(None, seen("door", 1)), (None, seen("hall", 7))]})
    assert unite([north, south], tmp_path / "all.db")[:2] == (2, 1)
    with open_gallery(tmp_path / "all.db") as gallery:
        assert [len(block.view) for block in gallery.blocks()] == [2]


def test_a_photo_that_both_know_is_of_one(tmp_path: Path) -> None:
    paths = []
    for name in ("north", "south"):
        with open_gallery(tmp_path / f"{name}.db", SIGNATURE, make=True) as gallery, gallery.writing():
            photo = view(3, camera="photo", tracks=())
            gallery.add_views(Source("sha", "photo", f"/{name}.jpg"), {gallery.add_person("Anna"): [photo]})
        paths.append(tmp_path / f"{name}.db")
    assert unite(paths, tmp_path / "all.db")[:2] == (1, 1)


def test_names_that_differ_are_told(tmp_path: Path) -> None:
    north = make(tmp_path / "north.db", {"monday": [("Anna", seen("door", 1))]})
    south = make(tmp_path / "south.db", {"monday": [("Anne", seen("door", 1))]})
    done = unite([north, south], tmp_path / "all.db")
    assert [known.name for known in people(tmp_path / "all.db")] == ["Anna"]
    assert any("Anne" in line and "Anna" in line for line in done.remarks)


def test_one_key_of_two_people(tmp_path: Path) -> None:
    """Of files that have nothing in common, equal keys are chance."""
    paths = [make(tmp_path / f"{run}.db", {run: [(None, seen("door", 1))]}) for run in ("monday", "tuesday")]
    for path in paths:
        with open_gallery(path) as gallery, gallery.writing():
            gallery._sql.execute("UPDATE person SET key = '0000abcd'")
    done = unite(paths, tmp_path / "all.db")
    keys = {known.key for known in people(tmp_path / "all.db")}
    assert len(keys) == 2
    assert "0000abcd" in keys
    assert any("0000abcd was somebody else's" in line for line in done.remarks)


def test_what_cannot_be_merged(tmp_path: Path) -> None:
    north = make(tmp_path / "north.db", {"monday": [(None, seen("door", 1))]})
    other = make(tmp_path / "other.db", {"tuesday": [(None, seen("door", 1))]}, Signature("1" * 64, "otherwise"))
    (tmp_path / "text.db").write_text("no gallery")
    out = tmp_path / "all.db"
    for paths, error in (
        ([north, other], WeightsError),
        ([north, north], UsageError),
        ([north, tmp_path / "none.db"], InputError),
        ([north, tmp_path / "text.db"], InputError),
        ([tmp_path / "text.db", north], InputError),
    ):
        with pytest.raises(error):
            unite(paths, out)
        assert not out.exists()
    out.write_text("mine")
    with pytest.raises(UsageError, match="is there already"):
        unite([north, other], out)
    assert out.read_text() == "mine"


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [str(make(tmp_path / f"{run}.db", {run: [(None, seen("door", 1))]})) for run in ("monday", "tuesday")]
    assert main(["db", "merge", *paths, "--out", str(tmp_path / "all.db"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["people"] == 2
    assert main(["db", "merge", paths[0], "--out", str(tmp_path / "b.db")]) == 2
