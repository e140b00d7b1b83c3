"""Files that only grow while a run reads: every line that was handed over survives a kill of the process."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from reidtrack.errors import InputError, OutputError, param
from reidtrack.files import own_file, refuse_link


class AppendFile:
    """A file that is appended to and handed to the operating system at each `flush`.

    Args:
        path: The file; it is made, or continued if `keep` bytes of it are to stay.
        keep: Bytes of an existing file that stay; what follows them is cut off.

    Raises:
        OutputError: If it cannot be opened or written.
    """

    def __init__(self, path: Path, keep: int = 0) -> None:
        self.path = path
        try:
            if keep:
                own_file(path)
            else:
                refuse_link(path)
                path.unlink(missing_ok=True)  # another name of the same file keeps what it has
            self._file: BinaryIO = path.open("r+b" if keep else "xb")
            self._file.truncate(keep)
            self._file.seek(0, os.SEEK_END)
        except OSError as error:
            raise _unwritable(path, error) from error

    @property
    def end(self) -> int:
        """Bytes so far."""
        return self._file.tell()

    def append(self, data: bytes) -> None:
        """Add bytes at the end."""
        try:
            self._file.write(data)
        except OSError as error:
            raise _unwritable(self.path, error) from error

    def flush(self) -> None:
        """Hand everything to the operating system."""
        try:
            self._file.flush()
        except OSError as error:
            raise _unwritable(self.path, error) from error

    def close(self) -> None:
        """Write what is left and close."""
        try:
            self._file.close()
        except OSError as error:
            raise _unwritable(self.path, error) from error


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError("cannot be written", where=path, hint=error.strerror or str(error))


def json_line(record: dict[str, Any]) -> bytes:
    """One line of a JSON Lines file."""
    return (json.dumps(record, separators=(",", ":")) + "\n").encode()


@contextlib.contextmanager
def expecting_records(path: Path) -> Iterator[None]:
    """Turn what goes wrong with records that lack their parts into an error about their file.

    Raises:
        InputError: If something does.
    """
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, IndexError) as error:
        raise InputError(
            "holds records of another kind", where=path, expected="a log of `reidtrack run`", hint="run again"
        ) from error


def read_json_lines(path: Path) -> Iterator[tuple[dict[str, Any], int]]:
    """Each record with the position behind its line; a last line that a kill cut short is passed over.

    Raises:
        InputError: If the file cannot be read, or a line other than the last is not JSON.
    """
    try:
        with path.open("rb") as file:
            end = 0
            for number, line in enumerate(file, 1):
                end += len(line)
                if not line.endswith(b"\n"):
                    return
                try:
                    record = json.loads(line)
                except (ValueError, RecursionError) as error:
                    raise InputError(
                        "is not JSON", where=f"{path}:{number}", hint=f"run again with {param('overwrite', True)}"
                    ) from error
                yield record, end
    except OSError as error:
        raise InputError("cannot be read", where=path, hint=error.strerror) from error
