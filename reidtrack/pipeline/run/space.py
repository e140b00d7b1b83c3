"""Whether there is room for what a run will write, before hours of reading."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from reidtrack.config.run import OutputConfig
from reidtrack.errors import OutputError, param
from reidtrack.runtime.progress import Progress
from reidtrack.video.source import Source

LEAST_BYTES = 70
"""Of a frame in which nobody is: its line in `detections.jsonl`."""
USUAL_BYTES = 4000
"""Of a frame with six people, in all logs, tables and pictures but the videos: MOT16-11 has 4,100, PETS 3,700."""
USUAL_BITS_PER_PIXEL = 0.1
"""Of an annotated video at a rate factor of 23; assumed, recordings differ by more than ten times."""


def check_space(
    out: Path, sources: Sequence[Source], config: OutputConfig, progress: Progress, *, replaces: bool = False
) -> None:
    """Refuse a run that cannot fit on the disk, and warn of one that may not.

    Streams of unknown length count nothing.

    Args:
        out: Folder of the run; it need not be there.
        sources: The recordings, open.
        config: Whether videos are rendered.
        progress: Warned.
        replaces: Whether what is in the folder goes, or is part of the result.

    Raises:
        OutputError: If less is free than the least that the run writes.
    """
    free = _free(out) + (_size(out) if replaces else 0)
    frames = sum(source.frame_count or 0 for source in sources)
    said = f"{_amount(free)} are free"
    what = f"{len(sources)} {'camera' if len(sources) == 1 else 'cameras'}, {frames:,} frames"
    if free < LEAST_BYTES * frames:
        raise OutputError(
            f"{said}, and this run writes at least {_amount(LEAST_BYTES * frames)} ({what})",
            where=out,
            hint=f"make room, or choose another {param('out')}",
        )
    video = _video_bytes(sources, config)
    usual = USUAL_BYTES * frames + video
    if free < usual:
        videos = f", {_amount(video)} of it videos" if video else ""
        progress.warn(
            f"{out}: {said}, and this run may write about {_amount(usual)} ({what}{videos}): make room, or read a part"
        )


def _video_bytes(sources: Sequence[Source], config: OutputConfig) -> int:
    if not config.video:
        return 0
    pixels = sum((source.frame_count or 0) * source.size[0] * source.size[1] for source in sources)
    return round(pixels * USUAL_BITS_PER_PIXEL / 8 * 2 ** ((23 - config.crf) / 6))  # x264: 6 steps halve the rate


def _free(out: Path) -> int:
    """Bytes that may be written where a folder is to be made."""
    there = next((path for path in (out, *out.absolute().parents) if path.exists()), Path())
    try:
        return shutil.disk_usage(there).free
    except OSError:  # making the folder says what is wrong
        return 1 << 62


def _size(folder: Path) -> int:
    """Bytes of the files in a folder."""
    found = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            found += path.lstat().st_size if not path.is_symlink() else 0
    return found


def _amount(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
