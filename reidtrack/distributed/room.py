"""Whether a disk has room for the results of more tasks."""

from __future__ import annotations

import shutil
from pathlib import Path

from reidtrack.errors import OutputError

LEAST_FREE_BYTES = 256 << 20
"""Kept free beside results: logs and outputs are written when all tasks are done."""
_GUESS_BYTES = 4 << 20
"""Of a result before any is known."""


class Room:
    """Tells whether another task may begin: its result and those under way must fit on the disk.

    Args:
        folder: Where results go.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._largest = folder, _GUESS_BYTES

    def note(self, path: Path) -> None:
        """A result was written: others may be as large."""
        if path.is_file():
            self._largest = max(self._largest, path.stat().st_size)

    def for_another(self, under_way: int) -> bool:
        """Whether there is room for one more.

        Args:
            under_way: Tasks whose results are still to come.

        Raises:
            OutputError: If there is not, and none is under way whose end could be waited for.
        """
        if self.free_bytes >= LEAST_FREE_BYTES + (under_way + 1) * self._largest:
            return True
        if under_way:
            return False
        free = f"{self.free_bytes / 1e6:,.0f} MB are free"
        raise OutputError(f"no room for another result ({free})", where=self._folder, hint="make room and run again")

    @property
    def free_bytes(self) -> int:
        """Space that is free."""
        return shutil.disk_usage(self._folder).free
