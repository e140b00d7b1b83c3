"""Standard output and error that cannot end a command: any encoding, closed, full, or with nobody reading.

What a command computes is in its files; what it says is a courtesy. So text that cannot be said is dropped and the
command goes on; `Streams.settle` tells at the end, by the exit code, that a result was lost. Names come from disks,
cameras and files of others: `printable` shows their control characters in place of sending them to the terminal.
"""

from __future__ import annotations

import errno
import io
import logging
import os
import re
import sys
import time
from typing import TextIO

from reidtrack.errors import EXIT_OK, OutputError

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""What steers a terminal or turns the direction of text: C0 (but tab and line feed), C1, and Unicode's marks."""
_NOBODY = (errno.EPIPE, errno.EIO)
"""Of a pipe whose reader has gone, and of a terminal that was hung up."""


def printable(text: str) -> str:
    r"""Text whose control characters are spelt (`\x1b`), fit for a terminal; tabs and line feeds stay."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def say(text: str, *, error: bool = False) -> None:
    """Print a text that may hold names of others, on standard output or standard error."""
    print(printable(text), file=sys.stderr if error else sys.stdout, flush=error)


class _PrintableLog(logging.Formatter):
    """A message as it is, in one line."""

    def format(self, record: logging.LogRecord) -> str:
        return printable(" ".join(super().format(record).splitlines()))


class Streams:
    """What became of standard output."""

    def __init__(self, out: _Outlet | None) -> None:
        self._out = out

    def settle(self, code: int) -> int:
        """Say that a result was lost, and return the exit code that tells it.

        Args:
            code: Of the command; it stays unless it is 0. Nor does a reader that has left make a fault of it.
        """
        sys.stdout.flush()
        if self._out is None or self._out.fault is None or self._out.fault in _NOBODY or code != EXIT_OK:
            return code
        error = OutputError("cannot be written", where="standard output", hint=os.strerror(self._out.fault))
        say(f"error: {error.message}", error=True)
        return error.exit_code


def guard_streams() -> Streams:
    """Put streams that never fail in the place of the process's own; those that others have put there stay.

    Descriptors that are closed are opened on nothing: else the next file that is opened gets the number, and whatever
    a library prints goes into it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one
    out: _Outlet | None = None
    if sys.stdout is sys.__stdout__:
        out = _Outlet(1)
        sys.stdout = _text(out, sys.__stdout__)
    elif isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    if sys.stderr is sys.__stderr__:
        sys.stderr = _text(_Outlet(2), sys.__stderr__)
    if logging.lastResort is not None:  # says what the library warns of where no progress is shown
        logging.lastResort.setFormatter(_PrintableLog())
    return Streams(out)


def _text(outlet: _Outlet, former: TextIO | None) -> io.TextIOWrapper:
    encoding = "utf-8" if former is None else former.encoding
    by_line = outlet.number == 2 or outlet.isatty()
    return io.TextIOWrapper(io.BufferedWriter(outlet), encoding, "backslashreplace", line_buffering=by_line)


class _Outlet(io.RawIOBase):
    """A descriptor that takes everything; what cannot be written is gone.

    Args:
        number: Of the descriptor, which is not closed with this.

    Attributes:
        fault: `errno` of the first write that failed, or None.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.fault: int | None = None

    def write(self, data: object, /) -> int:
        """Write all of it, or nothing more for ever."""
        view = memoryview(data).cast("B")  # type: ignore[arg-type]
        rest = view
        while rest and self.fault is None:
            try:
                rest = rest[os.write(self.number, rest) :]
            except BlockingIOError:  # whoever reads has made the pipe non-blocking
                time.sleep(0.01)
            except OSError as error:
                self.fault = error.errno or errno.EIO
        return len(view)

    def writable(self) -> bool:
        """It is."""
        return True

    def fileno(self) -> int:
        """The descriptor's number."""
        return self.number

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return os.isatty(self.number)
