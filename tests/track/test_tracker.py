from __future__ import annotations

import pytest

from reidtrack.track.cascade import Cascade
from reidtrack.track.sort import Sort
from reidtrack.track.tracker import build_tracker


def test_methods() -> None:
    assert isinstance(build_tracker(), Cascade)
    assert isinstance(build_tracker(method="sort", time_unit="frames", max_age=1), Sort)


def test_trackers_share_nothing() -> None:
    assert build_tracker() is not build_tracker()


def test_unknown_values_are_refused() -> None:
    with pytest.raises(TypeError, match="max_agee"):
        build_tracker(max_agee=1)  # type: ignore[call-arg]
