"""Commands in a process of their own, which a signal meets at a certain frame."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import Signals
from typing import Any

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["torch", "av", "cv2", "reidtrack.cli.main", "reidtrack.pipeline.run.run"])
_PATIENCE_S = 120.0


@dataclass(frozen=True)
class Strike:
    """A signal that the process sends itself once a stage has shown so many frames.

    Attributes:
        signal: Which one.
        stage: `reading` or `rendering`.
        frames: Frames of all cameras, before the signal comes.
        times: How often it comes, at as many frames in a row.
    """

    signal: Signals
    stage: str
    frames: int
    times: int = 1


@dataclass(frozen=True)
class Ended:
    """What came of a process: its exit code, negative for a signal, and what it said."""

    code: int
    out: str
    err: str


def run_child(argv: Sequence[str], folder: Path, strike: Strike | None = None, file_limit: int | None = None) -> Ended:
    """Run `reidtrack` with these words.

    Args:
        argv: The words.
        folder: Where what it says is kept meanwhile.
        strike: When a signal comes.
        file_limit: Most bytes of a file, as if the disk were full then.
    """
    folder.mkdir(parents=True, exist_ok=True)
    out, err = folder / "stdout.txt", folder / "stderr.txt"
    process: Any = _SERVER.Process(target=_main, args=(list(argv), str(out), str(err), strike, file_limit))
    process.start()
    process.join(_PATIENCE_S)
    if process.is_alive():
        process.kill()
        process.join()
        raise TimeoutError(f"reidtrack {argv[0]} did not end: {err.read_text()}")
    return Ended(process.exitcode, out.read_text(), err.read_text())


def _main(argv: list[str], out: str, err: str, strike: Strike | None, file_limit: int | None) -> None:
    for path, number in ((out, 1), (err, 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    import torch

    torch.set_num_threads(1)
    if strike is not None:
        _arm(strike)
    if file_limit is not None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))
    from reidtrack.cli.main import main

    sys.exit(main(argv))


def _arm(strike: Strike) -> None:
    """Send the signal from within the progress that the command shows."""
    from reidtrack.cli.progress import Lines

    advance, seen = Lines.advance, [0]

    def counted(self: Lines, task: str, count: int = 1, figures: Mapping[str, float] | None = None) -> None:
        advance(self, task, count, figures)
        seen[0] += self._title == strike.stage
        if self._title == strike.stage and strike.frames <= seen[0] < strike.frames + strike.times:
            os.kill(os.getpid(), strike.signal)

    Lines.advance = counted  # type: ignore[method-assign]
