"""Whole live sessions, on recordings that are played in real time."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from live_child import request, small_networks
from outputs import read_json, read_lines
from scene import Scene

from reidtrack.cli.main import main
from reidtrack.config.live import CameraSettings, read_cameras
from reidtrack.errors import EXIT_BUG, InputError, OutputError, UsageError
from reidtrack.events import CameraDown, CameraUp, Event, Notice, TrackletStarted
from reidtrack.files import UNFINISHED
from reidtrack.pipeline.live.request import LiveRequest, cameras_of
from reidtrack.pipeline.live.session import LiveOutcome, ReloadToken, live
from reidtrack.pipeline.live.settle import settle_live
from reidtrack.pipeline.live.show import LiveShow
from reidtrack.pipeline.run.reading import RunNetworks
from reidtrack.publish.status import LiveStatus
from reidtrack.runs.event_log import read_events
from reidtrack.runs.live_folder import LiveFolder
from reidtrack.runtime.cancel import CancelToken
from reidtrack.runtime.progress import Silent
from reidtrack.video import recording_disk


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
def test_a_full_disk_ends_recording_alone(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line for all cameras; people are tracked as ever, and the exit code says it."""
    monkeypatch.setattr(recording_disk, "_disk_space", lambda folder: (0, 1 << 40))
    folder = LiveFolder(tmp_path / "site")
    videos = [str(scene.videos[camera]) for camera in ("left", "right")]
    words = ["--realtime", "--out", str(folder.path), "--reid", str(scene.reid), "--engine", "torch", "--quiet"]
    assert main(["live", "--videos", *videos, *words, "--set", "stream.catch_up=false"]) == OutputError.exit_code
    assert "the disk was full for a while" in capsys.readouterr().err
    (notice,) = [event for event in events(folder.path, "notice") if event["subject"] == "disk"]
    assert "recording stops, tracking goes on" in notice["text"]
    assert not any(folder.recordings(camera) for camera in folder.recorded_cameras())
    (sightings,) = folder.sightings_files()
    assert {row["camera"] for row in read_lines(sightings.path)} == {"left", "right"}


@pytest.mark.usefixtures("networks")
@pytest.mark.parametrize("debug", [False, True])
def test_a_bug_beside_the_work_is_the_exit_code_of_a_session_that_went_on(
    scene: Scene,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    debug: bool,
) -> None:
    def bug(disk: object) -> None:
        raise KeyError("nobody reckoned with it")

    monkeypatch.setattr(recording_disk.RecordingDisk, "check", bug)
    folder = LiveFolder(tmp_path / "site")
    words = ["live", "--videos", str(scene.videos["left"]), "--realtime", "--out", str(folder.path), "--quiet"]
    words += ["--reid", str(scene.reid), "--engine", "torch", "--set", "stream.catch_up=false"]
    if debug:
        with pytest.raises(KeyError, match="nobody reckoned"):
            main([*words, "--debug"])
    else:
        assert main(words) == EXIT_BUG
        said = capsys.readouterr().err.splitlines()
        assert said[-1] == "bug: KeyError: 'nobody reckoned with it'; run again with --debug and report it"
    assert caplog.text.count("record left has ended: bug: KeyError") == 1
    kinds = Counter(event["event"] for event in events(folder.path))
    assert kinds["stopped"] == 1
    assert kinds["tracklet_started"] == kinds["tracklet_ended"] > 0
    assert read_json(folder.run_json)["people"] > 0


