"""What the page of a run takes from the files beside it."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reidtrack.pipeline.run.confirmed_links import mark_said
from reidtrack.pipeline.run.report import write_report
from reidtrack.runs.folder import RunFolder
from reidtrack.types import Identity, Link, Tracklet


def visit(camera: str, track_id: int) -> Tracklet:
    frame = np.arange(4, dtype=np.int64)
    boxes = np.tile(np.array([[0, 0, 4, 9]], np.float32), (4, 1))
    none = np.zeros(0, np.int64)
    scores, features = np.ones(4, np.float32), np.zeros((0, 0), np.float32)
    return Tracklet(camera, track_id, frame, frame / 2, boxes, scores, features, none, np.zeros(0, np.float32))


PEOPLE = [
    Identity(1, (visit("A", 1),), np.zeros(0, np.float32)),
    Identity(2, (visit("A", 2),), np.zeros(0, np.float32)),
]


def record(status: str = "done") -> dict[str, Any]:
    camera = {
        "frames": 4,
        "first_time_s": 0.0,
        "last_time_s": 1.5,
        "people": 2,
        "damaged_packets": 0,
        "skipped_crops": 0,
    }
    return {
        "status": status,
        "origin_utc": "2026-01-01T12:00:00+00:00",
        "origin_from": "--origin",
        "inputs": [{"camera": "A", "size": [64, 48]}],
        "cameras": {"A": camera},
        "config": {},
        "association": {},
        "timings_s": {},
    }


def page(folder: Path, status: str = "done") -> str:
    write_report(RunFolder(folder), record(status), PEOPLE)
    return (folder / "report.html").read_text(encoding="utf-8")


def test_a_run_without_them_has_a_page_too(tmp_path: Path) -> None:
    text = page(tmp_path)
    assert 'id="place"' not in text
    assert '"threshold":null' in text


def test_what_lies_beside_is_shown(tmp_path: Path) -> None:
    (tmp_path / "identities.json").write_text(json.dumps([{"id": 1, "person": {"key": "p7", "new": True}}, {"id": 2}]))
    (tmp_path / "mtmc.txt").write_text("".join(f"1 2 {f} 0 0 4 9 {f} {f}\n" for f in range(4)))
    (tmp_path / "site.json").write_text(
        json.dumps({"unit": "m", "cameras": {"A": {"clock_offset_s": 3.4, "homography": np.eye(3).tolist()}}})
    )
    sweep = [{"threshold": 0.7, "joined": [[1, 2]], "parted": []}]
    (tmp_path / "calibration.json").write_text(json.dumps({"threshold": 0.6, "sweep": sweep}))
    text = page(tmp_path)
    assert "new in the gallery as p7" in text
    assert text.count("<polyline") == 1 and 'data-v="v2-1"' in text
    assert "+3.40 s" in text
    assert '"near":[[1,2,0.7]]' in text


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
        pytest.param(None, [False, False, False], id="the file is gone"),
    ],
)
def test_links_that_a_person_vouched_for(tmp_path: Path, text: str | None, expected: list[bool]) -> None:
    if text is not None:
        (tmp_path / "corrections.yaml").write_text(text)
    said = record() | {"corrections": {"file": "corrections.yaml", "entries": 1}}
    (person,) = mark_said(RunFolder(tmp_path), said, [joined()])
    assert [link.decision == "must_link" for link in person.links] == expected
    write_report(RunFolder(tmp_path), said, [joined()])
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.count(">as you said<") == sum(expected)
    assert f'"said":{sum(expected)},' in page


def test_without_corrections_nobody_vouched(tmp_path: Path) -> None:
    (person,) = mark_said(RunFolder(tmp_path), record(), [joined()])
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
    settled = tmp_path / "identities.json"
    settled.write_text("[]")
    if video_age_s is not None:
        video = tmp_path / "A.mp4"
        video.write_bytes(b"")
        moment = settled.stat().st_mtime - video_age_s
        os.utime(video, (moment, moment))
    assert ("settled anew after the videos" in page(tmp_path, status)) is expected
