"""Writing a file whole or not at all, and never through a link to somewhere else."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from reidtrack.errors import OutputError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_HAS_LOCKS: bool = fcntl is not None

UNFINISHED = ".unfinished"
"""How a file ends that is still being written, or was when its process was killed."""
_FORMER = r"[a-z0-9_]{8}|part|joining"
"""How such files ended in earlier versions, behind the name of what they were to become."""
_LONGEST_NAME = 220
"""Bytes of a name that leave room for what is added to it while the file is being written."""


def is_utf8(path: Path | str) -> bool:
    """Whether a path can be put down as text: names from old disks and shares may be bytes that are no UTF-8."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def write_whole(path: Path, text: str) -> None:
    """Write UTF-8 text so that `path` holds either what it held before or all of `text`, also after a kill.

    Missing parent folders are made.

    Raises:
        OutputError: If the disk is full or the place cannot be written.
    """
    write_lines(path, [text.encode(errors="backslashreplace")])  # a name that is no UTF-8 stays readable


def write_lines(path: Path, lines: Iterable[bytes]) -> None:
    """Write bytes that come piece by piece whole or not at all; a long file never has to fit in memory.

    Raises:
        OutputError: If the disk is full or the place cannot be written.
    """
    try:
        with replacing(path) as file:
            file.writelines(lines)
    except OSError as error:
        raise OutputError("cannot be written", where=path, hint=error.strerror) from error
    except UnicodeEncodeError as error:
        raise unwritable_name(path, error) from error


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a new file beside `path`, called `file.name`, that takes its place when the context ends without an error.

    A link at `path` is replaced, not followed. What killed processes left of earlier tries is removed.

    Args:
        path: The file; missing parent folders are made.

    Raises:
        OSError: If it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_unfinished(path)
    handle, name = _make_unfinished(path)
    temporary = Path(name)
    try:
        with open(name, "wb", opener=lambda *_: handle) as file:
            yield file
            file.flush()
            temporary.chmod(0o666 & ~_umask())  # mkstemp makes files that only their owner reads
            if _HAS_LOCKS:  # while it is open and locked: nobody takes it for one that was left behind
                temporary.replace(path)
        if not _HAS_LOCKS:
            temporary.replace(path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def remove_unfinished(path: Path) -> None:
    """Remove what killed processes left beside `path` of their tries to write it; of those at work nothing."""
    stem = re.escape(_short(path.name))
    left = re.compile(rf"\.{stem}\.(?:[a-z0-9_]{{8}}{re.escape(UNFINISHED)}|{_FORMER})")
    with contextlib.suppress(OSError):
        for entry in os.scandir(path.parent):
            if left.fullmatch(entry.name) and entry.is_file(follow_symlinks=False) and not _in_use(entry.path):
                Path(entry.path).unlink()


def is_unfinished(name: str) -> bool:
    """Whether a file's name is that of one which was being written when its process was killed."""
    return name.startswith(".") and name.endswith(UNFINISHED)


def own_file(path: Path) -> None:
    """Make sure that writing into `path` writes nothing else: a link is refused, a file with two names copied.

    Raises:
        OutputError: If it is a symbolic link, or no file.
        OSError: If it cannot be copied.
    """
    refuse_link(path)
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISREG(found.st_mode):
        raise OutputError("is not a file", where=path, expected="a file, or nothing", hint="remove it")
    if found.st_nlink > 1:  # a copy of a folder made of hard links, say
        with path.open("rb") as whole, replacing(path) as copy:
            shutil.copyfileobj(whole, copy)


def refuse_link(path: Path) -> None:
    """Raise if what is to be written is a symbolic link: it would be written somewhere else.

    Raises:
        OutputError: If it is one.
    """
    if path.is_symlink():
        raise OutputError(
            "is a symbolic link, and outputs are not written through links",
            where=path,
            expected="a file or folder of its own, or nothing",
            hint="remove the link",
        )


def unwritable_name(path: Path | str, error: UnicodeEncodeError) -> OutputError:
    """An error for a file name with letters that the locale does not have."""
    return OutputError(
        "has letters that file names cannot have in this locale",
        where=path,
        expected=f"letters of {error.encoding}",
        hint="set LC_ALL=C.UTF-8, or PYTHONUTF8=1",
    )


def _make_unfinished(path: Path) -> tuple[int, str]:
    """Make a file beside `path`, open and locked; its handle and its name."""
    while True:
        handle, name = tempfile.mkstemp(prefix=f".{_short(path.name)}.", suffix=UNFINISHED, dir=path.parent)
        if not _HAS_LOCKS:
            return handle, name
        with contextlib.suppress(OSError):  # file systems without locks
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(handle).st_nlink:  # not taken for one that was left behind, before it was locked
            return handle, name
        os.close(handle)


def _in_use(path: str) -> bool:
    """Whether a process is writing a file at this moment; also where that cannot be told."""
    if not _HAS_LOCKS:
        return True
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def _short(name: str) -> str:
    """A file's name, cut where it would not leave room for what is added to it."""
    short = os.fsencode(name)[:_LONGEST_NAME]
    return os.fsdecode(short) if len(os.fsencode(name)) > _LONGEST_NAME else name


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
