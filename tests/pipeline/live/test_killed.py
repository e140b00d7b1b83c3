"""Live sessions that are killed at any moment: what they saw is on disk, and people have their numbers again."""

from __future__ import annotations

import random
from collections import defaultdict
from pathlib import Path

from live_child import KilledSession
from outputs import read_lines
from scene import SIZE, Scene

from reidtrack.pipeline.live.compare import live_numbers
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


def kept_now(folder: LiveFolder) -> bool:
    """Whether the session that is at work has given somebody a number that lasts."""
    events = list(read_events(folder.events))
    begun = [i for i, event in enumerate(events) if event["event"] == "started"]
    return any(e["event"] == "identity" and not e["provisional"] for e in events[begun[-1] if begun else 0 :])


def test_a_dozen_kills(scene: Scene, tmp_path: Path) -> None:
    """At most a second is lost each time, no number of a frame or track comes twice, and nobody has two people's."""
    random.seed(5)
    folder = LiveFolder(tmp_path / "site")
    for number in range(KILLS):
        session, least = KilledSession(scene, folder.path), random.randrange(1, 40)

        def ready(session: KilledSession = session, least: int = least, number: int = number) -> bool:
            known = number % 4 > 0 or kept_now(folder)
            return known and session.frames >= least

        seen = session.kill(ready)
        last = LogSegment(folder.log_segments()[-1].path)
        for camera, time_s in seen.items():
            logged = [row["time_s"] for row in read_lines(last.detections) if row["camera"] == camera]
            assert max(logged) >= time_s - MOST_LOST_S
    frames: set[tuple[str, int]] = set()
    sessions: dict[tuple[str, int], set[int]] = defaultdict(set)
    walkers: dict[tuple[str, int], set[int]] = defaultdict(set)
    for number, piece in enumerate(folder.log_segments()):
        segment = LogSegment(piece.path)
        for row in read_lines(segment.detections):
            key = row["camera"], row["frame"]
            assert key not in frames
            frames.add(key)
        for row in read_lines(segment.tracks):
            sessions[row["camera"], row["track_id"]].add(number)
            walkers[row["camera"], row["track_id"]].add(walker_of(row["xyxy"]))
    assert all(len(numbers) == 1 for numbers in sessions.values())
    # Whose number was kept has it alone; what is provisional may still be wrong.
    events = list(read_events(folder.events))
    kept = {(e["camera"], e["track_id"]) for e in events if e["event"] == "identity" and not e["provisional"]}
    owners: dict[int, set[int]] = defaultdict(set)
    for key, number in live_numbers(events).items():
        if key in kept and len(walkers[key]) == 1:  # where the recording begins again, a track may change over
            owners[number] |= walkers[key]
    assert owners
    assert all(len(people) == 1 for people in owners.values()), owners
    assert sum(event["event"] == "started" for event in events) == KILLS
    assert settle_live(folder.path, Silent(), CancelToken()).identities
