"""Progress of every command: a bar for each task on a terminal, plain lines elsewhere, errors alone with `--quiet`."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

from reidtrack.cli.console import SafeConsole
from reidtrack.cli.options import told
from reidtrack.cli.terminal import say
from reidtrack.errors import ReidtrackError
from reidtrack.runtime.progress import Progress, Silent

_LINE_EVERY_S = 5.0


@contextmanager
def make_progress(*, quiet: bool, line_every_s: float = _LINE_EVERY_S) -> Iterator[Progress]:
    """Show progress in the context, and log messages of the library likewise.

    Args:
        quiet: Show nothing but errors.
        line_every_s: Seconds between two lines where nobody looks at a terminal.
    """
    progress: Progress = Errors() if quiet else Bars() if sys.stderr.isatty() else Lines(line_every_s)
    handler = _ToProgress(progress)
    logger = logging.getLogger("reidtrack")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield progress
    finally:
        progress.close()
        logger.removeHandler(handler)


class _ToProgress(logging.Handler):
    """Sends log messages where the progress is shown."""

    def __init__(self, progress: Progress) -> None:
        super().__init__(logging.INFO)
        self._progress = progress

    def emit(self, record: logging.LogRecord) -> None:
        """Show one message."""
        self._progress.warn(" ".join(record.getMessage().splitlines()))  # a name may hold lines of its own


def _rate_unit(unit: str) -> str:
    return "fps" if unit == "frames" else f"{unit}/s"


def _figures_text(figures: Mapping[str, float]) -> str:
    """`3 people`, or `loss 0.123, accuracy 0.5`."""
    return ", ".join(
        f"{value:.0f} people" if name == "people" else f"{name} {value:.3g}" for name, value in figures.items()
    )


class Bars:
    """A bar for each task: units done, units a second, what there is to tell of them, time left."""

    def __init__(self) -> None:
        self._console = SafeConsole(stderr=True, highlight=False)
        self._progress: RichProgress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._told: dict[str, str] = {}
        self._began = 0.0
        self._done: dict[str, int] = {}

    def stage(self, title: str, totals: Mapping[str, int | None], unit: str = "frames") -> None:
        """Begin with new bars."""
        self.close()
        self._console.print(title, style="bold")
        self._progress = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TextColumn(f"{{task.fields[rate]:6.1f}} {_rate_unit(unit)}"),
            TextColumn("{task.fields[told]:>10}"),
            TimeRemainingColumn(),
            console=self._console,
        )
        self._tasks = {
            task: self._progress.add_task(task, total=total, rate=0.0, told="") for task, total in totals.items()
        }
        self._done, self._told = dict.fromkeys(totals, 0), dict.fromkeys(totals, "")
        self._began = time.monotonic()
        self._progress.start()

    def advance(self, task: str, count: int = 1, figures: Mapping[str, float] | None = None) -> None:
        """Move a task's bar."""
        if self._progress is not None:
            self._done[task] += count
            rate = self._done[task] / max(time.monotonic() - self._began, 1e-6)
            if figures is not None:
                self._told[task] = _figures_text(figures)
            self._progress.update(self._tasks[task], advance=count, rate=rate, told=self._told[task])

    def finish(self, task: str) -> None:
        """Fill a task's bar: its length was an estimate."""
        if self._progress is not None:
            done = max(1, self._done[task])
            self._progress.update(self._tasks[task], total=done, completed=done)

    def info(self, text: str) -> None:
        """Show a line above the bars."""
        self._console.print(text, markup=False, soft_wrap=True)

    def warn(self, text: str) -> None:
        """Show a line above the bars."""
        self._console.print(text, style="yellow", markup=False, soft_wrap=True)

    def fail(self, error: ReidtrackError | str) -> None:
        """Show an error above the bars."""
        self._console.print(f"error: {told(error)}", style="red", markup=False, soft_wrap=True)

    def close(self) -> None:
        """Leave the bars as they are."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None


class Lines:
    """A plain line on stderr for each task every few seconds.

    Args:
        every_s: Seconds between two lines of a task.
    """

    def __init__(self, every_s: float = _LINE_EVERY_S) -> None:
        self._every_s = every_s
        self._title, self._unit = "", "frames"
        self._total: dict[str, int | None] = {}
        self._done: dict[str, int] = {}
        self._figures: dict[str, Mapping[str, float]] = {}
        self._began = self._said = 0.0

    def stage(self, title: str, totals: Mapping[str, int | None], unit: str = "frames") -> None:
        """Begin to count a new stage."""
        self._title, self._total, self._unit = title, dict(totals), unit
        self._done, self._figures = dict.fromkeys(totals, 0), {}
        self._began = self._said = time.monotonic()

    def advance(self, task: str, count: int = 1, figures: Mapping[str, float] | None = None) -> None:
        """Count what is done; say how far everything is when it is time to."""
        self._done[task] += count
        if figures is not None:
            self._figures[task] = figures
        if time.monotonic() - self._said >= self._every_s:
            self._said = time.monotonic()
            for name, done in self._done.items():
                if done < (self._total[name] or done + 1):
                    self._say(name)

    def finish(self, task: str) -> None:
        """Say that a task has ended."""
        self._total[task] = self._done[task]
        self._say(task)

    def info(self, text: str) -> None:
        """Say it."""
        say(text, error=True)

    def warn(self, text: str) -> None:
        """Say it."""
        say(text, error=True)

    def fail(self, error: ReidtrackError | str) -> None:
        """Say it as an error."""
        say(f"error: {told(error)}", error=True)

    def close(self) -> None:
        """Nothing is left open."""

    def _say(self, task: str) -> None:
        done, total = self._done[task], self._total[task]
        rate = done / max(time.monotonic() - self._began, 1e-6)
        of = "" if total is None else f"/{max(total, done)}"
        parts = [f"{self._title} {task}: {done}{of} {self._unit}", f"{rate:.1f} {_rate_unit(self._unit)}"]
        if task in self._figures:
            parts.append(_figures_text(self._figures[task]))
        if total and rate > 0 and total > done:
            parts.append(f"{(total - done) / rate:.0f} s left")
        say(", ".join(parts), error=True)


class Errors(Silent):
    """Nothing but errors."""

    def fail(self, error: ReidtrackError | str) -> None:
        """Say it."""
        say(f"error: {told(error)}", error=True)
