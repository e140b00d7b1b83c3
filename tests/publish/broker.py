"""A real MQTT broker (mosquitto, of Debian), started for a test and ended with it, and somebody who listens there."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PATIENCE_S = 20.0
"""How long a test waits for what takes a tenth of a second, before it fails."""


def program(name: str) -> str:
    """Path of a program; the test is skipped where there is none, but never in CI."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        if os.environ.get("REIDTRACK_REQUIRE_SHARED") == "1":
            pytest.fail(f"{name} is absent, and REIDTRACK_REQUIRE_SHARED=1 forbids skipping")
        pytest.skip(f"{name} is absent (apt-get install {name})")
    return found


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def eventually(true: Callable[[], object], what: str = "it") -> None:
    """Wait until something is true."""
    end = time.monotonic() + PATIENCE_S
    while not true():
        if time.monotonic() > end:
            pytest.fail(f"{what} did not come in {PATIENCE_S} s")
        time.sleep(0.02)


class Broker:
    """A broker on loopback that can be killed, frozen and started again on its port."""

    def __init__(self, folder: Path, settings: str = "allow_anonymous true\n", port: int | None = None) -> None:
        self._program, self._folder = program("mosquitto"), folder
        self.port = free_port() if port is None else port
        user = f"user {os.environ.get('USER', 'root')}\n" if os.geteuid() == 0 else ""
        (folder / "mosquitto.conf").write_text(f"{user}listener {self.port} 127.0.0.1\n{settings}")
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        log = (self._folder / "mosquitto.log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [self._program, "-c", str(self._folder / "mosquitto.conf")], stdout=log, stderr=log
            )
        eventually(self._listens, f"the broker ({(self._folder / 'mosquitto.log').read_text()})")

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()


class Listener:
    """Takes what is published under `#`, as (topic, text, retained)."""

    def __init__(self, port: int, user: str | None = None, password: str | None = None) -> None:
        client = pytest.importorskip("paho.mqtt.client")
        self._changed = threading.Condition()
        self.heard: list[tuple[str, str, bool]] = []
        self._client = client.Client(client.CallbackAPIVersion.VERSION2)
        if user is not None:
            self._client.username_pw_set(user, password)
        subscribed = threading.Event()
        self._client.on_connect = lambda c, *_: c.subscribe("#", qos=1)
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.on_message = self._hear
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert subscribed.wait(PATIENCE_S)

    def _hear(self, _client: Any, _data: Any, message: Any) -> None:
        self.heard.append((message.topic, message.payload.decode(), bool(message.retain)))

    def of(self, topic: str) -> list[str]:
        """Everything heard of a topic, in order."""
        return [text for found, text, _ in list(self.heard) if found == topic]

    def last(self, topic: str) -> str | None:
        found = self.of(topic)
        return found[-1] if found else None

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def listening(port: int, user: str | None = None, password: str | None = None) -> Iterator[Listener]:
    found = Listener(port, user, password)
    try:
        yield found
    finally:
        found.close()
