"""Live sessions that are killed at any moment: what they saw is on disk, and people have their numbers again."""

from __future__ import annotations

import random
from collections import defaultdict
from pathlib import Path
from typing import Any

from live_child import KilledSession
from outputs import read_lines
from scene import SIZE, Scene

from reidtrack.pipeline.live.settle import settle_live
from reidtrack.runs.event_log import read_events
from reidtrack.runs.live_folder import LiveFolder, LogSegment
from reidtrack.runtime.cancel import CancelToken
from reidtrack.runtime.progress import Silent

KILLS = 12
MOST_LOST_S = 1.0


def walker_of(xyxy: list[float]) -> int:
    """Who it is, by the height at which the walker's lane lies."""
    return round((xyxy[3] / SIZE[1] - 0.5) / 0.11)


def newest_sightings(folder: LiveFolder) -> list[dict[str, Any]]:
    return [row for file in folder.sightings_files()[-1:] for row in read_lines(file.path)]


def test_a_dozen_kills(scene: Scene, tmp_path: Path) -> None:
    """At most a second is lost each time, no number of a frame or track comes twice, and nobody has two people's."""
    random.seed(5)
    folder = LiveFolder(tmp_path / "site")
    for number in range(KILLS):
        session, least = KilledSession(scene, folder.path), random.randrange(1, 40)

        def ready(session: KilledSession = session, least: int = least, number: int = number) -> bool:
            known = number % 4 > 0 or any(row["identity"] > 0 for row in newest_sightings(folder))
            return known and session.frames >= least

        seen = session.kill(ready)
        last = LogSegment(folder.log_segments()[-1].path)
        for camera, time_s in seen.items():
            logged = [row["time_s"] for row in read_lines(last.detections) if row["camera"] == camera]
            assert max(logged) >= time_s - MOST_LOST_S
    frames, owners = set(), defaultdict(set)
    track_of = defaultdict(set)
    for number, piece in enumerate(folder.log_segments()):
        segment = LogSegment(piece.path)
        for row in read_lines(segment.detections):
            key = row["camera"], row["frame"]
            assert key not in frames
            frames.add(key)
        for row in read_lines(segment.tracks):
            track_of[row["camera"], row["track_id"]].add(number)
    assert all(len(sessions) == 1 for sessions in track_of.values())
    for file in folder.sightings_files():
        for row in read_lines(file.path):
            if row["identity"] != -1:
                owners[row["identity"]].add(walker_of(row["xyxy"]))
    assert owners
    assert all(len(walkers) == 1 for walkers in owners.values()), owners
    assert len(owners) <= 6  # four walkers, and perhaps somebody of whom little was seen before a kill
    assert sum(event["event"] == "started" for event in read_events(folder.events)) == KILLS
    assert len(settle_live(folder.path, Silent(), CancelToken()).identities) == 4
