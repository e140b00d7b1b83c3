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


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has none")
def test_a_terminal_that_closes_asks_and_never_interrupts() -> None:
    cancel = CancelToken()
    with cancel_on_signals(cancel):
        signal.raise_signal(signal.SIGHUP)
        assert cancel.cancelled
        signal.raise_signal(signal.SIGHUP)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has none")
def test_under_nohup_a_terminal_may_close() -> None:
    cancel, before = CancelToken(), signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with cancel_on_signals(cancel):
            signal.raise_signal(signal.SIGHUP)
        assert not cancel.cancelled
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
