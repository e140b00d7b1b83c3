"""One reidtrack at a time in the folder of a run: two that write there would spoil each other's files (`flock`)."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from reidtrack.errors import UsageError

try:
    import fcntl
except ImportError:  # Windows, which locks no folders
    fcntl = None  # type: ignore[assignment]

_TAKEN = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES)


class RunLock:
    """Lock on the folder of a run while the context lasts, or until the process ends in whatever way.

    What is locked is the folder itself, so that nothing is left behind. Where it cannot be opened, or the file system
    knows no such locks, nobody is refused.

    Args:
        path: The folder; it need not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open: int | None = None

    def __enter__(self) -> Self:
        self.take()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._open is not None:
            os.close(self._open)
            self._open = None

    def take(self) -> None:
        """Take the folder if it is there; once it is ours, nothing happens.

        Raises:
            UsageError: If another process has it.
        """
        if fcntl is None or self._open is not None or not self._path.is_dir():
            return
        try:
            self._open = os.open(self._path, os.O_RDONLY)
        except OSError:  # one that may be written but not listed, say: what follows tells what is wrong, if anything
            return
        try:
            fcntl.flock(self._open, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in _TAKEN:
                os.close(self._open)
                self._open = None
                raise UsageError(
                    "another reidtrack is at work in it", where=self._path, hint="wait until it has ended"
                ) from error
