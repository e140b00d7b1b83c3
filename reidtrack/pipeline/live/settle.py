"""A folder of live cameras settled over its whole time, and what live had otherwise."""

from __future__ import annotations

from pathlib import Path

from reidtrack.pipeline.associate import associate_again
from reidtrack.pipeline.run.write_outputs import Outcome
from reidtrack.runtime.cancel import CancelToken
from reidtrack.runtime.progress import Progress


def settle_live(path: Path, progress: Progress, cancel: CancelToken) -> Outcome:
    """Settle the identities of a folder of live cameras, and write the report, as `reidtrack associate` does.

    Args:
        path: The folder; no session is at work in it.
        progress: Told of what goes on.
        cancel: Whether to end early.

    Raises:
        ReidtrackError: As `associate_again`.
    """
    return associate_again(path, (), video=False, mosaic=False, progress=progress, cancel=cancel)
