"""A real Redis server (redis-server, of Debian), started for a test and ended with it."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from publish.broker import eventually, free_port, program


class RedisServer:
    """A server on loopback, without a disk, that can be killed and started again on its port.

    Args:
        folder: Where its log goes.
        settings: Further words of its command line.
    """

    def __init__(self, folder: Path, settings: Sequence[str] = ()) -> None:
        self._redis = pytest.importorskip("redis")
        self._program, self._folder, self._settings = program("redis-server"), folder, settings
        self.port = free_port()
        self.address = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        command = [self._program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", *self._settings]
        with (self._folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen([*command, "--dir", str(self._folder)], stdout=log, stderr=log)
        eventually(self._listens, f"the server ({(self._folder / 'redis.log').read_text()})")

    def client(self, **options: Any) -> Any:
        return self._redis.Redis(port=self.port, protocol=2, **options)

    def end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
