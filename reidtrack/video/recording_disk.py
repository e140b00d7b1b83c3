"""The disk that cameras are recorded on: whether there is room, and one line for all of them when there is not."""

from __future__ import annotations

import contextlib
import errno
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from reidtrack.events import Event, Notice

_RESERVE_BYTES = 256 << 20
_RESERVE_SHARE = 0.05


class RecordingDisk:
    """The disk that all cameras of a folder are recorded on: whether there is room, and who is told when not.

    Recording leaves some of it free: what goes on, logs and events, needs little, and for long.

    Args:
        folder: Somewhere on it; it need not be there yet.
        tell: Takes events; called by the threads that write.
        now_s: The present time, seconds since the origin of the folder.
        reserve_bytes: What is left free; None takes 256 MiB, or a twentieth of a small disk.
        retry_s: Recording is tried again after so long.
        free: Free and all bytes of the disk, for tests.

    Attributes:
        was_full: Whether recording ever stopped because of the disk: the program's exit code is 5 then.
    """

    def __init__(
        self,
        folder: Path,
        *,
        tell: Callable[[Event], None],
        now_s: Callable[[], float],
        reserve_bytes: int | None = None,
        retry_s: float = 10.0,
        free: Callable[[Path], tuple[int, int]] | None = None,
    ) -> None:
        self._folder, self._tell, self._now_s = folder, tell, now_s
        self._reserve_bytes, self._retry_s = reserve_bytes, retry_s
        self._free = free or _disk_space
        self._lock = threading.Lock()
        self._full_since_s: float | None = None
        self._tried_s = 0.0
        self.was_full = False

    @property
    def full(self) -> bool:
        """Whether recording is stopped because of the disk."""
        return self._full_since_s is not None

    def try_again(self) -> None:
        """Where recording is stopped: find out, not too often, whether there is room; called by the writing threads."""
        with self._lock:
            if self._full_since_s is None or self._now_s() - self._tried_s < self._retry_s:
                return
            self._tried_s = self._now_s()
            if self._room() < 2:
                return
            away_s, self._full_since_s = self._tried_s - self._full_since_s, None
        self._say(f"there is room on the disk again: recording goes on after {away_s:.0f} s", away_s=away_s)

    def check(self) -> None:
        """Make sure that more than the reserve is free.

        Raises:
            OSError: If it is not.
        """
        if self._room() < 1:
            raise OSError(errno.ENOSPC, "little space is left, which is kept for logs")

    def fail(self, error: OSError) -> None:
        """A write has failed: no more of them, and one line for all cameras together."""
        with self._lock:
            self._tried_s = self._now_s()
            if self._full_since_s is not None:
                return
            self._full_since_s, self.was_full = self._tried_s, True
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            left = f"{self._free(self._folder)[0] / 1e6:.0f} MB are left, which logs and events need"
            what, todo = f"the disk is full ({left})", f"free some space in {self._folder}, or keep less"
        else:
            what, todo = f"{self._folder} cannot be written ({error.strerror})", "check the disk"
        self._say(f"{what}: recording stops, tracking goes on; {todo}", free_bytes=self._free(self._folder)[0])

    def _room(self) -> float:
        """Free space in reserves: below 1 nothing is recorded, from 2 on it is begun again."""
        free, whole = self._free(self._folder)
        reserve = min(_RESERVE_BYTES, whole * _RESERVE_SHARE) if self._reserve_bytes is None else self._reserve_bytes
        return free / reserve if reserve > 0 else 2.0 if free > 0 else 0.0

    def _say(self, text: str, **figures: float) -> None:
        self._tell(Notice(time_s=self._now_s(), subject="disk", text=text, figures=figures))


def _disk_space(folder: Path) -> tuple[int, int]:
    """Free and all bytes of the disk that holds a folder, or will."""
    for place in (folder, *folder.parents):
        with contextlib.suppress(FileNotFoundError):
            usage = shutil.disk_usage(place)
            return usage.free, usage.total
    return 0, 0
