"""Spatio-temporal re-identification (ST-ReID, arXiv 1812.03282): how likely two cameras see a person so long apart.

For each pair of cameras a histogram of the time between two images of one person, learned on a training set and
smoothed. Its value for a query and a gallery image joins the likeness of their features (section 3.3 of the paper):

    p = f(s; 1, 5) f(p_st; 2, 5),  f(x; l, g) = 1 / (1 + l exp(-g x))

Here the histogram of a pair has a sign, so that "first camera 1, then camera 2" and the reverse share one unit of
probability. Within one camera nothing is learned, as in the paper: p_st is 0.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reidtrack.benchmark.distance import PairDistances
from reidtrack.datasets.record import Sample
from reidtrack.types import DoubleArray, FloatArray, IntArray

BIN_FRAMES = 100
SIGMA_BINS = 50.0
LOGISTIC = ((1.0, 5.0), (2.0, 5.0))
"""Lambda and gamma for appearance and for time: the paper's values."""


class SpaceTime:
    """Smoothed histograms of the time between two cameras' images of one person.

    Args:
        person_id: (N,) int64 of the training images; a person is who has one id, so leave junk and distractors out.
        camera_id: (N,) int64.
        time: (N,) int64, frames, on one clock per camera (`sequence_offsets`); the clocks of two cameras may differ.
        bin_frames: Length of a bin.
        sigma_bins: Spread of the Gaussian window, bins; 0 does not smooth.

    Attributes:
        cameras: (C,) int64, sorted.
        pairs: (C, C) int64, how many pairs of images each histogram was learned from.
        density: (C, C, 2 K + 1) float32: probability that a person seen by the first camera is seen by the second so
            many bins later (earlier where below the middle); sums to 1, or is 0 where there was no such pair.
    """

    def __init__(
        self,
        person_id: IntArray,
        camera_id: IntArray,
        time: IntArray,
        *,
        bin_frames: int = BIN_FRAMES,
        sigma_bins: float = SIGMA_BINS,
    ) -> None:
        self._bin = bin_frames
        self.cameras: IntArray = np.unique(camera_id)
        count = len(self.cameras)
        index = self._index(camera_id)
        self._farthest = int(np.ptp(time)) // bin_frames + 1 if len(time) else 0
        histogram = np.zeros((count, count, 2 * self._farthest + 1))
        for images in _by_person(person_id):
            first, second = (axis.ravel() for axis in np.meshgrid(images, images, indexing="ij"))
            apart = index[first] != index[second]
            first, second = first[apart], second[apart]
            np.add.at(histogram, (index[first], index[second], self._bins(time[second] - time[first])), 1)
        self.pairs: IntArray = histogram.sum(axis=2).astype(np.int64)
        smooth = _smoothed(histogram, sigma_bins)
        total = smooth.sum(axis=2, keepdims=True)
        self.density: FloatArray = np.divide(smooth, total, out=np.zeros_like(smooth), where=total > 0).astype(
            np.float32
        )

    def probability(self, camera_a: IntArray, time_a: IntArray, camera_b: IntArray, time_b: IntArray) -> FloatArray:
        """Probability that one person is seen by both cameras at these times; arrays broadcast.

        Returns:
            float32; 0 beyond the longest time that was learned, within one camera, and for cameras not learned.
        """
        at = self._bins(time_b - time_a)
        known = (at >= 0) & (at <= 2 * self._farthest)
        a, b = self._index(camera_a), self._index(camera_b)
        known &= (a >= 0) & (b >= 0)
        found: FloatArray = np.where(known, self.density[a, b, np.where(known, at, 0)], np.float32(0))
        return found

    def _bins(self, difference: IntArray) -> IntArray:
        """Bin of each time difference; 0 lies in the middle of the middle bin."""
        found: IntArray = (difference + self._bin // 2) // self._bin + self._farthest
        return found

    def _index(self, camera_id: IntArray) -> IntArray:
        """Index of each camera in `cameras`, -1 for one that is not there."""
        index = np.minimum(np.searchsorted(self.cameras, camera_id), len(self.cameras) - 1)
        found: IntArray = np.where(self.cameras[index] == camera_id, index, -1)
        return found


class JointDistances:
    """Distances 1 - p, where p joins similarity of features with the likelihood of cameras and times.

    Args:
        distances: Cosine distances among N images.
        space_time: What was learned.
        camera_id: (N,) int64.
        time: (N,) int64, on the clocks it was learned with.
        logistic: Lambda and gamma of appearance, then of time.
    """

    highest = 1.0

    def __init__(
        self,
        distances: PairDistances,
        space_time: SpaceTime,
        camera_id: IntArray,
        time: IntArray,
        logistic: Sequence[tuple[float, float]] = LOGISTIC,
    ) -> None:
        self._distances, self._space_time = distances, space_time
        self._camera, self._time = camera_id, time
        self._appearance, self._times = logistic

    def __len__(self) -> int:
        return len(self._distances)

    def block(self, rows: slice, columns: slice) -> FloatArray:
        """Distances of some images to some others, (R, C) float32, in 0..1."""
        camera, time = self._camera[rows, None], self._time[rows, None]
        likely = self._space_time.probability(camera, time, self._camera[columns], self._time[columns])
        return self._join(self._distances.block(rows, columns), likely)

    def pairs(self, a: IntArray, b: IntArray) -> FloatArray:
        """Distance of each image in `a` to the one beside it in `b`, (P,) float32."""
        likely = self._space_time.probability(self._camera[a], self._time[a], self._camera[b], self._time[b])
        return self._join(self._distances.pairs(a, b), likely)

    def _join(self, distance: FloatArray, likely: FloatArray) -> FloatArray:
        joined: FloatArray = (1 - logistic(1 - distance, *self._appearance) * logistic(likely, *self._times)).astype(
            np.float32
        )
        return joined


def logistic(value: FloatArray, scale: float, rate: float) -> FloatArray:
    """Logistic function 1 / (1 + scale exp(-rate value))."""
    smooth: FloatArray = 1 / (1 + np.float32(scale) * np.exp(np.float32(-rate) * value))
    return smooth


def sequence_offsets(samples: Sequence[Sample]) -> dict[tuple[int, int], int]:
    """Frames to add in each camera and sequence so that a camera's sequences follow one another.

    File names count frames from the start of a sequence. As in the authors' code, each sequence is taken to begin where
    the one before has its last frame; what was between them is not known.

    Args:
        samples: All splits of the data set, so that the last frames are seen. Without sequences nothing is added.
    """
    last: dict[tuple[int, int], int] = {}
    for sample in samples:
        key = (sample.camera_id, sample.sequence or 0)
        last[key] = max(last.get(key, 0), sample.frame or 0)
    offset: dict[tuple[int, int], int] = {}
    ends: dict[int, int] = {}
    for camera, sequence in sorted(last):
        offset[camera, sequence] = ends.get(camera, 0)
        ends[camera] = offset[camera, sequence] + last[camera, sequence]
    return offset


def times_of(samples: Sequence[Sample], offsets: dict[tuple[int, int], int]) -> IntArray:
    """Time of each sample (N,), frames, sequences of a camera one after another.

    Raises:
        ValueError: If a sample's name tells no frame.
    """
    if any(sample.frame is None for sample in samples):
        raise ValueError("times_of: a sample has no frame")
    return np.array([offsets[s.camera_id, s.sequence or 0] + (s.frame or 0) for s in samples], np.int64)


def _by_person(person_id: IntArray) -> list[IntArray]:
    """Rows of each person's images."""
    order = np.argsort(person_id, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(person_id[order])) + 1)


def _smoothed(histogram: DoubleArray, sigma_bins: float) -> DoubleArray:
    """Histograms under a Gaussian window, cut at three standard deviations."""
    if sigma_bins == 0 or histogram.size == 0:
        return histogram
    from scipy.ndimage import gaussian_filter1d

    smooth: DoubleArray = gaussian_filter1d(histogram, sigma_bins, axis=2, mode="constant", truncate=3)
    return smooth