def test_two_inputs_of_one_name_are_two_cameras(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has boxes, track ids and recordings of its own."""
    detections = {"cam": scene.detections["left"], "cam_2": scene.detections["right"]}
    named = replace(scene, detections=detections)
    monkeypatch.setattr(RunNetworks, "load", lambda config, detections: small_networks(named, config))
    paths = [tmp_path / folder / "cam.mp4" for folder in ("north", "south")]
    for path, video in zip(paths, ("left", "right"), strict=True):
        path.parent.mkdir()
        shutil.copy(scene.videos[video], path)
    folder = LiveFolder(tmp_path / "site")
    cameras = cameras_of([str(path) for path in paths], None, None)
    watch(replace(request(scene, folder.path, ("left",)), cameras=cameras))
    (file,) = folder.sightings_files()
    rows = [(row["camera"], row["frame"], row["track_id"]) for row in read_lines(file.path)]
    assert len(rows) == len(set(rows))
    assert {camera for camera, *_ in rows} == {"cam", "cam_2"}
    started = [(event["camera"], event["track_id"]) for event in events(folder.path, "tracklet_started")]
    assert len(started) == len(set(started))
    assert [len(folder.recordings(camera)) for camera in folder.recorded_cameras()] == [1, 1]


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


class ChangesTheList(LiveShow):
    """Changes the list of cameras once tracks have begun, step by step, and ends when all is so.

    Args:
        path: The list.
        lists: What it says next; after each, the cameras that come up.
    """

    def __init__(self, path: Path, lists: list[tuple[str, set[str]]]) -> None:
        self._path, self._lists = path, lists
        self._awaited: set[str] = set()
        self.cancel, self.reload = CancelToken(), ReloadToken()
        self.began = False

    def event(self, event: Event) -> None:
        if isinstance(event, CameraUp):
            self._awaited.discard(event.camera)
        self.began = self.began or isinstance(event, TrackletStarted)
        if isinstance(event, Notice) and "nothing is changed" in event.text:
            self._awaited.discard("a line")

    def status(self, status: LiveStatus) -> None:
        del status
        if not self.began or self._awaited or self.reload.wanted.is_set():
            return
        if not self._lists:
            self.cancel.cancel()
            return
        text, self._awaited = self._lists.pop(0)
        self._path.write_text(text, encoding="utf-8")
        self.reload.wanted.set()


def test_cameras_come_and_go_with_the_list(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Added, wrong, renamed and of another address: the one that stays as it is goes on."""
    right = scene.detections["right"]
    named = replace(scene, detections={**scene.detections, "door": right, "gate": right})
    monkeypatch.setattr(RunNetworks, "load", lambda config, detections: small_networks(named, config))

    def listed(**cameras: str) -> str:
        return "cameras:\n" + "".join(
            f"  - {{name: {name}, address: '{scene.videos[video]}'}}\n" for name, video in cameras.items()
        )

    path, out = tmp_path / "cameras.yaml", tmp_path / "site"
    steps = [
        (listed(left="left", door="right"), {"door"}),
        ("cameras: []\n", {"a line"}),
        (listed(left="left", gate="right"), {"gate"}),
        (listed(left="left", gate="left"), {"gate"}),
    ]
    show = ChangesTheList(path, steps)
    asked = replace(request(scene, out, ("left",), **{"stream.loop": True}), cameras_file=path)
    outcome = live(asked, show, show.cancel, show.reload)
    assert not outcome.unreadable
    told = Counter((event["event"], event["camera"]) for event in events(out, "camera_up", "camera_down"))
    assert told["camera_up", "left"] == told["camera_up", "door"] == 1
    assert told["camera_up", "gate"] == 2
    assert [e["camera"] for e in events(out, "camera_down") if e["reason"] == "removed"] == ["door"]
    manifest = read_json(out / "run.json")
    assert [entry["camera"] for entry in manifest["inputs"]] == ["left", "door", "gate"]
    assert set(outcome.status.down) == set()
    assert settle_live(out, Silent(), CancelToken()).identities


def test_the_list_opens_a_camera_anew_that_was_given_up(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its file, or its codec, was wrong; mended, and a hangup signal, and it is there."""
    named = replace(scene, detections={**scene.detections, "late": scene.detections["right"]})
    monkeypatch.setattr(RunNetworks, "load", lambda config, detections: small_networks(named, config))
    path, out, late = tmp_path / "cameras.yaml", tmp_path / "site", tmp_path / "late.mp4"
    cancel, reload, order = CancelToken(), ReloadToken(), list[str]()

    class Mends(LiveShow):
        def event(self, event: Event) -> None:
            if isinstance(event, CameraDown) and event.camera == "late" and event.retry_s is None and not order:
                order.append("down")
                shutil.copy(scene.videos["right"], late)
                reload.wanted.set()
            if isinstance(event, CameraUp) and event.camera == "late":
                order.append("up")
                cancel.cancel()

    entries = f"[{{name: left, address: '{scene.videos['left']}'}}, {{name: late, address: '{late}'}}]"
    path.write_text(f"cameras: {entries}\n", encoding="utf-8")
    asked = request(scene, out, ("left",), **{"stream.loop": True})
    live(replace(asked, cameras=read_cameras(path), cameras_file=path), Mends(), cancel, reload)
    assert order == ["down", "up"]
    assert Counter(e["camera"] for e in events(out, "camera_up")) == {"left": 1, "late": 1}


@pytest.mark.usefixtures("networks")
@pytest.mark.parametrize("good", [True, False], ids=["among good ones", "alone"])
def test_a_file_that_cannot_be_read_is_told_of_in_the_end(scene: Scene, tmp_path: Path, good: bool) -> None:
    out, letter = tmp_path / "site", tmp_path / "letter.mp4"
    letter.write_text("dear", encoding="utf-8")
    asked = request(scene, out, ("left",))
    broken = CameraSettings(name="broken", address=str(letter))
    outcome = watch(replace(asked, cameras=(*(asked.cameras if good else ()), broken)))
    assert outcome.ended_by_itself
    assert outcome.unreadable == ("broken",)
    if not good:
        with pytest.raises(InputError, match="holds no picture of live cameras"):
            settle_live(out, Silent(), CancelToken())


@pytest.mark.usefixtures("networks")
@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"PK\x05\x06" + bytes(18), b"dear"])
def test_who_was_who_that_cannot_be_read_is_one_line(scene: Scene, tmp_path: Path, data: bytes) -> None:
    out = tmp_path / "site"
    watch(replace(request(scene, out), cameras=(CameraSettings(name="gone", address=str(tmp_path)),)))
    (out / "identities.npz").write_bytes(data)
    with pytest.raises(InputError, match="who was who in the sessions before"):
        watch(request(scene, out))


@pytest.mark.usefixtures("networks")
@pytest.mark.parametrize("name", ["logs", "sightings", "recordings", "crops"])
def test_nothing_is_written_through_a_link(scene: Scene, tmp_path: Path, name: str) -> None:
    out, other = tmp_path / "site", tmp_path / "other"
    watch(replace(request(scene, out), cameras=(CameraSettings(name="gone", address=str(tmp_path)),)))
    other.mkdir()
    if (out / name).exists():
        (out / name).rename(out / f"former {name}")
    (out / name).symlink_to(other)
    with pytest.raises(OutputError, match="is a symbolic link"):
        watch(request(scene, out))
    assert not any(other.iterdir())


@pytest.mark.usefixtures("networks")
def test_a_session_that_was_killed_as_it_began_is_no_hindrance(scene: Scene, tmp_path: Path) -> None:
    out = tmp_path / "site"
    out.mkdir()
    (out / f".run.json{UNFINISHED}").write_text('{"reid', encoding="utf-8")
    watch(replace(request(scene, out), cameras=(CameraSettings(name="gone", address=str(tmp_path)),)))
    assert read_json(out / "run.json")["live"]
