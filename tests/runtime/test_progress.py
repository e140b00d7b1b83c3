"""Progress: what a stage of one task tells."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from reidtrack.runtime.progress import Silent, one_task


class Told(Silent):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.calls: list[object] = []

    def stage(self, title: str, totals: Mapping[str, int | None], unit: str = "frames") -> None:
        self.calls.append((title, dict(totals), unit))

    def advance(self, task: str, count: int = 1, figures: Mapping[str, float] | None = None) -> None:
        self.calls.append((task, count))

    def finish(self, task: str) -> None:
        self.calls.append(task)


def test_a_stage_of_one_task() -> None:
    told = Told()
    with one_task(told, "embedding", "faces", 5, "images") as advance:
        advance(2)
        advance(3)
    assert told.calls == [("embedding", {"faces": 5}, "images"), ("faces", 2), ("faces", 3), "faces"]


def test_a_task_that_breaks_off_is_not_finished() -> None:
    told = Told()
    with pytest.raises(ZeroDivisionError), one_task(told, "embedding", "faces", 5, "images"):
        1 / 0  # noqa: B018
    assert told.calls == [("embedding", {"faces": 5}, "images")]
