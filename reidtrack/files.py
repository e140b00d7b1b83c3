"""Writing a file whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from reidtrack.errors import OutputError


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
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.writelines(lines)
        temporary.chmod(0o666 & ~_umask())  # mkstemp makes files that only their owner reads
        temporary.replace(path)
    except OSError as error:
        raise OutputError("cannot be written", where=path, hint=error.strerror) from error
    except UnicodeEncodeError as error:
        raise unwritable_name(path, error) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


def unwritable_name(path: Path | str, error: UnicodeEncodeError) -> OutputError:
    """An error for a file name with letters that the locale does not have."""
    return OutputError(
        "has letters that file names cannot have in this locale",
        where=path,
        expected=f"letters of {error.encoding}",
        hint="set LC_ALL=C.UTF-8, or PYTHONUTF8=1",
    )


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
