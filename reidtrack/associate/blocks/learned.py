"""What a long archive teaches before anybody is put together: cameras' biases and what distances mean, from a sample.

Everything that is learned of a camera is known well enough from some hundreds of its tracklets; a table of all would be
the largest thing in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reidtrack.associate.appearance import mean_appearances
from reidtrack.associate.calibration.calibration import Calibration
from reidtrack.associate.calibration.feedback import Feedback
from reidtrack.associate.calibration.fit import calibrate
from reidtrack.associate.calibration.prior import AppearancePrior
from reidtrack.associate.constraints import PairConstraints
from reidtrack.associate.grouping import Recording
from reidtrack.types import DoubleArray, IntArray, Tracklet, TrackletKey

_OF_A_CAMERA = 500
"""Tracklets of a camera that its bias is learned from: as many as `same_camera` compares with each other. Not tuned."""
_MOST = 40_000
"""Of all cameras together; bounds memory."""
_STRETCHES = 8
"""Of the time, that are taken in full. Not tuned."""
_OF_EACH = 0.1
"""Share of the sample that is spread over each camera's whole time: one that is rarely passed has a bias, too."""


class LearnedBias:
    """Biases of the cameras of an archive, as each tracklet's own camera is seen without it (`split.Biases`).

    Args:
        tracklets: N of them, by time.
        prior: What is known of the network that made the features.
        shrink: As in `associate`.

    Attributes:
        names: Names of the cameras, sorted.
        rows: (S,) the tracklets that biases were learned from, increasing.
        sample: These.
    """

    def __init__(self, tracklets: Sequence[Tracklet], prior: AppearancePrior, shrink: float | None) -> None:
        self.names = sorted({t.camera for t in tracklets})
        index = {name: i for i, name in enumerate(self.names)}
        self.camera = np.array([index[t.camera] for t in tracklets], np.int64)
        self.rows = chosen_rows(self.camera, len(self.names))
        self.sample = Recording.of([tracklets[i] for i in self.rows.tolist()], prior, shrink)
        self._place = {row: i for i, row in enumerate(self.rows.tolist())}

    @property
    def dim(self) -> int:
        """Length of a feature."""
        return int(self.sample.mean.shape[1])

    def without(self, i: int) -> DoubleArray:
        """Bias (D,) of tracklet `i`'s camera without the person; of hundreds, one more or less is nothing."""
        place = self._place.get(i)
        if place is None:
            found: DoubleArray = self.sample.bias.vector[self.camera[i]]
            return found
        return self.sample.bias.without(place)

    def of_rows(self, rows: IntArray) -> tuple[DoubleArray, IntArray]:
        """What `without` gives for some tracklets (R,): rows of a table (C, D), and which one (R,) is whose."""
        table, which = self.sample.bias.vector, self.camera[rows].copy()
        known = np.flatnonzero(np.isin(rows, self.rows))
        which[known] = len(table) + np.arange(len(known))
        own = [self.without(i) for i in rows[known].tolist()]
        return np.concatenate([table, np.array(own).reshape(-1, self.dim)]), which

    def without_lookalikes(self, i: int) -> tuple[DoubleArray, float]:
        """The same without whoever looks alike in any camera, and the distance expected of two people then."""
        place = self._place.get(i)
        return (self.without(i), 1.0) if place is None else self.sample.bias.without_lookalikes(place)


class Told(NamedTuple):
    """What a caller of `associate` says of thresholds.

    Attributes:
        threshold: See `associate`.
        same_camera_threshold: See `associate`.
        least_probability: See `associate`.
        feedback: See `associate`.
    """

    threshold: float | None
    same_camera_threshold: float | None
    least_probability: float
    feedback: Sequence[tuple[TrackletKey, TrackletKey, bool, float]]


def learn_distances(bias: LearnedBias, told: Told, prior: AppearancePrior) -> Calibration:
    """What distances mean in an archive, from the sample; corrections teach where it holds both tracklets.

    Args:
        bias: Of its cameras.
        told: What the caller says.
        prior: What is known of the network.
    """
    sample = bias.sample
    appearance = mean_appearances(sample.tracklets, sample.bias.without)
    keys = [t.key for t in sample.tracklets]
    certain = PairConstraints.of(keys, sample.overlapping, (), ())
    known = set(keys)
    heard = [entry for entry in told.feedback if entry[0] in known and entry[1] in known]
    return calibrate(
        sample.observed(appearance),
        certain.cannot_link,
        certain.must_link,
        threshold=told.threshold,
        same_camera_threshold=told.same_camera_threshold,
        least_probability=told.least_probability,
        feedback=Feedback.of(keys, heard),
        prior=sample.expected(prior),
        belief=prior.belief,
    )


def chosen_rows(camera: IntArray, cameras: int) -> IntArray:
    """Rows, increasing, that an archive is learned from: stretches of its time in full, and some of each camera.

    Of rows that are spread thinly nearly no two are one person, and what two pictures of one person look like cannot be
    learned: of 300,000 visits the threshold came out so high that hardly half of the joined pairs were right.
    """
    most = max(1, min(_OF_A_CAMERA, _MOST // max(1, cameras)))
    room = most * cameras
    if len(camera) <= room:
        return np.arange(len(camera))
    long = int(room * (1 - _OF_EACH)) // _STRETCHES
    first = np.linspace(0, len(camera) - long, _STRETCHES).astype(np.int64)
    chosen = [(first[:, None] + np.arange(long)).ravel()]
    order = np.argsort(camera, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(camera[order])) + 1):
        chosen.append(
            rows[np.linspace(0, len(rows) - 1, min(max(1, int(most * _OF_EACH)), len(rows))).astype(np.int64)]
        )
    return np.unique(np.concatenate(chosen))
