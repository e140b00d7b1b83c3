"""`events.jsonl`: nothing that was told is lost by a kill, and what a kill leaves is read and continued."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reidtrack.errors import InputError, OutputError
from reidtrack.events import CameraUp, HourCounted, Merged, TrackletStarted
from reidtrack.runs import event_log
from reidtrack.runs.event_log import EventLog, last_event, latest_hours, read_events

ORIGIN = datetime(2026, 11, 30, 9, tzinfo=UTC)


def started(number: int, time_s: float = 0.0) -> TrackletStarted:
    return TrackletStarted(time_s=time_s, camera="hall", track_id=number)


def numbers(path: Path) -> list[int]:
    return [event["track_id"] for event in read_events(path)]


def test_events_come_back_in_the_order_of_telling(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    heard: list[dict[str, Any]] = []
    log = EventLog(path, ORIGIN, heard.append)
    log.append(CameraUp(time_s=1.5, camera="hall", width=640, height=480, codec="h264"))
    log.append(Merged(time_s=0.25, from_=7, into=3))
    log.close()
    found = list(read_events(path))
    assert found == heard
    assert found[0] == {
        "event": "camera_up",
        "time": "2026-11-30T09:00:01.500Z",
        "time_s": 1.5,
        "camera": "hall",
        "width": 640,
        "height": 480,
        "codec": "h264",
    }
    assert (found[1]["from"], found[1]["into"]) == (7, 3)
    assert last_event(path) == found[1]


def test_each_event_is_on_disk_before_the_next(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "e.jsonl", ORIGIN)
    for number in range(3):
        log.append(started(number))
        assert numbers(log.path) == list(range(number + 1))
    log.close()
    log.close()


WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from reidtrack.events import TrackletStarted
from reidtrack.runs.event_log import EventLog
log = EventLog(Path(sys.argv[1]), datetime(2026, 11, 30, tzinfo=UTC))
for number in range(int(sys.argv[2]), 10**9):
    log.append(TrackletStarted(time_s=number / 100, camera="hall", track_id=number))
    print(number, flush=True)
"""


