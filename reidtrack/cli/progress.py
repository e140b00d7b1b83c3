"""Progress on the terminal: a bar for each task, or plain lines where nobody looks at a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from reidtrack.cli.spelling import told
from reidtrack.errors import ReidtrackError
from reidtrack.runtime.progress import Silent

_LINE_EVERY_S = 5.0


class Bars:
    """A bar for each task: units done, units a second, people in the picture, time left."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._progress: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._began = 0.0
        self._done: dict[str, int] = {}

    def stage(self, title: str, totals: Mapping[str, int | None], unit: str = "frames") -> None:
        """Begin with new bars."""
        self.close()
        self._console.print(title, style="bold")
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TextColumn("{task.fields[fps]:6.1f} " + ("fps" if unit == "frames" else f"{unit}/s")),
            TextColumn("{task.fields[people]:3d} people"),
            TimeRemainingColumn(),
            console=self._console,
        )
        self._tasks = {
            task: self._progress.add_task(task, total=total, fps=0.0, people=0) for task, total in totals.items()
        }
        self._done = dict.fromkeys(totals, 0)
        self._began = time.monotonic()
        self._progress.start()

    def advance(self, task: str, count: int = 1, figures: Mapping[str, float] | None = None) -> None:
        """Move a task's bar."""
        if self._progress is not None:
            self._done[task] += count
            fps = self._done[task] / max(time.monotonic() - self._began, 1e-6)
            people = int((figures or {}).get("people", 0))
            self._progress.update(self._tasks[task], advance=count, fps=fps, people=people)

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
    """A plain line on stderr for each task every few seconds."""

    def __init__(self) -> None:
        self._title, self._unit = "", "frames"
        self._total: dict[str, int | None] = {}
        self._done: dict[str, int] = {}
        self._people: dict[str, int] = {}
        self._began = self._said = 0.0

    def stage(self, title: str, totals: Mapping[str, int | None], unit: str = "frames") -> None:
        """Begin anew."""
        self._title, self._total, self._unit = title, dict(totals), unit
        self._done, self._people = dict.fromkeys(totals, 0), dict.fromkeys(totals, 0)
        self._began = self._said = time.monotonic()

    def advance(self, task: str, count: int = 1, figures: Mapping[str, float] | None = None) -> None:
        """Count what is done; say how far everything is when it is time to."""
        self._done[task] += count
        self._people[task] = int((figures or {}).get("people", 0))
        if time.monotonic() - self._said >= _LINE_EVERY_S:
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
        print(text, file=sys.stderr, flush=True)

    def warn(self, text: str) -> None:
        """Say it."""
        print(text, file=sys.stderr, flush=True)

    def fail(self, error: ReidtrackError | str) -> None:
        """Say it as an error."""
        print(f"error: {told(error)}", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Nothing is left open."""

    def _say(self, task: str) -> None:
        done, total = self._done[task], self._total[task]
        fps = done / max(time.monotonic() - self._began, 1e-6)
        of = "" if total is None else f"/{max(total, done)}"
        left = f", {(total - done) / fps:.0f} s left" if total and fps > 0 and total > done else ""
        people = f"{self._people[task]} people"
        rate = "fps" if self._unit == "frames" else f"{self._unit}/s"
        line = f"{self._title} {task}: {done}{of} {self._unit}, {fps:.1f} {rate}, {people}{left}"
        print(line, file=sys.stderr, flush=True)


class Errors(Silent):
    """Nothing but errors."""

    def fail(self, error: ReidtrackError | str) -> None:
        """Say it."""
        print(f"error: {told(error)}", file=sys.stderr, flush=True)
