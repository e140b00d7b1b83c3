"""Reading files that others give: a device or a pipe is refused before it is waited for, a huge file before it is read.

What is wrong is an `OSError` whose `strerror` is for users, as of a file that is not there: who reads a file has a line
for that already.
"""

from __future__ import annotations

import errno
import stat
from pathlib import Path

MOST_BYTES = 1 << 30
"""Largest file that is read at once: 1 GiB."""
_KINDS = (
    (stat.S_ISDIR, "it is a folder"),
    (stat.S_ISFIFO, "it is a pipe, not a file on disk"),
    (stat.S_ISSOCK, "it is a socket, not a file on disk"),
    (stat.S_ISCHR, "it is a device, not a file on disk"),
    (stat.S_ISBLK, "it is a device, not a file on disk"),
)


def check_plain(path: Path, most_bytes: int | None = None) -> None:
    """Raise unless a path leads to a file on disk of bounded size; nothing is opened.

    Args:
        path: The file, or a link to it.
        most_bytes: What it may hold; None for any size.

    Raises:
        OSError: If it is not there, is a folder, pipe, socket or device, or is larger.
    """
    try:
        found = path.stat()
    except ValueError as error:  # a zero byte in the name
        raise OSError(errno.EINVAL, "its name holds a zero byte") from error
    kind = next((text for is_kind, text in _KINDS if is_kind(found.st_mode)), None)
    if kind is not None:
        raise OSError(errno.EINVAL, kind)
    if most_bytes is not None and found.st_size > most_bytes:
        raise OSError(errno.EFBIG, _too_large(most_bytes))


def read_plain(path: Path, most_bytes: int = MOST_BYTES) -> bytes:
    """Content of a file on disk.

    Raises:
        OSError: As `check_plain` says, or if it cannot be read.
    """
    check_plain(path, most_bytes)
    with path.open("rb") as file:
        data = file.read(most_bytes + 1)  # it may grow meanwhile
    if len(data) > most_bytes:
        raise OSError(errno.EFBIG, _too_large(most_bytes))
    return data


def read_plain_text(path: Path, most_bytes: int = MOST_BYTES, encoding: str = "utf-8") -> str:
    """Text of a file on disk, with line ends as Python has them.

    Raises:
        OSError: As `check_plain` says, or if it cannot be read.
        UnicodeDecodeError: If it is no text of that encoding.
    """
    text = read_plain(path, most_bytes).decode(encoding)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _too_large(most_bytes: int) -> str:
    size = f"{most_bytes / 2**20:.0f} MB" if most_bytes >= 1 << 20 else f"{most_bytes} bytes"
    return f"it is larger than {size}"
