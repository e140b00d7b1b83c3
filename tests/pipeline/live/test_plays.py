"""A file that is looped: what is told where it begins again, and what nobody takes for one recording."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from live_child import request, small_networks
from scene import Scene

from reidtrack.associate.evidence import PairTerms
from reidtrack.config.live import LiveConfig
from reidtrack.config.load import load
from reidtrack.events import Event, StreamRestarted
from reidtrack.pipeline.live.people import LiveEvidence
from reidtrack.pipeline.live.plays import Plays
from reidtrack.pipeline.live.session import ReloadToken, live
from reidtrack.pipeline.live.show import LiveShow
from reidtrack.pipeline.run.reading import RunNetworks
from reidtrack.runs.live_folder import LiveFolder
from reidtrack.runs.logs import read_track_log
from reidtrack.runtime.cancel import CancelToken
from reidtrack.types import Tracklet


def test_which_play_a_moment_belongs_to() -> None:
    plays = Plays()
    assert plays.at(5.0) == 0
    for n in range(1, 10_001):
        plays.begin(14.0 * n)
    assert [plays.at(t) for t in (139_999.9, 140_000.0, 200_000.0)] == [9999, 10_000, 10_000]
    assert len(plays._begun[1]) <= 2000


def tracklet(camera: str, first_s: float) -> Tracklet:
    frame = np.arange(3)
    box = np.tile(np.array([0, 0, 10, 20], np.float32), (3, 1))
    none = np.zeros((0, 4), np.float32), np.zeros(0, np.int64), np.zeros(0, np.float32)
    return Tracklet(camera, 1, frame, first_s + frame / 10, box, np.ones(3, np.float32), *none)


def test_ways_and_times_hold_within_one_play(monkeypatch: pytest.MonkeyPatch) -> None:
    evidence = LiveEvidence([], load(LiveConfig))
    pairs = np.array([(a, b) for a in range(4) for b in range(a + 1, 4)])
    terms = PairTerms(pairs, np.array([-np.inf, 1.0, 2.0, 3.0, 4.0, 5.0]), {"travel_s": np.arange(6.0)})
    monkeypatch.setattr(evidence, "site", type("Judge", (), {"evidence": lambda *_: terms}))
    seen = [tracklet("hall", 10.0), tracklet("door", 13.9), tracklet("hall", 14.1), tracklet("yard", 15.0)]
    label, appearance = np.zeros(4, np.int64), np.zeros((4, 8))
    assert evidence(seen, label, appearance) is terms
    for camera in ("hall", "door"):
        evidence.note_restart(camera, 14.0)
    found = evidence(seen, label, appearance)
    assert found.pairs.tolist() == [[0, 1], [0, 3], [1, 3]]  # the yard is no file: it is in its first play
    assert found.log_odds.tolist() == [-np.inf, 2.0, 4.0]
    assert found.values["travel_s"].tolist() == [0.0, 2.0, 4.0]


class Seams(LiveShow):
    """Ends a session soon after every camera has begun again."""

    def __init__(self) -> None:
        self.cancel, self.told = CancelToken(), list[StreamRestarted]()

    def event(self, event: Event) -> None:
        if isinstance(event, StreamRestarted):
            self.told.append(event)
            if {one.camera for one in self.told} == {"left", "right"} and len(self.told) > 3:
                self.cancel.cancel()


def test_no_track_goes_over_from_one_play_to_the_next(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RunNetworks, "load", lambda config, detections: small_networks(scene, config))
    show, folder = Seams(), LiveFolder(tmp_path / "site")
    live(request(scene, folder.path, **{"stream.loop": True}), show, show.cancel, ReloadToken())
    tracks = [rows for part in folder.log_segments() for rows in read_track_log(part.path / "tracks.jsonl").items()]
    assert {camera for camera, _ in tracks} == {"left", "right"}
    for event in show.told:
        for camera, rows in tracks:
            if camera == event.camera:
                before, after = rows.track_id[rows.frame < event.frame], rows.track_id[rows.frame >= event.frame]
                assert not set(before.tolist()) & set(after.tolist())
