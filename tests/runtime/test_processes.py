"""Work in processes of their own: the same results in the same order, whatever becomes of a process."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from reidtrack.errors import OutputError
from reidtrack.runtime.processes import process_map


def tenfold(number: int) -> int:
    if number < 0:
        raise OSError(f"{number} is below zero")
    print("work may print")
    return 10 * number


def killed(marks: Path, always: bool, number: int) -> int:
    """Ends its process as the system does where memory runs out, at 3: once, or always."""
    mark = marks / str(number)
    if number == 3 and (always or not mark.exists()):
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return 10 * number


def told_and_waiting(marks: Path, number: int) -> int:
    (marks / str(os.getpid())).touch()
    time.sleep(600)
    return number


@pytest.mark.parametrize("workers", [0, 3])
def test_results_come_in_the_order_of_the_items(workers: int) -> None:
    assert list(process_map(tenfold, range(7), workers)) == [10 * number for number in range(7)]


def test_what_work_raises_is_raised_in_its_place() -> None:
    found = process_map(tenfold, [1, -2, 3], 2)
    assert next(found) == 10
    with pytest.raises(OSError, match="-2 is below zero"):
        next(found)


def test_what_a_killed_process_was_at_is_done_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert list(process_map(partial(killed, tmp_path, False), range(6), 2)) == [10 * number for number in range(6)]
    assert "a process was killed" in caplog.text
    with pytest.raises(OutputError, match="killed twice"):
        list(process_map(partial(killed, tmp_path, True), range(6), 2))


def test_who_stops_does_not_wait_for_the_processes(tmp_path: Path) -> None:
    found = process_map(partial(told_and_waiting, tmp_path), interrupted(tmp_path), 2)
    with pytest.raises(KeyboardInterrupt):
        next(found)
    for mark in tmp_path.iterdir():
        with pytest.raises(ProcessLookupError):
            os.kill(int(mark.name), 0)


def interrupted(marks: Path) -> Iterator[int]:
    """Two items, then Ctrl-C once both are worked at."""
    yield from range(2)
    while len(list(marks.iterdir())) < 2:
        time.sleep(0.01)
    raise KeyboardInterrupt
