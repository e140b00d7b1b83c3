"""Whole live sessions, on recordings that are played in real time."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from live_child import request, small_networks
from outputs import read_json, read_lines
from scene import Scene

from reidtrack.errors import UsageError
from reidtrack.events import Event, TrackletStarted
from reidtrack.pipeline.live.request import LiveRequest
from reidtrack.pipeline.live.session import LiveOutcome, ReloadToken, live
from reidtrack.pipeline.live.settle import settle_live
from reidtrack.pipeline.live.show import LiveShow
from reidtrack.pipeline.run.reading import RunNetworks
from reidtrack.publish.status import LiveStatus
from reidtrack.runs.event_log import read_events
from reidtrack.runs.live_folder import LiveFolder
from reidtrack.runtime.cancel import CancelToken
from reidtrack.runtime.progress import Silent


@pytest.fixture
def networks(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Recorded detections, and a network small enough for a test."""
    monkeypatch.setattr(RunNetworks, "load", lambda config, detections: small_networks(scene, config))


def watch(asked: LiveRequest, show: LiveShow | None = None, cancel: CancelToken | None = None) -> LiveOutcome:
    return live(asked, show or LiveShow(), cancel or CancelToken(), ReloadToken())


def events(folder: Path, *kinds: str) -> list[dict[str, Any]]:
    return list(read_events(folder / "events.jsonl", set(kinds) or None))


class EndsWhenKnown(LiveShow):
    """Ends a session once somebody in the newest sightings has a number."""

    def __init__(self, folder: LiveFolder) -> None:
        self._folder = folder
        self.cancel = CancelToken()

    def status(self, status: LiveStatus) -> None:
        for file in self._folder.sightings_files()[-1:]:
            lines = file.path.read_text(encoding="utf-8").splitlines()[:-1]
            if any(json.loads(line)["identity"] > 0 for line in lines):
                self.cancel.cancel()


@pytest.mark.usefixtures("networks")
def test_files_end_by_themselves(scene: Scene, tmp_path: Path) -> None:
    out = tmp_path / "site"
    outcome = watch(request(scene, out))
    assert outcome.ended_by_itself
    assert not outcome.disk_was_full
    folder = LiveFolder(out)
    kinds = Counter(event["event"] for event in events(out))
    assert kinds["started"] == kinds["stopped"] == 1
    assert kinds["camera_up"] == kinds["camera_down"] == 2
    assert kinds["tracklet_started"] == kinds["tracklet_ended"] > 0
    assert [len(folder.recordings(camera)) for camera in ("left", "right")] == [1, 1]
    assert read_json(out / "run.json")["people"] == outcome.status.people_total


@pytest.mark.usefixtures("networks")
def test_a_session_and_the_next_one(scene: Scene, tmp_path: Path) -> None:
    """Identities while people are there; the next time numbers go on, and people have theirs again."""
    folder = LiveFolder(tmp_path / "site")
    asked = request(scene, folder.path, **{"stream.loop": True})
    show = EndsWhenKnown(folder)
    watch(asked, show, show.cancel)
    first = events(folder.path)
    given = [e for e in first if e["event"] == "identity"]
    started = [e for e in first if e["event"] == "tracklet_started"]
    assert {(e["camera"], e["track_id"]) for e in given} == {(e["camera"], e["track_id"]) for e in started}
    (sightings,) = folder.sightings_files()
    known = {row["identity"] for row in read_lines(sightings.path)} - {-1}
    assert set() < known <= {e["identity"] for e in given}
    before = read_json(folder.run_json)["live"]
    # The folder goes on.
    show = EndsWhenKnown(folder)
    watch(asked, show, show.cancel)
    later = events(folder.path)[len(first) :]
    started = [e for e in later if e["event"] == "tracklet_started"]
    assert all(e["track_id"] > before[e["camera"]]["last_track"] for e in started)
    frames = [row["frame"] for row in read_lines(folder.log_segments()[-1].path / "detections.jsonl")]
    assert min(frames) > max(numbers["last_frame"] for numbers in before.values())
    assert min(e["time_s"] for e in later) >= max(e["time_s"] for e in first)
    assert {e["identity"] for e in later if e["event"] == "identity"} & {e["identity"] for e in given}
    # Settled over the whole time, it is a run like any other.
    settled = settle_live(folder.path, Silent(), CancelToken())
    assert settled.identities
    assert (folder.path / "report.html").is_file()
    rows = sum(len(read_lines(file.path)) for file in folder.sightings_files())
    assert len(read_lines(folder.sightings)) >= rows


@pytest.mark.usefixtures("networks")
def test_it_ends_when_asked(scene: Scene, tmp_path: Path) -> None:
    cancel = CancelToken()

    class Ends(LiveShow):
        def event(self, event: Event) -> None:
            if isinstance(event, TrackletStarted):
                cancel.cancel()

    outcome = watch(request(scene, tmp_path / "site", **{"stream.loop": True}), Ends(), cancel)
    assert not outcome.ended_by_itself
    stopped = events(tmp_path / "site", "stopped")
    assert [event["reason"] for event in stopped] == ["asked to"]


@pytest.mark.usefixtures("networks")
def test_a_folder_of_something_else_is_refused(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(UsageError, match="is not the folder of live cameras"):
        watch(request(scene, tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]
