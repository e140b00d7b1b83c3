"""Memory that is free in this process and has not been given back to the system."""

from __future__ import annotations

import contextlib
import ctypes


def give_back_free_memory() -> None:
    """Have the C library give the system back what is free (glibc; elsewhere nothing happens).

    Arrays that come and go leave free pages behind, which are kept for the next ones. In a program that runs for days
    what is left then is what is held.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
