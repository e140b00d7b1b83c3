"""What the page of a run shows of what was settled."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from reidtrack.associate.associate import associate
from reidtrack.corrections.parse import parse
from reidtrack.corrections.schema import Corrections
from reidtrack.pipeline.run.confirmed_links import mark_confirmed
from reidtrack.pipeline.run.report import RunReport
from reidtrack.pipeline.run.settle import Settled
from reidtrack.report.run.report_data import FloorPaths
from reidtrack.runs.folder import RunFolder
from reidtrack.runs.manifest import RunManifest
from reidtrack.runs.outputs import OutputContext
from reidtrack.types import Identity, Link, Tracklet


def visit(camera: str, track_id: int) -> Tracklet:
    frame = np.arange(4, dtype=np.int64)
    boxes = np.tile(np.array([[0, 0, 4, 9]], np.float32), (4, 1))
    none = np.zeros(0, np.int64)
    scores, features = np.ones(4, np.float32), np.zeros((0, 0), np.float32)
    return Tracklet(camera, track_id, frame, frame / 2, boxes, scores, features, none, np.zeros(0, np.float32))


NOTHING_SAID = Corrections("corrections.yaml")
PEOPLE = [
    Identity(1, (visit("A", 1),), np.zeros(0, np.float32)),
    Identity(2, (visit("A", 2),), np.zeros(0, np.float32)),
]


def manifest(status: str = "done") -> RunManifest:
    data = {
        "schema_version": 1,
        "status": status,
        "origin_utc": "2026-01-01T12:00:00+00:00",
        "origin_from": "--origin",
        "inputs": [{"camera": "A", "size": [64, 48]}],
        "part": {},
        "cameras": {"A": {"frames": 4, "first_time_s": 0.0, "last_time_s": 1.5, "people": 2}},
        "config": {},
        "timings_s": {},
    }
    return RunManifest.from_json(data, Path("run.json"))


def settled(identities: Sequence[Identity], floor_paths: FloorPaths | None = None, **known: Any) -> Settled:
    found = associate([t for one in identities for t in one])._replace(identities=list(identities))
    return Settled(found, OutputContext(["A"], ["A"], **known), floor_paths, recorded={})


def page(folder: Path, found: Settled, status: str = "done", corrections: Corrections = NOTHING_SAID) -> str:
    RunReport(RunFolder(folder), found, corrections).write(manifest(status))
    return (folder / "report.html").read_text(encoding="utf-8")


def test_a_run_without_them_has_a_page_too(tmp_path: Path) -> None:
    text = page(tmp_path, settled(PEOPLE))
    assert 'id="place"' not in text
    assert '"threshold":null' in text


def test_what_was_settled_is_shown(tmp_path: Path) -> None:
    found = settled(
        PEOPLE,
        FloorPaths(0.5, {("A", 2): np.array([[0.0, 0.0], [3.0, 3.0]])}),
        people={1: {"key": "p7", "name": None, "distance": None, "probability": 1.0, "new": True}},
        site={"unit": "m", "cameras": {"A": {"clock_offset_s": 3.4, "homography": np.eye(3).tolist()}}},
        calibration={"threshold": 0.6, "sweep": [{"threshold": 0.7, "joined": [[1, 2]], "parted": []}]},
    )
    text = page(tmp_path, found)
    assert "new in the gallery as p7" in text
    assert text.count("<polyline") == 1 and 'data-v="v2-1"' in text
    assert "+3.40 s" in text
    assert '"near":[[1,2,0.7]]' in text


def test_pictures_are_read_once_for_both_pages_of_a_run(tmp_path: Path) -> None:
    crop = tmp_path / "crops" / "1" / "A-1-0.jpg"
    crop.parent.mkdir(parents=True)
    assert cv2.imwrite(str(crop), np.full((40, 20, 3), 200, np.uint8))
    embedded = replace(
        visit("A", 1),
        features=np.ones((1, 1), np.float32),
        feature_frame=np.zeros(1, np.int64),
        feature_quality=np.ones(1, np.float32),
    )
    report = RunReport(RunFolder(tmp_path), settled([Identity(1, (embedded,), np.ones(1, np.float32))]), NOTHING_SAID)
    for _ in range(2):
        report.write(manifest())
        assert "data:image/jpeg" in (tmp_path / "report.html").read_text(encoding="utf-8")
        crop.unlink(missing_ok=True)


def joined() -> Identity:
    visits = (*(visit("A", n) for n in (1, 2, 3)), replace(visit("A", 9), split_from=4))
    links = tuple(Link(b.key, a.key, 0.5, 0.0, probability=0.1) for a, b in pairwise(visits))
    return Identity(1, visits, np.zeros(0, np.float32), links)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("- merge: [A 1, A 2]", [True, False, False], id="merged"),
        pytest.param("- merge: [A 1, A 3]\n- merge: [A 3, A 2]", [True, True, False], id="by way of another"),
        pytest.param("- lock: [A 1, A 2, A 3, A 4@1.0]", [True, True, True], id="locked, a part of a track"),
        pytest.param("- merge: [A 3, A 4@7.0]", [False, False, False], id="another part of it"),
        pytest.param("- apart: [A 1, A 77]", [False, False, False], id="nothing of the kind"),
    ],
)
def test_links_that_a_person_vouched_for(tmp_path: Path, text: str, expected: list[bool]) -> None:
    corrections = parse(text, "corrections.yaml")
    (person,) = mark_confirmed([joined()], corrections)
    assert [link.decision == "must_link" for link in person.links] == expected
    shown = page(tmp_path, settled([joined()]), corrections=corrections)
    assert shown.count(">as you said<") == sum(expected)
    assert f'"said":{sum(expected)},' in shown


def test_without_corrections_nobody_vouched() -> None:
    (person,) = mark_confirmed([joined()], NOTHING_SAID)
    assert {link.decision for link in person.links} == {"appearance"}


@pytest.mark.parametrize(
    ("video_age_s", "status", "expected"),
    [
        pytest.param(10, "done", True, id="rendered before identities were settled"),
        pytest.param(-10, "done", False, id="rendered after"),
        pytest.param(10, "rendering", False, id="about to be rendered"),
        pytest.param(None, "done", False, id="no videos"),
    ],
)
def test_older_videos_are_told_of(tmp_path: Path, video_age_s: float | None, status: str, expected: bool) -> None:
    outputs = tmp_path / "identities.json"
    outputs.write_text("[]")
    if video_age_s is not None:
        video = tmp_path / "A.mp4"
        video.write_bytes(b"")
        moment = outputs.stat().st_mtime - video_age_s
        os.utime(video, (moment, moment))
    assert ("settled anew after the videos" in page(tmp_path, settled(PEOPLE), status)) is expected
