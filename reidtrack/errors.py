"""The errors a user can cause or meet, each with its exit code.

    ReidtrackError (1)
    ├── UsageError (2)         a wrong call: options that contradict, a value out of range
    │   ├── ConfigError (2)    a configuration file or override that does not fit
    │   └── DeviceError (2)    a device or engine that is not there
    ├── InputError (3)         a video, folder, detection or ground-truth file that cannot be read
    ├── WeightsError (4)       a checkpoint that is refused
    └── OutputError (5)        a full disk, a folder that cannot be written

Each message is one line and says what is wrong, where, what was expected, and what to do. A bug is any other exception.
"""

from __future__ import annotations

from typing import ClassVar

EXIT_OK = 0
EXIT_BUG = 1
EXIT_INTERRUPTED = 130


class ReidtrackError(Exception):
    """An error with one clear line for the user and a documented exit code.

    Args:
        what: What is wrong, in one clause.
        where: The file, option or camera it is about.
        expected: What would have been right.
        hint: What to do about it.
    """

    exit_code: ClassVar[int] = EXIT_BUG

    def __init__(
        self, what: str, *, where: object | None = None, expected: str | None = None, hint: str | None = None
    ) -> None:
        self.what = what
        self.where = None if where is None else str(where)
        self.expected = expected
        self.hint = hint
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """The whole line: `where: what (expected ...); hint`."""
        text = self.what if self.where is None else f"{self.where}: {self.what}"
        if self.expected is not None:
            text += f" (expected {self.expected})"
        if self.hint is not None:
            text += f"; {self.hint}"
        return " ".join(text.split())


class UsageError(ReidtrackError):
    """A call that cannot be right: contradicting options, a value out of range."""

    exit_code = 2


class ConfigError(UsageError):
    """A configuration file, key or value that does not fit."""


class DeviceError(UsageError):
    """A device or an inference engine that is not there."""


class InputError(ReidtrackError):
    """An input that could not be read; other inputs are still finished."""

    exit_code = 3


class WeightsError(ReidtrackError):
    """A checkpoint that is missing, damaged, unsafe, or does not fit its architecture."""

    exit_code = 4


class OutputError(ReidtrackError):
    """A result that could not be written: a full disk, missing permission, an existing folder."""

    exit_code = 5
