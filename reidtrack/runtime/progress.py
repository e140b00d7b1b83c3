"""How long work tells how far it is; whoever started it decides how that looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from reidtrack.errors import ReidtrackError


class Progress(Protocol):
    """Told of stages, of how far their tasks are, and of mishaps, while work goes on.

    Runs, trainings and work on sets of images all tell the same one. Stages follow one another; the tasks of a stage go
    on side by side. A run's stages are `reading` and `rendering`, their tasks its cameras, counted in frames; a
    training's stages are its epochs, counted in steps.

        progress.stage("reading", {"door": 250, "hall": None})
        progress.advance("door", figures={"people": 3})
        progress.finish("door")
    """

    def stage(self, title: str, totals: Mapping[str, int | None], unit: str = "frames") -> None:
        """A stage begins, and the one before it has ended.

        Args:
            title: What is done, for people.
            totals: Task to its length, in units; None where nobody knows. These and no other tasks will be told of.
            unit: What is counted, in the plural.
        """
        ...

    def advance(self, task: str, count: int = 1, figures: Mapping[str, float] | None = None) -> None:
        """Some more of a task is done.

        Args:
            task: One of the stage's.
            count: How many units more.
            figures: What there is to tell of them, by name: people in the picture, loss, images a second.
        """
        ...

    def finish(self, task: str) -> None:
        """A task has come to its end in this stage, at whatever length."""
        ...

    def info(self, text: str) -> None:
        """Something is worth a line: what came of an epoch."""
        ...

    def warn(self, text: str) -> None:
        """Something went wrong that does not end the work."""
        ...

    def fail(self, error: ReidtrackError | str) -> None:
        """A part of the work is lost, a camera; the rest goes on."""
        ...

    def close(self) -> None:
        """No stage follows."""
        ...


class Silent:
    """Progress that is shown to nobody; the base of those that show a part."""

    def stage(self, title: str, totals: Mapping[str, int | None], unit: str = "frames") -> None:
        """Ignore it."""

    def advance(self, task: str, count: int = 1, figures: Mapping[str, float] | None = None) -> None:
        """Ignore it."""

    def finish(self, task: str) -> None:
        """Ignore it."""

    def info(self, text: str) -> None:
        """Ignore it."""

    def warn(self, text: str) -> None:
        """Ignore it."""

    def fail(self, error: ReidtrackError | str) -> None:
        """Ignore it."""

    def close(self) -> None:
        """Ignore it."""


@contextmanager
def one_task(progress: Progress, title: str, task: str, total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """Tell of a stage that has one task.

    Args:
        progress: Who is told.
        title: What is done, for people.
        task: With what.
        total: Its length, in units.
        unit: What is counted, in the plural.

    Yields:
        A function to call with how many units more are done.
    """
    progress.stage(title, {task: total}, unit)
    yield lambda count: progress.advance(task, count)
    progress.finish(task)
