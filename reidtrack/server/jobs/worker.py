"""The process that makes one run: told what as JSON on standard input, tells how far it is in lines of JSON.

A process of its own, so that a decoder that dies takes nothing else with it, and all memory comes back at its end.
Signals end it as they end `reidtrack run`: what was read is finalised.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from reidtrack.errors import EXIT_BUG, EXIT_INTERRUPTED, EXIT_OK, ReidtrackError
from reidtrack.runtime.cancel import CancelToken, cancel_on_signals
from reidtrack.runtime.progress import Silent

_EVERY_S = 0.25


class Told(Silent):
    """Progress as lines of JSON.

    Args:
        out: Where they go.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._state: dict[str, Any] = {"stage": "preparing", "unit": "frames", "tasks": {}, "notes": []}
        self._told_s = -_EVERY_S

    def stage(self, title: str, totals: Mapping[str, int | None], unit: str = "frames") -> None:
        """Tell that a stage begins."""
        tasks = {task: {"done": 0, "total": total} for task, total in totals.items()}
        self._state = {**self._state, "stage": title, "unit": unit, "tasks": tasks}
        self._tell()

    def advance(self, task: str, count: int = 1, figures: Mapping[str, float] | None = None) -> None:
        """Tell four times a second how far it is."""
        del figures
        self._state["tasks"][task]["done"] += count
        if time.monotonic() - self._told_s >= _EVERY_S:
            self._tell()

    def finish(self, task: str) -> None:
        """Tell that a task has ended."""
        state = self._state["tasks"].get(task)
        if state is not None:
            state["total"] = state["done"]
        self._tell()

    def warn(self, text: str) -> None:
        """Tell of a mishap."""
        self._state["notes"] = [*self._state["notes"], text][-20:]
        self._tell()

    def fail(self, error: ReidtrackError | str) -> None:
        """Tell of a camera that is lost."""
        self.warn(str(error))

    def _tell(self) -> None:
        self._told_s = time.monotonic()
        self.say({"progress": self._state})

    def say(self, line: Mapping[str, Any]) -> None:
        """Write one line."""
        self._out.write(json.dumps(line) + "\n")
        self._out.flush()


def work(asked: Mapping[str, Any], told: Told) -> int:
    """Make a run; the exit code, as the command line has it."""
    from reidtrack.config.load import load
    from reidtrack.config.run import RunConfig
    from reidtrack.pipeline.run.prepare import RunRequest
    from reidtrack.pipeline.run.run import run

    out = Path(asked["out"])
    begun = (out / "run.json").is_file()
    request = RunRequest(
        sources=tuple(asked["sources"]),
        out=out,
        config=load(RunConfig, options=asked["settings"]),
        cameras=tuple(asked["cameras"]),
        resume=begun,
    )
    cancel = CancelToken()
    try:
        with cancel_on_signals(cancel):
            outcome = run(request, told, cancel)
    except ReidtrackError as error:
        told.say({"error": error.message})
        return error.exit_code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    for lost in outcome.failed.values():
        told.say({"error": lost.message})
    if outcome.interrupted:
        return EXIT_INTERRUPTED
    return next((lost.exit_code for lost in outcome.failed.values()), EXIT_OK)


def main() -> int:
    """Read what is asked for and do it; what libraries print goes to standard error."""
    out, sys.stdout = sys.stdout, sys.stderr
    told = Told(out)
    try:
        return work(json.load(sys.stdin), told)
    except Exception as error:
        told.say({"error": f"bug: {type(error).__name__}: {error}"})
        return EXIT_BUG


if __name__ == "__main__":
    sys.exit(main())
