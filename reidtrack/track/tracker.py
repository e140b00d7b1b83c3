"""What a tracker is, and the methods there are: a new one is a file beside this one and a line in `TRACKERS`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Protocol

from reidtrack.track.cascade import Cascade
from reidtrack.track.sort import Sort
from reidtrack.types import Detections, DoubleArray, IntArray, Tracks


class Tracker(Protocol):
    """Turns the detections of one camera, frame by frame, into boxes with ids."""

    @property
    def pending_since_s(self) -> float | None:
        """Earliest time at which a track that is not yet confirmed may still add rows; None if there is none."""
        ...

    @property
    def ended(self) -> IntArray:
        """Ids (K,) of the tracks that the last `update` gave up: reported before, they add no row any more."""
        ...

    def update(
        self, detections: Detections, frame: int, time_s: float, camera_motion: DoubleArray | None = None
    ) -> Tracks:
        """Take the detections of the next frame; frames may be missing, times may be uneven.

        `camera_motion` is how the camera moved since the last frame (`CameraMotionEstimator`), None if it stood.
        `ended` then holds the tracks that this frame ended; those that are left when a recording ends are not told.

        Returns:
            Rows of this frame, and earlier rows of tracks that have just been confirmed.
        """
        ...


def pending_until_s(tracker: Tracker) -> float:
    """Time after which a tracker drops the rows that it holds back, if it is given no frame until then.

    It is what the tracker's `pending_until_s` says; infinity, that is never, of one that has none. A camera that has
    ended, or pauses for hours, then holds nobody up.
    """
    return float(getattr(tracker, "pending_until_s", float("inf")))


TRACKERS: dict[str, Callable[..., Tracker]] = {"cascade": Cascade, "sort": Sort}
"""Name of each method to its class, whose keyword arguments, each with a default, are the settings.

Those of `SHARED_OPTIONS` are keys of the configuration's section `track`, the others of the section `track.NAME`, where
the docstring explains them.
"""
DEFAULT_METHOD = "cascade"
SHARED_OPTIONS = ("time_unit", "max_age", "min_hits", "iou")
"""Settings that mean the same to every method that takes them."""


def build_tracker(method: str = DEFAULT_METHOD, **options: Any) -> Tracker:
    """Make a tracker for one camera.

    Args:
        method: A name of `TRACKERS`.
        options: Its keyword arguments.

    Raises:
        OptionError: If two of them contradict each other.
        TypeError: If the method knows one of them not.
    """
    return TRACKERS[method](**options)


def options_of(method: str) -> set[str]:
    """Names of the keyword arguments of a method."""
    return set(inspect.signature(TRACKERS[method]).parameters)
