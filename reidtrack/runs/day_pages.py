"""The folder `report/` of a run: pages of days, which are written, removed and refused together."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection
from itertools import takewhile
from pathlib import Path

from reidtrack.errors import OutputError
from reidtrack.files import refuse_link, remove_unfinished

DAY_PAGES = "report"
"""Name of the folder within that of the run."""
MOST_PAGES = 10_000
"""Of a day, counted: ten million visits."""
_NAME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:-[1-9][0-9]{0,5})?\.html")


def is_day_page(name: str) -> bool:
    """Whether a file is called as a page of a day is: `2026-11-29.html`, `2026-11-29-2.html`."""
    return _NAME.fullmatch(name) is not None


def pages_of_day(folder: Path, day: str) -> list[str]:
    """Names of a day's pages that are there, in their order.

    Args:
        folder: `report/` of the run.
        day: Such as `2026-11-29`.
    """
    names = [f"{day}.html", *(f"{day}-{page}.html" for page in range(2, MOST_PAGES))]
    return list(takewhile(lambda name: not folder.is_symlink() and (folder / name).is_file(), names))


def remove_day_pages(folder: Path, keep: Collection[str] = ()) -> None:
    """Remove pages of days, and the folder unless something else lies in it; a user's own files stay.

    Args:
        folder: `report/` of the run; it need not be there.
        keep: Names of pages that stay.

    Raises:
        OutputError: If they cannot be removed.
    """
    if folder.is_symlink() or not folder.is_dir():
        return
    try:
        for path in sorted(folder.iterdir()):
            if is_day_page(path.name) and path.name not in keep:
                remove_unfinished(path)
                path.unlink()
        remove_unfinished_pages(folder)
        if not any(folder.iterdir()):
            folder.rmdir()
    except OSError as error:
        raise OutputError("cannot be removed", where=error.filename or folder, hint=error.strerror) from error


def remove_unfinished_pages(folder: Path) -> None:
    """Remove pages that killed commands were writing: they show people."""
    if folder.is_symlink() or not folder.is_dir():
        return
    with contextlib.suppress(OSError):
        for entry in sorted(folder.iterdir()):
            name = entry.name.removeprefix(".").partition(".html")[0] + ".html"
            if entry.name.startswith(".") and is_day_page(name):
                remove_unfinished(folder / name)


def refuse_linked_pages(folder: Path) -> None:
    """Raise if the folder or a page in it is a symbolic link to somewhere else.

    Raises:
        OutputError: If one is.
    """
    refuse_link(folder)
    if folder.is_dir():
        for path in folder.iterdir():
            if is_day_page(path.name):
                refuse_link(path)
