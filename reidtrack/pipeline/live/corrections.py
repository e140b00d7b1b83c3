"""`corrections.yaml` of live cameras: what it says of whole tracks holds as soon as it is changed."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

from reidtrack.associate.live.constraints import Said
from reidtrack.corrections.apply import read_corrections
from reidtrack.corrections.constraints import pairs_of
from reidtrack.errors import ReidtrackError


class CorrectionsFile:
    """A file of corrections that is read again and again.

    Args:
        path: The file, which need not be there.
        say: Told in a line what is wrong with it, once for each change.

    Attributes:
        path: As above.
        written_s: When it was changed last, seconds since 1970; None where it is not there.
    """

    def __init__(self, path: Path, say: Callable[[str], object]) -> None:
        self.path, self._say = path, say
        self.written_s: float | None = None

    def changed(self) -> Said | None:
        """What the file says, if it was changed since it was asked last; None too where something is wrong with it."""
        written_s = _written_s(self.path)
        if written_s == self.written_s:
            return None
        self.written_s = written_s
        if written_s is None:
            return Said()
        try:
            return Said(*pairs_of(read_corrections(self.path, wanted=True)))
        except ReidtrackError as error:
            self._say(str(error))
            return None


def _written_s(path: Path) -> float | None:
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_mtime if stat.S_ISREG(found.st_mode) else None
