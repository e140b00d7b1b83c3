"""The errors a user can cause or meet, each with its exit code.

    ReidtrackError (1)
    ├── UsageError (2)         a wrong call: parameters that contradict, a value out of range
    │   ├── ConfigError (2)    a configuration file or override that does not fit
    │   └── DeviceError (2)    a device or engine that is not there
    ├── InputError (3)         a video, folder, detection or ground-truth file that cannot be read
    ├── WeightsError (4)       a checkpoint that is refused
    └── OutputError (5)        a full disk, a folder that cannot be written

Each message is one line and says what is wrong, where, what was expected, and what to do. A bug is any other exception.

What a user has to set is a parameter here, never an option of the command line: an error carries its plain name
(`field="device"`), and a text that speaks of one holds `param("overwrite", True)`. Python shows `overwrite=True`; the
command line, and whoever else shows errors, spells it their own way, see `ReidtrackError.told`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import ClassVar

EXIT_OK = 0
EXIT_BUG = 1
EXIT_INTERRUPTED = 130


Spelling = Callable[[str, str], str]
"""How a parameter is shown: from its plain name and its value as Python writes it ("" for none) to a text."""

# Unicode's code points for internal use: nothing that a user gave can be taken for a parameter.
_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
_MOST_LETTERS = 600
"""Of each part of a message: a value of 200 MB that was given must not become a line of 200 MB."""
_PARAM = re.compile(f"{_OPEN}(\\w+)(?:=(.*?))?{_CLOSE}")


def param(name: str, value: object | None = None) -> str:
    """Part of an error's text that names a parameter, spelt when the error is shown.

    Args:
        name: Plain name, as in `reidtrack.api`: `"engine"`.
        value: What to give for it; None names the parameter alone.
    """
    return f"{_OPEN}{name}{_CLOSE}" if value is None else f"{_OPEN}{name}={value!r}{_CLOSE}"


def shortened(text: str, most: int) -> str:
    """Text of at most `most` letters: of a longer one, its beginning and its end."""
    if len(text) <= most:
        return text
    end = most // 4
    return f"{text[: most - end - 5]} ... {text[-end:]}"


def in_python(name: str, value: str) -> str:
    """Spell a parameter as an argument in Python."""
    return f"{name}={value}" if value else name


class ReidtrackError(Exception):
    """An error with one clear line for the user and a documented exit code.

    Args:
        what: What is wrong, in one clause.
        where: The file, setting or camera it is about.
        field: Plain name of the parameter it is about, `"device"`.
        expected: What would have been right.
        hint: What to do about it.
    """

    exit_code: ClassVar[int] = EXIT_BUG

    def __init__(
        self,
        what: str,
        *,
        where: object | None = None,
        field: str | None = None,
        expected: str | None = None,
        hint: str | None = None,
    ) -> None:
        self.what = what
        self.where = None if where is None else str(where)
        self.field = field
        self.expected = expected
        self.hint = hint
        super().__init__(self.message)

    @property
    def text(self) -> str:
        """Line with its parameters not yet spelt, to stand in the text of another error."""
        where = shortened(self.where, _MOST_LETTERS) if self.where else self.where
        place = " ".join(part for part in (self.field and param(self.field), where) if part)
        what = shortened(self.what, _MOST_LETTERS)
        text = f"{place}: {what}" if place else what
        if self.expected is not None:
            text += f" (expected {shortened(self.expected, _MOST_LETTERS)})"
        if self.hint is not None:
            text += f"; {shortened(self.hint, _MOST_LETTERS)}"
        return " ".join(text.split())

    @property
    def message(self) -> str:
        """Line as Python shows it: `field where: what (expected ...); hint`."""
        return self.told(in_python)

    def told(self, spell: Spelling) -> str:
        """Line with its parameters spelt by `spell`."""
        text = _PARAM.sub(lambda found: spell(found[1], found[2] or ""), self.text)
        return text.replace(_OPEN, "").replace(_CLOSE, "")  # of one that was cut through


class UsageError(ReidtrackError):
    """A call that cannot be right: parameters that contradict, a value out of range."""

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
