"""Recordings that were sent: kept for some days and up to some bytes in all, the oldest go first.

One that queued or running work reads stays however old it is; the bytes of all are then more than allowed, not fewer.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Collection
from pathlib import Path

from reidtrack import clock

logger = logging.getLogger(__name__)

_DAY_S = 86_400.0


def clean_uploads(folder: Path, days: float, most_bytes: int, in_use: Collection[str]) -> int:
    """Remove what is too old or too much.

    Args:
        folder: Of all recordings that were sent, each in a folder of its own.
        days: How long one is kept.
        most_bytes: Of all together.
        in_use: Paths that are being read, or will be.

    Returns:
        How many were removed; what cannot be is told to the log and tried again the next time.
    """
    found, now_s, total, gone = [], clock.now().timestamp(), 0, 0
    for own in folder.iterdir() if folder.is_dir() else ():
        files = [] if own.is_symlink() or not own.is_dir() else [file for file in own.iterdir() if file.is_file()]
        if files:
            found.append((max(file.stat().st_mtime for file in files), sum(file.stat().st_size for file in files), own))
    for modified_s, size, own in sorted(found, reverse=True):
        total += size
        if not (now_s - modified_s > days * _DAY_S or total > most_bytes):
            continue
        if any(Path(path).is_relative_to(own) for path in in_use):
            continue
        try:
            shutil.rmtree(own)
        except OSError as error:
            logger.warning("a recording that was sent cannot be removed: %s", error.strerror)
            continue
        gone, total = gone + 1, total - size
    return gone
