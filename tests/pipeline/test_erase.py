"""`reidtrack erase`: nothing of the person is left in the folder, a search does not find them, others stay."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from reidtrack.cli.main import main
from reidtrack.gallery.people import open_gallery
from reidtrack.runs.crops import list_crops
from reidtrack.runs.features import read_tracklets
from reidtrack.runs.identities import read_identities


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "run"))


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


Hit = tuple[str, int, float]


def hits(photo: Path, run: Path, reid: Path, capsys: pytest.CaptureFixture[str]) -> list[Hit]:
    """Camera, track and distance of the people of the run, the likest to a photo first."""
    capsys.readouterr()
    words = ["search", str(photo), str(run), "--reid", str(reid), "--device", "cpu", "--engine", "torch", "--json"]
    assert main(words) == 0
    found = json.loads(capsys.readouterr().out)["hits"]
    return [(hit["camera"], hit["track_id"], hit["distance"]) for hit in found]


def features(run: Path, tracks: set[tuple[str, int]]) -> np.ndarray:
    """Features of some tracks, a row each."""
    table = read_tracklets(run / "tracklets.npz")
    keys = zip(table.camera.tolist(), table.track_id.tolist(), strict=True)
    return table.feature[[(table.cameras[c], t) in tracks for c, t in keys]]


def test_nothing_of_the_person_is_left(
    run: Path, reid: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    people = tmp_path / "people.db"
    assert main(["name", str(run), "1", "Anna Nym"]) == 0
    assert main(["associate", str(run), "--gallery", str(people), "--quiet"]) == 0
    assert main(["evaluate", str(run), "--gt", *(f"{c}={run}/mot/{c}.txt" for c in ("left", "right"))]) == 0
    before = read_identities(run / "identities.json")
    (anna,) = (one for one in before if one.name == "Anna Nym")
    tracks = {(t.camera, t.logged_id) for t in anna.tracklets}
    boxes = sum((r["camera"], r["track_id"]) in tracks for r in lines(run / "tracks.jsonl"))
    photo = tmp_path / "anna.jpg"
    shutil.copy(next(c.path for c in list_crops(run / "crops") if (c.camera, c.track_id) in tracks), photo)
    frames = [(r["camera"], r["frame"]) for r in lines(run / "detections.jsonl")]
    detections = sum(len(r["xyxy"]) for r in lines(run / "detections.jsonl"))  # type: ignore[arg-type]
    own = features(run, tracks)
    (first, *others) = hits(photo, run, reid, capsys)
    assert first[:2] in tracks and first[2] < 0.01
    assert len(others) == len(before) - 1

    assert main(["erase", str(run), "Anna Nym", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)

    assert (told["boxes"], told["known"], set(told["recordings"])) == (boxes, True, set(anna.cameras))
    left = {(t.camera, t.logged_id) for one in read_identities(run / "identities.json") for t in one.tracklets}
    assert left == {(t.camera, t.logged_id) for one in before for t in one.tracklets} - tracks
    for log in ("tracks.jsonl", "sightings.jsonl"):
        assert not [r for r in lines(run / log) if (r["camera"], r["track_id"]) in tracks]
    assert [(r["camera"], r["frame"]) for r in lines(run / "detections.jsonl")] == frames
    assert sum(len(r["xyxy"]) for r in lines(run / "detections.jsonl")) == detections - told["detections"]  # type: ignore[arg-type]
    assert 0 < told["detections"] <= boxes
    assert not len(features(run, tracks))
    kept = features(run, left)
    assert len(own) and len(kept)
    assert not (own[:, None] == kept[None]).all(axis=2).any()  # nor do they go by another name
    assert not tracks & {(c.camera, c.track_id) for c in list_crops(run / "crops")}
    assert not [path for path in run.rglob("*") if path.is_file() and b"Anna Nym" in path.read_bytes()]
    assert not any((run / name).exists() for name in ("evaluation.json", "left.mp4", "right.mp4"))
    with open_gallery(people) as gallery:
        assert "Anna Nym" not in [one.name for one in gallery.people()]
        assert len(gallery.people()) == len(before) - 1
    assert hits(photo, run, reid, capsys) == others  # the nearest is now somebody else, as unlike as before


def test_who_is_not_there_is_not_erased(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (run / "tracks.jsonl").read_bytes()
    assert main(["erase", str(run), "77"]) == 2
    assert "77" in capsys.readouterr().err
    assert (run / "tracks.jsonl").read_bytes() == before


def test_tasks_of_an_archive_would_bring_the_person_back(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (run / "tracks.jsonl").read_bytes()
    (run / "tasks").mkdir()
    assert main(["erase", str(run), "1"]) == 2
    assert "bring them back" in capsys.readouterr().err
    assert (run / "tracks.jsonl").read_bytes() == before
    (run / "tasks").rmdir()
    assert main(["erase", str(run), "1", "--quiet"]) == 0


def test_a_folder_from_elsewhere_does_not_erase_from_any_gallery(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It may name whatever gallery, and whatever key in it."""
    own, other = tmp_path / "own.db", tmp_path / "other.db"
    assert main(["associate", str(run), "--gallery", str(own), "--quiet"]) == 0
    shutil.copy(own, other)
    with open_gallery(other) as gallery, gallery.writing():
        gallery._sql.execute("UPDATE source SET key = key || 'x'")  # which knows other runs alone
    text = (run / "run.json").read_text()
    assert str(own) in text
    (run / "run.json").write_text(text.replace(str(own), str(other)))
    before = (run / "tracks.jsonl").read_bytes()
    capsys.readouterr()
    assert main(["erase", str(run), "1"]) == 2
    assert "knows nothing of it" in capsys.readouterr().err
    assert (run / "tracks.jsonl").read_bytes() == before
    with open_gallery(own) as one, open_gallery(other) as two:
        assert len(one.people()) == len(two.people())


def test_a_second_time_after_a_kill(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed before identities were settled anew, it is asked for once more."""
    from reidtrack.pipeline import erase

    people = len(read_identities(run / "identities.json"))

    def kill(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(erase, "associate_again", kill)
        main(["erase", str(run), "1", "--quiet"])
    assert main(["erase", str(run), "1", "--quiet"]) == 0
    assert len(read_identities(run / "identities.json")) == people - 1
