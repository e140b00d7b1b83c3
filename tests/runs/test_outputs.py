"""Final outputs: every format says the same."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reidtrack.mot import read_mot
from reidtrack.runs.boxes import boxes_of_camera
from reidtrack.runs.outputs import (
    OUTPUTS,
    OutputContext,
    write_identities,
    write_mtmc,
    write_outputs,
    write_sightings,
)
from reidtrack.types import DoubleArray, FloatArray, Identity, Link, Tracklet


def visit(camera: str, track_id: int, first: int, count: int, left: float) -> Tracklet:
    frame = np.arange(first, first + count)
    box = np.array([left, 10.25, left + 20.5, 60], np.float32)
    features = np.zeros((0, 4), np.float32)
    nothing = np.zeros(0, np.int64)
    return Tracklet(
        camera,
        track_id,
        frame,
        frame / 4,
        np.tile(box, (count, 1)),
        np.full(count, 0.5, np.float32),
        features,
        nothing,
        np.zeros(0, np.float32),
    )


LOOK = np.array([1, 0, 0, 0], np.float32)
ONE = Identity(
    1,
    (visit("a", 1, 0, 3, 5), visit("b", 4, 2, 2, 100)),
    LOOK,
    (Link(("b", 4), ("a", 1), 0.25, 0.5, {"overlap": 0.125}, 0.9, runner_up=("a", 2)),),
)
TWO = Identity(2, (visit("a", 2, 1, 2, 50), replace(visit("a", 3, 8, 1, 50), split_from=2)), LOOK, ())
PEOPLE = [ONE, TWO]


def seen_by(*cameras: str) -> OutputContext:
    return OutputContext(cameras, cameras)


def test_identities(tmp_path: Path) -> None:
    write_identities(tmp_path / "i.json", PEOPLE, seen_by("a", "b"))
    data = json.loads((tmp_path / "i.json").read_text())
    assert [entry["id"] for entry in data] == [1, 2]
    assert data[0]["cameras"] == ["a", "b"]
    assert (data[0]["first_time_s"], data[0]["last_time_s"]) == (0.0, 0.75)
    first, second = data[0]["tracklets"]
    assert [part.get("split_from") for part in data[1]["tracklets"]] == [None, 2]
    assert first["link"] is None
    assert first["frames"] == 3
    assert (first["first_frame"], first["last_frame"]) == (0, 2)
    assert second["link"] == {
        "camera": "a",
        "track_id": 1,
        "distance": 0.25,
        "margin": 0.5,
        "runner_up": {"camera": "a", "track_id": 2},
        "probability": 0.9,
        "terms": {"overlap": 0.125},
    }


def test_a_link_without_a_runner_up_has_no_margin(tmp_path: Path) -> None:
    alone = replace(ONE, links=(replace(ONE.links[0], margin=float("inf"), probability=None, runner_up=None),))
    write_identities(tmp_path / "i.json", [alone], seen_by("a", "b"))
    link = json.loads((tmp_path / "i.json").read_text())[0]["tracklets"][1]["link"]
    assert link["margin"] is None
    assert link["runner_up"] is None
    assert link["probability"] is None


def test_sightings_are_sorted_by_time_camera_and_track(tmp_path: Path) -> None:
    write_sightings(tmp_path / "s.jsonl", PEOPLE, seen_by("b", "a"))
    rows = [json.loads(line) for line in (tmp_path / "s.jsonl").read_text().splitlines()]
    order = [(r["time_s"], r["camera"], r["track_id"], r["identity"]) for r in rows]
    assert order == [
        (0.0, "a", 1, 1),
        (0.25, "a", 1, 1),
        (0.25, "a", 2, 2),
        (0.5, "b", 4, 1),
        (0.5, "a", 1, 1),
        (0.5, "a", 2, 2),
        (0.75, "b", 4, 1),
        (2.0, "a", 3, 2),
    ]
    assert rows[0] == {
        "camera": "a",
        "frame": 0,
        "time_s": 0.0,
        "track_id": 1,
        "identity": 1,
        "xyxy": [5.0, 10.25, 25.5, 60.0],
        "score": 0.5,
    }


def test_mot_files_are_one_based_with_track_ids_and_identities(tmp_path: Path) -> None:
    write_outputs(tmp_path, PEOPLE, seen_by("a", "b", "empty"))
    assert (tmp_path / "mot/b.txt").read_text().splitlines()[0] == "3,1,100.00,10.25,20.50,49.75,1,-1,-1,-1"
    mot, tracks = read_mot(tmp_path / "mot/a.txt"), read_mot(tmp_path / "tracks/a.txt")
    assert mot.frame.tolist() == tracks.frame.tolist() == [0, 1, 1, 2, 2, 8]
    assert mot.id.tolist() == [1, 1, 2, 1, 2, 2]
    assert tracks.id.tolist() == [1, 1, 2, 1, 2, 2]  # the part that was cut off: as the tracker said
    assert (tmp_path / "mot/empty.txt").read_text() == ""


def test_mtmc(tmp_path: Path) -> None:
    write_mtmc(tmp_path / "m.txt", PEOPLE, seen_by("b", "a"))
    rows = (tmp_path / "m.txt").read_text().splitlines()
    assert rows[0] == "1 1 2 100 10 20 50 -1 -1"
    assert rows[2] == "2 1 0 5 10 21 50 -1 -1"
    assert len(rows) == 8


def test_boxes_stand_on_the_plan_where_one_is_known(tmp_path: Path) -> None:
    def locate(camera: str, xyxy: FloatArray) -> DoubleArray:
        return np.full((len(xyxy), 2), 1.25 if camera == "a" else np.nan)

    write_mtmc(tmp_path / "m.txt", PEOPLE, replace(seen_by("b", "a"), locate=locate))
    rows = [line.split() for line in (tmp_path / "m.txt").read_text().splitlines()]
    assert {(row[0], *row[7:]) for row in rows} == {("1", "-1", "-1"), ("2", "1.250", "1.250")}


def test_cameras_that_could_not_be_read_keep_their_number(tmp_path: Path) -> None:
    write_mtmc(tmp_path / "m.txt", PEOPLE, OutputContext(["a"], ["lost", "a"]))
    assert {line.split()[0] for line in (tmp_path / "m.txt").read_text().splitlines()} == {"2"}


def test_nobody_leaves_empty_files(tmp_path: Path) -> None:
    write_outputs(tmp_path, [], seen_by("a"))
    assert json.loads((tmp_path / "identities.json").read_text()) == []
    for name in ("sightings.jsonl", "mtmc.txt", "mot/a.txt", "tracks/a.txt"):
        assert (tmp_path / name).read_text() == ""
    assert len(boxes_of_camera([], "a").frame) == 0


def test_a_site_of_an_earlier_settling_goes_where_nothing_is_known_now(tmp_path: Path) -> None:
    write_outputs(tmp_path, [], replace(seen_by("a"), site={"unit": "m"}))
    assert json.loads((tmp_path / "site.json").read_text()) == {"unit": "m"}
    write_outputs(tmp_path, [], seen_by("a"))
    assert not (tmp_path / "site.json").exists()


def test_a_new_output_is_one_function_and_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write_counts(path: Path, identities: Sequence[Identity], context: OutputContext) -> None:
        counts = {camera: sum(camera in one.cameras for one in identities) for camera in context.cameras}
        path.write_text(json.dumps(counts))

    monkeypatch.setattr("reidtrack.runs.outputs.OUTPUTS", {**OUTPUTS, "counts.json": write_counts})
    write_outputs(tmp_path, PEOPLE, seen_by("a", "b"))
    assert json.loads((tmp_path / "counts.json").read_text()) == {"a": 2, "b": 1}
