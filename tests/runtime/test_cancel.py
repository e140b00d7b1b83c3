"""Ending early: the first signal asks, a second one interrupts."""

from __future__ import annotations

import signal

import pytest

from reidtrack.runtime.cancel import CancelToken, cancel_on_signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_asks_the_second_interrupts(number: signal.Signals) -> None:
    cancel, before = CancelToken(), signal.getsignal(number)
    with cancel_on_signals(cancel):
        assert not cancel.cancelled
        signal.raise_signal(number)
        assert cancel.cancelled
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    assert signal.getsignal(number) == before


def test_each_stage_is_asked_on_its_own() -> None:
    cancel = CancelToken()
    with cancel_on_signals(cancel):
        signal.raise_signal(signal.SIGINT)
        cancel.reset()
        assert not cancel.cancelled
        signal.raise_signal(signal.SIGINT)
        assert cancel.cancelled
