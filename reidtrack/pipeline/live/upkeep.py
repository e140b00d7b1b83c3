"""What has to be done now and then beside the work: deleting what is too old, room on the disk, the manifest."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

from reidtrack.config.live import LiveConfig
from reidtrack.errors import OutputError
from reidtrack.events import Event
from reidtrack.pipeline.live.cameras import LiveCameras
from reidtrack.pipeline.live.logs import LiveLogs
from reidtrack.pipeline.live.store import LiveStore
from reidtrack.publish.status import LiveStatus
from reidtrack.runs.retention import Retention
from reidtrack.runtime.memory import give_back_free_memory
from reidtrack.video.wall_time import WallTime

_TIDY_EVERY_S = 60.0
_WRITE_EVERY_S = 10.0
_GIVE_BACK_EVERY_S = 3600.0


class Upkeep:
    """Done once a second in the thread of the figures.

    Args:
        store: Of the session.
        config: Every setting.
        logs: Open.
        cameras: Of the session.
        wall: Time of the folder.
        tell: Told of what was deleted.
    """

    def __init__(
        self,
        store: LiveStore,
        config: LiveConfig,
        logs: LiveLogs,
        cameras: LiveCameras,
        wall: WallTime,
        tell: Callable[[Event], None],
    ) -> None:
        self._store, self._logs, self._cameras, self._tell = store, logs, cameras, tell
        self._now_s, self._moment = wall.now_s, wall.moment
        record = config.record
        self._retention = Retention(store.folder, keep_s=record.keep_s, max_bytes=record.max_bytes)
        self._tidied_s = self._written_s = -float("inf")
        self._given_back_s = time.monotonic()
        self._recorded_bytes = 0

    def tick(self) -> None:
        """Do what is due."""
        now = time.monotonic()
        if now - self._tidied_s >= _TIDY_EVERY_S:
            self._tidied_s = now
            self._tidy()
        if now - self._written_s >= _WRITE_EVERY_S:
            self._written_s = now
            with contextlib.suppress(OutputError):  # a disk that is full: numbers are found in the logs again
                self._store.write()
        if now - self._given_back_s >= _GIVE_BACK_EVERY_S:
            self._given_back_s = now
            give_back_free_memory()

    def completed(self, status: LiveStatus) -> LiveStatus:
        """The status, with memory and disk."""
        written = sum(c.recorder.written_bytes for c in self._cameras.open.values() if c.recorder is not None)
        return replace(
            status,
            memory_bytes=_memory_bytes(),
            disk_free_bytes=_free_bytes(self._store.folder.path),
            recorded_bytes=self._recorded_bytes + written,
        )

    def _tidy(self) -> None:
        notice = self._retention.sweep(self._moment(self._now_s()), self._in_use).notice(self._now_s())
        if notice is not None:
            self._tell(notice)

    def _in_use(self) -> Collection[Path]:
        recorders = [camera.recorder for camera in self._cameras.open.values()]
        current = [recorder.current for recorder in recorders if recorder is not None]
        return [*self._logs.writing, *(path for path in current if path is not None)]


def _memory_bytes() -> int | None:
    """Memory the process takes, where the system says (Linux)."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return None


def _free_bytes(folder: Path) -> int | None:
    with contextlib.suppress(OSError):
        return shutil.disk_usage(folder).free
    return None
