"""Threads beside the work: what goes wrong in one is said at once in a line and is there for its owner's end."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from reidtrack.errors import OutputError
from reidtrack.runtime.background import Every, Faults, SideThread, raise_first


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


def test_an_error_ends_a_side_thread_and_is_kept(caplog: pytest.LogCaptureFixture) -> None:
    woken = threading.Event()
    thread = SideThread(lambda: {}["gone"], "webhook", failed=woken.set)
    thread.join()  # it has not begun
    thread.start()
    assert woken.wait(10)
    thread.join()
    assert not thread.alive
    assert isinstance(thread.fault, KeyError)
    assert [record.getMessage() for record in caplog.records] == ["webhook has ended: bug: KeyError: 'gone'"]
    with pytest.raises(KeyError):
        raise_first([None, thread.fault, ValueError()])


def test_one_that_ends_well_has_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    thread = SideThread(lambda: None, "webhook", failed=lambda: pytest.fail("it did not fail"))
    thread.start()
    thread.join()
    raise_first([thread.fault])
    assert not caplog.records


def test_work_outlives_whatever_goes_wrong(caplog: pytest.LogCaptureFixture) -> None:
    done = threading.Event()
    times: list[int] = []

    def work() -> None:
        times.append(len(times))
        if len(times) > 3:
            done.set()
        raise RuntimeError("dictionary changed size during iteration")

    ticker = Every(0.001, work, "figures")
    assert done.wait(10.0)
    ticker.close()
    assert len(caplog.records) == 1  # said once for all of them
    assert "figures: bug: RuntimeError: dictionary changed" in caplog.text
    assert isinstance(ticker.fault, RuntimeError)


def test_what_the_machine_can_mend_is_said_and_not_kept(caplog: pytest.LogCaptureFixture) -> None:
    faults, bug = Faults("figures"), ValueError("a bug")
    for error in (OutputError("is full"), OutputError("is full"), OSError("is slow"), bug, KeyError("a later one")):
        faults.note(error)
    assert [record.getMessage() for record in caplog.records] == [
        "is full",
        "is slow",
        "figures: bug: ValueError: a bug",
        "figures: bug: KeyError: 'a later one'",
    ]
    assert faults.first is bug