def test_a_kill_loses_nothing_that_was_told(tmp_path: Path) -> None:
    path, first = tmp_path / "e.jsonl", 0
    for kills in range(3):
        command = [sys.executable, "-c", WRITER, str(path), str(first)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            for _ in range(20 + 7 * kills):
                told = int(writer.stdout.readline())
            writer.send_signal(signal.SIGKILL)
            rest = writer.stdout.read().splitlines()
        told = int(rest[-1]) if rest and rest[-1].isdigit() and rest[-1] else told
        logged = numbers(path)
        assert logged == list(range(len(logged)))
        assert told in (logged[-1], logged[-1] - 1)  # killed between logging and saying so
        first = logged[-1] + 1


@pytest.mark.parametrize(
    ("tail", "kept"),
    [
        pytest.param(b"", 2, id="whole"),
        pytest.param(b'{"event":"tracklet_st', 2, id="a line cut short"),
        pytest.param(b"\0" * 5000, 2, id="zeros of a power cut"),
        pytest.param(b"\0" * 50 + b'"camera":"hall"}\n', 2, id="zeros and the end of a line"),
        pytest.param(b'{"event":"started","time_s":NaN}\n', 2, id="a time that is none"),
        pytest.param(b'{"event":"x","time_s":1,"track_id":2}', 2, id="a line without its end"),
        pytest.param(b'{"event":"x","time_s":1,"track_id":2}\n', 3, id="one more line"),
    ],
)
def test_what_a_kill_leaves_is_cut_and_continued(tmp_path: Path, tail: bytes, kept: int) -> None:
    path = tmp_path / "e.jsonl"
    log = EventLog(path, ORIGIN)
    log.append(started(0))
    log.append(started(1))
    log.close()
    path.write_bytes(path.read_bytes() + tail)
    again = EventLog(path, ORIGIN)
    again.append(started(9))
    again.close()
    assert numbers(path) == [*range(kept), 9]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"x" * (event_log._MOST_PART + 1), id="one long line"),
        pytest.param(b"some words\n" * 500_000, id="another text"),
    ],
)
def test_another_file_is_not_cut(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "e.jsonl"
    path.write_bytes(content)
    with pytest.raises(OutputError, match="it is no log of events"):
        EventLog(path, ORIGIN)
    assert path.read_bytes() == content


def test_a_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("kept")
    (tmp_path / "e.jsonl").symlink_to(tmp_path / "other")
    with pytest.raises(OutputError, match="symbolic link"):
        EventLog(tmp_path / "e.jsonl", ORIGIN)
    assert (tmp_path / "other").read_text() == "kept"


class Full:
    """A disk that takes some bytes and then no more, until it is emptied."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
        self.room = room
        whole = event_log._write_all

        def write(file: Any, data: bytes) -> None:
            part = data[: max(0, self.room)]
            self.room -= len(data)
            whole(file, part)
            if len(part) < len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(event_log, "_write_all", write)


def test_a_full_disk_holds_events_until_there_is_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "e.jsonl"
    log = EventLog(path, ORIGIN)
    disk = Full(monkeypatch, room=150)
    for number in range(5):
        log.append(started(number))
    assert log.error == os.strerror(errno.ENOSPC)
    assert numbers(path) == [0]
    assert path.read_bytes().endswith(b"\n")  # nothing of the line that did not fit
    disk.room = 10_000
    log.append(started(5))
    assert (log.error, log.lost, numbers(path)) == (None, 0, list(range(6)))
    log.close()


def test_events_that_a_full_disk_lost_are_told_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = EventLog(tmp_path / "e.jsonl", ORIGIN)
    monkeypatch.setattr(event_log, "MOST_HELD", 2)
    Full(monkeypatch, room=0)
    for number in range(5):
        log.append(started(number))
    assert log.lost == 3
    with pytest.raises(OutputError, match=r"lacks 5 events.*No space left"):
        log.close()


def test_threads_do_not_mix_their_lines(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "e.jsonl", ORIGIN)

    def tell(first: int) -> None:
        for number in range(first, first + 200):
            log.append(started(number))

    threads = [threading.Thread(target=tell, args=(1000 * n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close()
    found = numbers(log.path)
    assert sorted(found) == [1000 * n + k for n in range(4) for k in range(200)]


def test_reading_takes_a_stretch_and_kinds(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "e.jsonl", ORIGIN)
    for number in range(2000):
        log.append(started(number, time_s=float(number)))
    log.append(Merged(time_s=2000.0, from_=2, into=1))
    log.close()
    assert [e["track_id"] for e in read_events(log.path, from_s=1990.0, until_s=1993.0)] == [1990, 1991, 1992]
    assert [e["event"] for e in read_events(log.path, {"merge"})] == ["merge"]
    assert list(read_events(log.path, from_s=1e9)) == []
    assert list(read_events(tmp_path / "none.jsonl")) == []
    assert last_event(tmp_path / "none.jsonl") is None


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        pytest.param(b"{}\n", "e.jsonl: byte 0: holds a line that is no event", id="no kind"),
        pytest.param(
            b'{"event":"a","time_s":1}\nwords\n', "e.jsonl: byte 25: holds a line that is no event", id="words"
        ),
        pytest.param(b'{"event":"a","time_s":"1"}\n', "that is no event", id="a time in words"),
        pytest.param(b'{"event":"a","time_s":1e999}\n', "that is no event", id="a time without end"),
        pytest.param(b"[" * 100_000 + b"\n", "that is no event", id="deep"),
    ],
)
def test_lines_that_are_no_events(tmp_path: Path, content: bytes, wrong: str) -> None:
    path = tmp_path / "e.jsonl"
    path.write_bytes(content)
    with pytest.raises(InputError, match=wrong):
        list(read_events(path))


@pytest.mark.parametrize("from_s", [0.0, 5.0, 600.0, 4321.0, 8999.5, 9000.0])
def test_a_stretch_of_a_long_log_is_found_without_reading_the_rest(tmp_path: Path, from_s: float) -> None:
    """Also where some events are told later than others of their time."""
    path = tmp_path / "e.jsonl"
    times = [float(n) if n % 7 else max(0.0, n - 300.0) for n in range(9000)]
    path.write_text("".join(f'{{"event":"a","time_s":{t},"n":{n}}}\n' for n, t in enumerate(times)))
    found = [event["n"] for event in read_events(path, from_s=from_s)]
    assert found == [n for n, t in enumerate(times) if t >= from_s]


def test_a_line_without_end_is_not_read_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_log, "MOST_LINE_BYTES", 1000)
    path = tmp_path / "e.jsonl"
    path.write_bytes(b'{"event":"a","time_s":1,"x":"' + b"y" * 5000 + b'"}\n')
    with pytest.raises(InputError, match="that is no event"):
        list(read_events(path))
    with pytest.raises(InputError):
        last_event(path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "e.jsonl")
    with pytest.raises(InputError, match="it is a pipe"):
        list(read_events(tmp_path / "e.jsonl"))


def test_the_last_word_on_an_hour_holds(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "e.jsonl", ORIGIN)
    for people, place, hour in [
        ((1, 2), "door", "09"),
        ((3,), "aisle", "09"),
        ((1,), "door", "09"),
        ((), "door", "08"),
    ]:
        text = f"2026-11-30T{hour}:00:00Z"
        log.append(HourCounted(time_s=1.0, hour=text, place=place, people=len(people), identities=people))
    log.close()
    found = latest_hours(read_events(log.path))
    assert [(e["hour"][11:13], e["place"], e["people"]) for e in found] == [
        ("08", "door", 0),
        ("09", "aisle", 1),
        ("09", "door", 1),
    ]
    assert json.dumps(found)


def test_what_a_late_thread_tells_after_the_end_is_passed_over(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "e.jsonl", ORIGIN)
    log.append(started(1))
    log.close()
    assert log.append(started(2))["track_id"] == 2
    assert numbers(log.path) == [1]
