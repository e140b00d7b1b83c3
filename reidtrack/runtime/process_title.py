"""What other users of the computer see of this process's arguments (`ps`), where they hold a secret."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from pathlib import Path

_STAT = Path("/proc/self/stat")
_ARG_START, _ARG_END = 47, 48
"""Places of the fields in proc(5), from 0."""


def hide_arguments(shown: Callable[[str], str]) -> bool:
    """Overwrite the arguments of this process as the system shows them, where they are to be shown otherwise.

    Args:
        shown: From an argument to what may be seen of it.

    Returns:
        Whether nothing is seen any more that should not be; False on systems where that cannot be done.
    """
    try:
        fields = _STAT.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        start, end = int(fields[_ARG_START - 2]), int(fields[_ARG_END - 2])
    except (OSError, ValueError, IndexError):
        return not any(shown(argument) != argument for argument in sys.orig_argv)
    if not 0 < end - start < 2**24:
        return False
    before = ctypes.string_at(start, end - start)
    after = b"\0".join(_fitted(argument, shown) for argument in before.split(b"\0"))
    if after != before:
        ctypes.memmove(start, after, len(before))
    return True


def _fitted(argument: bytes, shown: Callable[[str], str]) -> bytes:
    """An argument as it may be seen, in as many bytes."""
    text = argument.decode(errors="surrogateescape")
    new = shown(text)
    if new == text:
        return argument
    return new.encode(errors="surrogateescape")[: len(argument)].ljust(len(argument))
