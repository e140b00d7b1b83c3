"""Keeps the process of the live cameras running, and passes on what it tells."""

from __future__ import annotations

import contextlib
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reidtrack.config.live import CameraSettings
from reidtrack.errors import EXIT_OK, ReidtrackError
from reidtrack.runtime.background import Faults, SideThread
from reidtrack.server.live.camera_list import WatchedCameras
from reidtrack.server.live.hub import LiveHub
from reidtrack.server.live.wire import read_messages

logger = logging.getLogger(__name__)

_COMMAND = (sys.executable, "-m", "reidtrack.server.live.child")
_SETTINGS = {"stream.loop": True}
"""What holds where the configuration says nothing else: a camera that is a file, for trying out, begins again."""
_AGAIN_S = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
"""How long after it has ended it is begun again, the first times and from then on."""
_END_S = 20.0
"""How long it has to end in good order."""


@dataclass(frozen=True)
class LivePlan:
    """What is watched.

    Attributes:
        cameras: The list.
        out: Folder that is written.
        config: Settings of `reidtrack live` as YAML; None takes the defaults.
        allow: Hosts and networks of cameras that may be added.
    """

    cameras: WatchedCameras
    out: Path
    config: Path | None = None
    allow: tuple[str, ...] = ()


class Overseer:
    """Runs the process from `start` to `close`, again whenever it ends.

    Args:
        plan: What is watched; None for nothing.
        hub: Told of everything.
        command: What is run; a test puts something quicker there.
    """

    def __init__(self, plan: LivePlan | None, hub: LiveHub, command: tuple[str, ...] | None = None) -> None:
        self.plan, self._hub, self._command = plan, hub, command or _COMMAND
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._jpeg: list[str] = []
        self._faults = Faults("live cameras")
        self._thread = SideThread(self._keep, "live")
        if plan is not None:
            hub.changed = self.want_jpeg

    @property
    def pid(self) -> int | None:
        """Of the process, while it runs."""
        with self._lock:
            return None if self._process is None else self._process.pid

    @property
    def fault(self) -> BaseException | None:
        """The first bug that was met; None where there was none."""
        return self._faults.first or self._thread.fault

    def start(self) -> None:
        """Begin, where something is to be watched."""
        if self.plan is not None:
            self._thread.start()

    def close(self) -> None:
        """End the process in good order."""
        self._ending.set()
        with self._lock:
            process = self._process
        if process is not None:
            with contextlib.suppress(OSError):  # which ends the session: its input has ended
                assert process.stdin is not None
                process.stdin.close()
            try:
                process.wait(_END_S)
            except subprocess.TimeoutExpired:
                process.kill()
        self._thread.join(_END_S)

    def want_jpeg(self, cameras: Collection[str]) -> None:
        """Have single pictures of some cameras made, and of no others."""
        with self._lock:
            if list(cameras) == self._jpeg:
                return
            self._jpeg = list(cameras)
        self._say({"do": "jpeg", "cameras": list(cameras)})

    def add(self, camera: CameraSettings | str) -> None:
        """Watch another camera, or by its name a configured one again.

        Raises:
            InputError: As `WatchedCameras.add`.
        """
        assert self.plan is not None
        self._reload(self.plan.cameras.add(camera))

    def remove(self, name: str) -> None:
        """Watch a camera no more.

        Raises:
            InputError: As `WatchedCameras.remove`.
        """
        assert self.plan is not None
        self._reload(self.plan.cameras.remove(name))

    def _reload(self, cameras: list[str]) -> None:
        self._hub.rename(cameras)
        self._say({"do": "reload"})

    def _say(self, words: dict[str, Any]) -> None:
        with self._lock:
            if self._process is None or self._process.stdin is None or self._ending.is_set():
                return
            with contextlib.suppress(OSError, ValueError):  # it has ended: the next is told anew
                self._process.stdin.write(json.dumps(words).encode() + b"\n")
                self._process.stdin.flush()

    def _keep(self) -> None:
        tries = 0
        while not self._ending.is_set():
            told = self._tried()
            tries = 0 if told else tries + 1
            self._ending.wait(_AGAIN_S[min(tries, len(_AGAIN_S) - 1)])

    def _tried(self) -> bool:
        """Run it until it ends; whether it watched anything. A bug here ends it, and it is begun again."""
        try:
            return self._once()
        except Exception as error:
            self._faults.note(error)
            with self._lock:
                process, self._process = self._process, None
            if process is not None:
                process.kill()
                process.communicate()
            self._hub.end("failed", f"a bug: {type(error).__name__}: {error}")
            return False

    def _once(self) -> bool:
        """Run it until it ends; whether it watched anything."""
        assert self.plan is not None
        try:
            self._hub.begin(self.plan.out.name, self.plan.cameras.write())
            process = self._begin()
        except (ReidtrackError, OSError) as error:
            self._fail(str(error))
            return False
        ran = False
        assert process.stdout is not None
        with process.stdout, contextlib.suppress(ValueError):
            for message in read_messages(process.stdout):
                self._hub.take(message)
                ran = ran or message.kind == "status"
        with self._lock:
            self._process = None
        if process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()
        code = process.wait()
        if code == EXIT_OK:
            self._hub.end("stopped")
        else:
            self._fail(self._hub.why or f"the process of the live cameras ended with {code}")
        return ran

    def _begin(self) -> subprocess.Popen[bytes]:
        assert self.plan is not None
        process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        config = None if self.plan.config is None else str(self.plan.config)
        asked = {
            "cameras_file": str(self.plan.cameras.list_file),
            "out": str(self.plan.out),
            "config": config,
            "settings": _SETTINGS if config is None else {},
        }
        assert process.stdin is not None
        process.stdin.write(json.dumps(asked).encode() + b"\n")
        with self._lock:
            process.stdin.write(json.dumps({"do": "jpeg", "cameras": self._jpeg}).encode() + b"\n")
            process.stdin.flush()
            self._process = process
        return process

    def _fail(self, why: str) -> None:
        if not self._ending.is_set():
            logger.warning("live cameras: %s", why)
        self._hub.end("failed", why)
