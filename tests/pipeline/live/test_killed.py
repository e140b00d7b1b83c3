"""Live sessions that are killed at any moment: what they saw is on disk, and people have their numbers again."""

from __future__ import annotations

import random
from collections import defaultdict
from pathlib import Path

from live_child import KilledSession
from outputs import read_lines
from scene import Scene

from reidtrack.pipeline.live.settle import settle_live
from reidtrack.runs.event_log import read_events
from reidtrack.runs.live_folder import LiveFolder, LogSegment
from reidtrack.runtime.cancel import CancelToken
from reidtrack.runtime.progress import Silent

KILLS = 12
MOST_LOST_S = 1.0


def kept_now(folder: LiveFolder) -> bool:
    """Whether the session that is at work has given somebody a number that lasts."""
    events = list(read_events(folder.events))
    begun = [i for i, event in enumerate(events) if event["event"] == "started"]
    return any(e["event"] == "identity" and not e["provisional"] for e in events[begun[-1] if begun else 0 :])


def test_a_dozen_kills(scene: Scene, tmp_path: Path) -> None:
    """At most a second is lost each time, and no number of a frame, a track or a person is given again.

    Whether people have their own numbers again is measured with real weights (benchmarks/live_kills.py).
    """
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
    for number, piece in enumerate(folder.log_segments()):
        segment = LogSegment(piece.path)
        for row in read_lines(segment.detections):
            key = row["camera"], row["frame"]
            assert key not in frames
            frames.add(key)
        for row in read_lines(segment.tracks):
            sessions[row["camera"], row["track_id"]].add(number)
    assert all(len(numbers) == 1 for numbers in sessions.values())
    # Who was there before may have the number of then; whoever is new has one that nobody had.
    highest, known = 0, set[int]()
    for event in read_events(folder.events):
        number = event.get("into" if event["event"] == "split" else "identity", 0)
        if event["event"] in ("identity", "split") and number not in known:
            assert number > highest
            known.add(number)
        highest = max(highest, number)
    assert known
    told = list(read_events(folder.events))
    begun = [i for i, event in enumerate(told) if event["event"] == "started"]
    assert len(begun) == KILLS
    # What goes on when a session is killed is told to have ended by the next one, once.
    ended = [(e["camera"], e["track_id"]) for e in told if e["event"] == "tracklet_ended"]
    before = {(e["camera"], e["track_id"]) for e in told[: begun[-1]] if e["event"] == "tracklet_started"}
    assert len(ended) == len(set(ended))
    assert before <= set(ended)
    assert settle_live(folder.path, Silent(), CancelToken()).identities
