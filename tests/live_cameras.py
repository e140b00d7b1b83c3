"""Cameras of tests: servers that can be killed and frozen, and somebody who watches a camera and notes what comes."""

from __future__ import annotations

import itertools
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from reidtrack.events import Event
from reidtrack.video.live import LiveSource
from reidtrack.video.retry import RetrySchedule
from reidtrack.video.wall_time import WallTime

SYSTEM_PYTHON = "/usr/bin/python3"
QUICK = RetrySchedule(steps=((1_000_000, 0.3),), jitter=0)
"""Of tests that do not ask when a camera is tried again."""
_HAS_BINDINGS = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"


def need_rtsp_server() -> None:
    """Skip the test where GStreamer's server is absent, but never in CI."""
    there = (
        Path(SYSTEM_PYTHON).exists()
        and not subprocess.run([SYSTEM_PYTHON, "-c", _HAS_BINDINGS], capture_output=True, timeout=60).returncode
    )
    if not there:
        message = "no RTSP server: apt-get install python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-ugly"
        if os.environ.get("REIDTRACK_REQUIRE_SHARED") == "1":
            pytest.fail(f"{message}; CI must not skip this")
        pytest.skip(message)


class RtspServer:
    """GStreamer's RTSP server in a process of its own: see `rtsp_server.py`."""

    def __init__(self, *arguments: object) -> None:
        script = str(Path(__file__).with_name("rtsp_server.py"))
        self._process = subprocess.Popen(
            [SYSTEM_PYTHON, script, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
        assert self._process.stdout is not None
        ports = json.loads(self._process.stdout.readline() or "{}")
        self.port, self.locked, self.tls = (ports.get(name, 0) for name in ("port", "locked", "tls"))

    def answers(self) -> bool:
        """Whether it still takes requests: GStreamer's own server hangs now and then under many viewers."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 3) as asked:
                asked.settimeout(3)
                asked.sendall(b"OPTIONS rtsp://127.0.0.1/live RTSP/1.0\r\nCSeq: 1\r\n\r\n")
                return asked.recv(4) == b"RTSP"
        except OSError:
            return False

    def say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(10)

    def freeze(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()


@dataclass
class Seen:
    """A frame, as far as tests ask."""

    index: int
    time_s: float
    size: tuple[int, int]
    late_s: float


@dataclass
class Sink:
    """Notes what a recorder would be given."""

    calls: list[tuple[Any, ...]] = field(default_factory=list)

    def begin(self, stream: Any, start_s: float) -> None:
        self.calls.append(("begin", start_s, stream.codec_context.name))

    def packet(self, packet: Any, time_s: float) -> None:
        self.calls.append(("packet", time_s, packet.is_keyframe))

    def end(self) -> None:
        self.calls.append(("end",))

    def kinds(self) -> str:
        """The calls as letters: b for begin, p for packets in a row, e for end."""
        letters = "".join(call[0][0] for call in self.calls)
        while "pp" in letters:
            letters = letters.replace("pp", "p")
        return letters


class Watcher:
    """Reads a live source in a thread, and keeps what comes."""

    def __init__(self, address: str, wall: WallTime, name: str = "cam", **options: Any) -> None:
        self.frames: list[Seen] = []
        self.events: list[Event] = []
        self.told_s: list[float] = []
        self.error: BaseException | None = None
        self.wall = wall
        self.sink = Sink()
        self.source = LiveSource(
            address, name, wall=wall, tell=self._tell, packets=self.sink, **{"retry": QUICK, **options}
        )
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _tell(self, event: Event) -> None:
        self.events.append(event)
        self.told_s.append(self.wall.now_s())

    def _run(self) -> None:
        try:
            for frame in self.source:
                late_s = self.wall.now_s() - frame.time_s
                self.frames.append(Seen(frame.index, frame.time_s, frame.size, late_s))
        except BaseException as error:
            self.error = error

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def told_at(self, event: Event) -> float:
        return self.told_s[self.events.index(event)]

    def until(self, true: Callable[[], object], timeout_s: float = 20.0) -> bool:
        """Wait until something is so; whether it came to be."""
        end_s = time.monotonic() + timeout_s
        while not true():
            if time.monotonic() > end_s or not self.thread.is_alive():
                return bool(true())
            time.sleep(0.02)
        return True

    def close(self) -> None:
        self.source.close()
        self.thread.join(5)
        assert not self.thread.is_alive()
        if self.error is not None:
            raise self.error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def advances(frames: list[Seen]) -> bool:
    """Whether numbers and times of frames only go up."""
    return all(b.index > a.index and b.time_s > a.time_s for a, b in itertools.pairwise(frames))
