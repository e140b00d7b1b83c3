"""What a run left in its folder, and whether its files say the same."""

from __future__ import annotations

import itertools
import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from reidtrack.mot import read_mot

SETTLED = ("tracks.jsonl", "sightings.jsonl", "identities.json", "detections.jsonl", "tracklets.npz", "mtmc.txt")
"""Files that two runs over the same input have in common, byte for byte."""


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Every record of a JSON Lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def read_json(path: Path) -> Any:
    """A JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def settled_bytes(folder: Path) -> dict[str, bytes]:
    """Name to content of the files in `SETTLED`, of `tracks/` and of `mot/`."""
    paths = [*(folder / name for name in SETTLED), *folder.glob("tracks/*.txt"), *folder.glob("mot/*.txt")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(paths)}


def listing(folder: Path) -> set[str]:
    """Every file below a folder, hidden ones too."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def count_frames(path: Path) -> int:
    """Frames of a video that decode, and none may be out of order in time."""
    import av

    with av.open(str(path)) as container:
        stamps = [frame.pts for frame in container.decode(video=0)]
    assert all(b > a for a, b in itertools.pairwise(stamps))
    return len(stamps)


def check_agreement(folder: Path, *, videos: bool = True) -> None:
    """Assert that the files of a finished run agree with each other."""
    record = read_json(folder / "run.json")
    names, cameras = [entry["camera"] for entry in record["inputs"]], list(record["cameras"])
    sightings, people = read_lines(folder / "sightings.jsonl"), read_json(folder / "identities.json")
    for lines in (sightings, read_lines(folder / "tracks.jsonl")):
        keys = [(line["time_s"], cameras.index(line["camera"]), line["track_id"]) for line in lines]
        assert keys == sorted(keys)
        assert not [key for key, times in Counter(keys).items() if times > 1]
    assert record["people"] == len(people)
    assert [person["id"] for person in people] == list(range(1, len(people) + 1))
    assert {line["identity"] for line in sightings} == {person["id"] for person in people}
    _check_tracklets(people, sightings)
    for camera in cameras:
        _check_camera(folder, camera, [line for line in sightings if line["camera"] == camera])
        seen = {line["identity"] for line in sightings if line["camera"] == camera}
        assert record["cameras"][camera]["people"] == len(seen)
        if videos:
            assert count_frames(folder / f"{camera}.mp4") == record["cameras"][camera]["frames"]
    _check_mtmc(folder / "mtmc.txt", sightings, names)
    assert not [name for name in listing(folder) if Path(name).name.startswith(".")]


def _check_tracklets(people: list[dict[str, Any]], sightings: list[dict[str, Any]]) -> None:
    boxes = defaultdict(list)
    for line in sightings:
        boxes[line["identity"], line["camera"], line["track_id"]].append((line["frame"], line["time_s"]))
    told = {}
    for person in people:
        for number, part in enumerate(person["tracklets"]):
            key = person["id"], part["camera"], part["track_id"]
            told[key] = part
            assert (part["link"] is None) == (number == 0)
            ends = (part["first_frame"], part["first_time_s"]), (part["last_frame"], part["last_time_s"])
            assert (part["frames"], *ends) == (len(boxes[key]), min(boxes[key]), max(boxes[key]))
        assert person["cameras"] == sorted({part["camera"] for part in person["tracklets"]})
        assert person["first_time_s"] == min(part["first_time_s"] for part in person["tracklets"])
        assert person["last_time_s"] == max(part["last_time_s"] for part in person["tracklets"])
    assert told.keys() == boxes.keys()


def _check_camera(folder: Path, camera: str, sightings: list[dict[str, Any]]) -> None:
    mot, tracks = read_mot(folder / "mot" / f"{camera}.txt"), read_mot(folder / "tracks" / f"{camera}.txt")
    for rows, name in ((mot, "identity"), (tracks, "track_id")):
        ids = list(zip(rows.frame.tolist(), rows.id.tolist(), strict=True))
        assert sorted(ids) == sorted((line["frame"], line[name]) for line in sightings)
        assert len(set(ids)) == len(ids), "one id at most once in a frame"
    boxes = {(line["frame"], line["identity"]): line["xyxy"] for line in sightings}
    for frame, number, xyxy in zip(mot.frame.tolist(), mot.id.tolist(), mot.xyxy, strict=True):
        np.testing.assert_allclose(xyxy, boxes[frame, number], atol=0.02)
    if sightings:
        first = (folder / "mot" / f"{camera}.txt").read_text().split(",", 1)[0]
        assert int(first) == 1 + min(line["frame"] for line in sightings), "frames are 1-based in MOTChallenge files"


def _check_mtmc(path: Path, sightings: list[dict[str, Any]], names: list[str]) -> None:
    lines = [line.split(" ") for line in path.read_text(encoding="utf-8").splitlines()]
    rows = [[int(cell) for cell in line[:7]] for line in lines]
    planned = {c for c, entry in read_json(path.parent / "site.json")["cameras"].items() if entry["homography"]}
    for line in lines:
        assert len(line) == 9
        assert names[int(line[0]) - 1] in planned or line[7:] == ["-1", "-1"]
    told = {(row[0], row[1], row[2]): row[3:7] for row in rows}
    assert len(told) == len(rows) == len(sightings)
    for line in sightings:  # cameras from 1 by place on the command line, frames from 0
        left, top, width, height = told[names.index(line["camera"]) + 1, line["identity"], line["frame"]]
        np.testing.assert_allclose([left, top, left + width, top + height], line["xyxy"], atol=0.51)
