"""Places on the disk that may be shown or read: folders that whoever started the program named, and no others."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from reidtrack.errors import InputError, UsageError
from reidtrack.video.naming import is_url

SUFFIXES = frozenset(
    {".mp4", ".mkv", ".mov", ".avi", ".m4v", ".webm", ".ts", ".mts", ".m2ts", ".mpg", ".mpeg", ".h264"}
)
"""Recordings that are listed."""
TRUTH_SUFFIXES = frozenset({".txt"})
"""Files that are listed as ground truth."""
MOST_LISTED = 5000


class AllowedFolders:
    """Folders whose recordings may be opened.

    Args:
        folders: They themselves; what lies below them too.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = [folder.resolve() for folder in folders]

    def find(self, source: str) -> Path:
        """The recording of a path, if it lies in one of the folders, links and `..` followed.

        Raises:
            UsageError: If it is an address, lies elsewhere, or is not there. Nothing is asked or opened.
        """
        refused = UsageError("is not among the recordings that may be read", where=source, field="sources")
        if is_url(source) or ":" in source.split("/")[0] or "\0" in source:  # `concat:`, `file:` and the like, too
            raise UsageError(
                "addresses are not read on a user's word", field="sources", expected="a path in an allowed folder"
            )
        try:
            path = Path(source).resolve(strict=True)
        except (OSError, RuntimeError):
            raise refused from None
        if not any(path.is_relative_to(folder) for folder in self._folders):
            raise refused
        return path

    def holds(self, source: str) -> Path | None:
        """The recording of a path that a run names; None where it may not be read or is not there."""
        try:
            return self.find(source)
        except UsageError:
            return None

    def recordings(self) -> Iterator[Path]:
        """Video files in the folders, sorted; links are not followed."""
        return self._files(SUFFIXES)

    def truth(self) -> Iterator[Path]:
        """Text files in the folders, sorted, that may be ground truth; links are not followed."""
        return self._files(TRUTH_SUFFIXES)

    def _files(self, suffixes: Collection[str]) -> Iterator[Path]:
        count = 0
        for folder in self._folders:
            for parent, below, names in os.walk(folder):
                below[:] = sorted(name for name in below if not name.startswith("."))
                for name in sorted(names):
                    path = Path(parent) / name
                    if path.suffix.lower() in suffixes and not path.is_symlink():
                        yield path
                        count += 1
                        if count >= MOST_LISTED:
                            return


def plain_file(path: Path) -> Path:
    """A file of a run that is to be sent.

    Raises:
        InputError: If it is not there, is a link, or no file.
    """
    if path.is_symlink() or not path.is_file():
        raise InputError("is not there")
    return path
