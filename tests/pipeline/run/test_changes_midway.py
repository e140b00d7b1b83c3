"""Whole runs over a transport stream that becomes another one midway: tracks begin anew, and nobody is lost."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from builders import even_times, write_video
from outputs import read_json, read_lines
from scene import SIZE, Shot, build_scene, draw, visible_boxes

from reidtrack.cli.main import main

_FPS, _FRAMES, _HALF = 25, 120, 60
PARTS: dict[str, tuple[dict[str, Any], str]] = {
    "another codec": ({"codec": "libx265"}, "becomes another one"),
    "pictures of another shape": ({"size": (160, 160)}, "scaled to the 224x160"),
}


def changing(path: Path, shot: Shot, second: dict[str, Any]) -> Path:
    """A recording of two halves, one after the other in one file."""
    images = [draw(0, shot, visible_boxes(0, shot, time_s)) for time_s in shot.times_s]
    halves = []
    for name, some, how in (("1", images[:_HALF], {}), ("2", images[_HALF:], second)):
        size = how.get("size", SIZE)
        fitted = [np.asarray(cv2.resize(image, size), np.uint8) for image in some]
        made = write_video(
            path.with_suffix(f".{name}.ts"),
            even_times(len(some), _FPS),
            size=size,
            images=fitted,
            codec=how.get("codec", "libx264"),
            fps=_FPS,
        )
        halves.append(made.read_bytes())
    path.write_bytes(b"".join(halves))
    return path


@pytest.mark.parametrize("case", PARTS)
def test_tracks_begin_anew_and_people_stay_who_they_are(
    case: str, tmp_path: Path, reid: Path, caplog: pytest.LogCaptureFixture
) -> None:
    second, said = PARTS[case]
    shot = Shot(even_times(_FRAMES, _FPS), walkers=(1, 3))
    scene = build_scene(tmp_path / "scene", reid, {"left": shot})
    scene.videos["left"] = changing(tmp_path / "left.ts", shot, second)
    with caplog.at_level(logging.WARNING):
        assert main(scene.arguments("--out", tmp_path / "run", "--quiet", "--no-video")) == 0
    assert caplog.text.count(said) == 1
    read = read_json(tmp_path / "run" / "run.json")["cameras"]["left"]["frames"]
    assert _FRAMES - 2 <= read <= _FRAMES  # FFmpeg drops a picture or two where the codec changes
    seen = [row for row in read_lines(tmp_path / "run" / "sightings.jsonl") if row["score"] > 0]
    anew = _HALF - (_FRAMES - read)
    sides: dict[int, set[bool]] = {}
    for row in seen:
        if not anew <= row["frame"] < _HALF:
            sides.setdefault(row["track_id"], set()).add(row["frame"] >= _HALF)
    assert all(len(side) == 1 for side in sides.values())  # no track goes on over the change
    assert len(sides) == 4
    assert {row["identity"] for row in seen} == {1, 2}
    for identity in (1, 2):
        frames = {row["frame"] for row in seen if row["identity"] == identity}
        assert len(frames) >= 0.9 * read
