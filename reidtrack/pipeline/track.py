"""`reidtrack track`: the tracker alone, from a MOTChallenge detection file to a MOTChallenge track file."""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reidtrack.config.run import TrackConfig
from reidtrack.detect.surest import MOST_BOXES, surest
from reidtrack.errors import InputError, UsageError
from reidtrack.mot import MotRows, read_detections, write_mot
from reidtrack.track.columns import join
from reidtrack.track.finish import finish_tracks
from reidtrack.track.tracker import build_tracker
from reidtrack.types import Detections, DoubleArray, IntArray, Tracks

ASSUMED_FPS = 25.0
_MOST_FRAMES = 50_000_000
"""About three weeks at 25 frames per second: a higher number is a fault of the file, not a frame."""


@dataclass(frozen=True, slots=True)
class TrackSummary:
    """Counts of a tracked file, and the frame rate that was used.

    Attributes:
        frames: Number of frames, those without detections included.
        tracks: Number of tracks.
        boxes: Number of boxes of all tracks.
        fps: Frames per second that times were computed with.
        fps_source: Where the rate comes from: `given`, `seqinfo.ini` or `assumed`.
        left_out: Detections beyond `MOST_BOXES` in a frame, the least sure ones, that were left out.
    """

    frames: int
    tracks: int
    boxes: int
    fps: float
    fps_source: str
    left_out: int = 0


def track_file(detections: Path, out: Path, config: TrackConfig, fps: float | None = None) -> TrackSummary:
    """Track the people of a detection file.

    Args:
        detections: MOTChallenge `det.txt`.
        out: Track file to write, flag 1 in every row.
        config: The tracker's settings.
        fps: Frames per second; without it that of the sequence's `seqinfo.ini`, and 25 where there is none.

    Raises:
        UsageError: If `fps` is not above 0.
        InputError: If the detections cannot be read.
        OutputError: If the tracks cannot be written.
    """
    if fps is not None and not (0 < fps < np.inf):
        raise UsageError(f"got {fps:g}", field="fps", expected="a number above 0")
    rate, source = (fps, "given") if fps is not None else _recorded_rate(detections)
    found = read_detections(detections)
    last = max(found, default=-1)
    if last >= _MOST_FRAMES:
        raise InputError(f"goes up to frame {last + 1}", where=detections, expected=f"at most {_MOST_FRAMES}")
    frame = np.arange(last + 1)
    tracks = track_detections(found, frame, frame / rate, config)
    write_mot(out, MotRows.of(tracks.frame, tracks.track_id, tracks.xyxy, np.ones(len(tracks))))
    left_out = sum(max(0, len(boxes) - MOST_BOXES) for boxes in found.values())
    return TrackSummary(len(frame), len(np.unique(tracks.track_id)), len(tracks), rate, source, left_out)


def track_detections(
    found: Mapping[int, Detections], frame: IntArray, time_s: DoubleArray, config: TrackConfig
) -> Tracks:
    """Track the people of a whole recording.

    Args:
        found: 0-based frame to its detections; frames without any may be absent.
        frame: (F,) numbers of all frames, increasing.
        time_s: (F,) their times, seconds.
        config: The tracker's settings.

    Returns:
        All rows, sorted by frame and id.
    """
    tracker, nothing = build_tracker(**config.tracker_options()), Detections.empty()
    rows = [
        tracker.update(surest(found.get(number, nothing), MOST_BOXES), number, now)
        for number, now in zip(frame.tolist(), time_s.tolist(), strict=True)
    ]
    return finish_tracks(join(Tracks.empty(), *rows), frame, time_s, **finish_values(config))


def finish_values(config: TrackConfig) -> dict[str, Any]:
    """The keyword values of `finish_tracks`."""
    in_frames = config.time_unit == "frames"
    return {"fill_gap": config.fill_gap, "smooth": config.smooth, "in_frames": in_frames}


def _recorded_rate(detections: Path) -> tuple[float, str]:
    """Frame rate of the MOTChallenge sequence that a `SEQUENCE/det/det.txt` belongs to."""
    parser = configparser.ConfigParser()
    try:
        parser.read(detections.resolve().parent.parent / "seqinfo.ini", encoding="utf-8")
        rate = parser.getfloat("Sequence", "frameRate")
    except (configparser.Error, UnicodeDecodeError, ValueError):
        return ASSUMED_FPS, "assumed"
    return (rate, "seqinfo.ini") if 0 < rate < np.inf else (ASSUMED_FPS, "assumed")
