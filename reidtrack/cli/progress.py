"""Progress on the terminal: a bar for each camera, or plain lines where nobody looks at a terminal."""

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
    """A bar for each camera: frames, frames a second, people in the picture, time left."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._progress: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._began = 0.0
        self._done: dict[str, int] = {}

    def stage(self, title: str, frames: Mapping[str, int | None]) -> None:
        """Begin with new bars."""
        self.close()
        self._console.print(title, style="bold")
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TextColumn("{task.fields[fps]:6.1f} fps"),
            TextColumn("{task.fields[people]:3d} people"),
            TimeRemainingColumn(),
            console=self._console,
        )
        self._tasks = {
            camera: self._progress.add_task(camera, total=total, fps=0.0, people=0) for camera, total in frames.items()
        }
        self._done = dict.fromkeys(frames, 0)
        self._began = time.monotonic()
        self._progress.start()

    def advance(self, camera: str, people: int) -> None:
        """Move a camera's bar by one frame."""
        if self._progress is not None:
            self._done[camera] += 1
            fps = self._done[camera] / max(time.monotonic() - self._began, 1e-6)
            self._progress.update(self._tasks[camera], advance=1, fps=fps, people=people)

    def finish(self, camera: str) -> None:
        """Fill a camera's bar: the number of frames was an estimate."""
        if self._progress is not None:
            done = max(1, self._done[camera])
            self._progress.update(self._tasks[camera], total=done, completed=done)

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
    """A plain line on stderr for each camera every few seconds."""

    def __init__(self) -> None:
        self._title = ""
        self._total: dict[str, int | None] = {}
        self._done: dict[str, int] = {}
        self._people: dict[str, int] = {}
        self._began = self._said = 0.0

    def stage(self, title: str, frames: Mapping[str, int | None]) -> None:
        """Begin anew."""
        self._title, self._total = title, dict(frames)
        self._done, self._people = dict.fromkeys(frames, 0), dict.fromkeys(frames, 0)
        self._began = self._said = time.monotonic()

    def advance(self, camera: str, people: int) -> None:
        """Count a frame; say how far everything is when it is time to."""
        self._done[camera] += 1
        self._people[camera] = people
        if time.monotonic() - self._said >= _LINE_EVERY_S:
            self._said = time.monotonic()
            for name, done in self._done.items():
                if done < (self._total[name] or done + 1):
                    self._say(name)

    def finish(self, camera: str) -> None:
        """Say that a camera has ended."""
        self._total[camera] = self._done[camera]
        self._say(camera)

    def warn(self, text: str) -> None:
        """Say it."""
        print(text, file=sys.stderr, flush=True)

    def fail(self, error: ReidtrackError | str) -> None:
        """Say it as an error."""
        print(f"error: {told(error)}", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Nothing is left open."""

    def _say(self, camera: str) -> None:
        done, total = self._done[camera], self._total[camera]
        fps = done / max(time.monotonic() - self._began, 1e-6)
        of = "" if total is None else f"/{max(total, done)}"
        left = f", {(total - done) / fps:.0f} s left" if total and fps > 0 and total > done else ""
        people = f"{self._people[camera]} people"
        print(f"{self._title} {camera}: {done}{of} frames, {fps:.1f} fps, {people}{left}", file=sys.stderr, flush=True)


class Errors(Silent):
    """Nothing but errors."""

    def fail(self, error: ReidtrackError | str) -> None:
        """Say it."""
        print(f"error: {told(error)}", file=sys.stderr, flush=True)
