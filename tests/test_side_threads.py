"""A bug in a thread beside a live session: its owner knows it, waits for nothing of it, and ends in good order."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import pytest

from reidtrack.events import Notice
from reidtrack.publish import health
from reidtrack.publish.health import HealthPage
from reidtrack.publish.mqtt import MqttOutlet
from reidtrack.publish.mqtt_address import parse_mqtt
from reidtrack.publish.status import LiveStatus
from reidtrack.publish.webhook import WebhookOutlet, parse_webhook
from reidtrack.runs import event_log
from reidtrack.runs.event_log import EventLog
from reidtrack.video.kept_stream import KeptStream
from reidtrack.video.main_recorder import MainRecorder
from reidtrack.video.recording_disk import RecordingDisk
from reidtrack.video.recording_writer import NewFile, RecordingWriter
from reidtrack.video.remux import MP4
from reidtrack.video.wall_time import WallTime

ORIGIN = datetime(2026, 11, 1, tzinfo=UTC)
LINE = {"event": "notice", "time_s": 1.0}


class BugError(Exception):
    """Nobody reckoned with it."""


def fail(*_: object, **__: object) -> Any:
    raise BugError("nobody reckoned with it")


class Beside(Protocol):
    """What has a thread of its own."""

    @property
    def fault(self) -> BaseException | None: ...


def webhook(_: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Beside, Callable[[], object]]:
    monkeypatch.setattr(WebhookOutlet, "_deliver", fail)
    outlet = WebhookOutlet(parse_webhook("http://127.0.0.1:9/x"))
    outlet.send(LINE)
    return outlet, lambda: outlet.close(5.0)


def mqtt(_: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Beside, Callable[[], object]]:
    monkeypatch.setattr(MqttOutlet, "_ended", fail)
    outlet = MqttOutlet(parse_mqtt("mqtt://127.0.0.1:9/site"))
    with pytest.raises(BugError):
        outlet.wait(30.0)  # whoever waits for an answer is told that none comes
    return outlet, lambda: outlet.close(5.0)


def health_page(_: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Beside, Callable[[], object]]:
    monkeypatch.setattr(health._Server, "service_actions", fail)
    page = HealthPage("127.0.0.1", 0, LiveStatus)
    return page, page.close


def log_of_events(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Beside, Callable[[], object]]:
    monkeypatch.setattr(event_log, "SYNC_S", 0.001)
    monkeypatch.setattr(EventLog, "_keep_synced", fail)
    log = EventLog(folder / "events.jsonl", ORIGIN)
    log.append(Notice(time_s=1.0, subject="output", text="still told"))
    return log, log.close


def writer(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Beside, Callable[[], object]]:
    disk = RecordingDisk(folder, tell=lambda _: None, now_s=lambda: 0.0)
    monkeypatch.setattr(RecordingDisk, "check", fail)
    found = RecordingWriter(folder / "hall", disk)
    found.write(NewFile(ORIGIN, MP4), b"fragment")
    return found, found.close


def main_stream(_: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Beside, Callable[[], object]]:
    monkeypatch.setattr(KeptStream, "read", fail)
    recorder = MainRecorder(
        "rtsp://127.0.0.1:9/x",
        "hall",
        wall=WallTime(ORIGIN),
        tell=lambda _: None,
        packets=None,  # type: ignore[arg-type]
    )
    return recorder, recorder.close


@pytest.mark.parametrize("begin", [webhook, mqtt, health_page, log_of_events, writer, main_stream])
def test_it_is_said_kept_and_holds_up_nobody(
    begin: Callable[[Path, pytest.MonkeyPatch], tuple[Beside, Callable[[], object]]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    beside, close = begin(tmp_path, monkeypatch)
    until = time.monotonic() + 30
    while beside.fault is None and time.monotonic() < until:
        time.sleep(0.005)
    assert isinstance(beside.fault, BugError)
    assert "has ended: bug: BugError: nobody reckoned with it" in caplog.text
    close()
    assert isinstance(beside.fault, BugError)


def test_what_is_recorded_by_nobody_is_not_held_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found, close = writer(tmp_path, monkeypatch)
    assert isinstance(found, RecordingWriter)
    until = time.monotonic() + 30
    while found.has_room and time.monotonic() < until:
        time.sleep(0.005)
    assert not found.has_room
    close()
