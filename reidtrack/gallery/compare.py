"""Appearance distances between people and everybody in a gallery, over runs, days and cameras.

A camera's bias moves all its features one way, and so does a day's light; within a run the association removes it. Here
every camera of every run is a camera of its own: its bias is the mean of all that it saw, drawn towards what all
cameras have in common, and that towards the network's own mean, the fewer people it saw, exactly as within a run
(`camera_biases`). Somebody seen alone, or in a photo, is freed of what all cameras share, and that is what makes two
recordings comparable at all.

The distance to a person is that of the nearest source: views of one source are averaged, for they show the same
clothes; those of different days may not.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from reidtrack.associate.bias import camera_biases
from reidtrack.associate.calibration.prior import GENERIC, AppearancePrior
from reidtrack.gallery.people import BLOCK, Gallery
from reidtrack.gallery.recognise import ExpectedDistances, Shortlist, stranger_threshold
from reidtrack.gallery.views import View, ViewBlock
from reidtrack.types import DoubleArray, FloatArray, IntArray

_PHOTO = "photo"
_LEAST_BLOCK, _MOST_DISTANCES = 256, 2**24
"""Views that are compared at once; distances that are held at once, 128 MiB."""
_TINY = 1e-9
_SAMPLE = 1000
"""People of a gallery whose distances to each other tell how far apart strangers are."""


class Comparison(NamedTuple):
    """Distances of some people to those of a gallery.

    Attributes:
        short: The people of the gallery nearest to each.
        threshold: Distance below which only so many strangers are expected, see `stranger_threshold`.
        biases: What was taken from each camera's features.
    """

    short: Shortlist
    threshold: float
    biases: GalleryBiases


class Appearances(NamedTuple):
    """Mean appearance of each person in each source, camera bias removed.

    Norms are below 1, so that inner products are means over pairs of views.

    Attributes:
        person: (P,) id of the person, increasing.
        source: (P,) id of the source.
        vector: (P, D) float32.
    """

    person: IntArray
    source: IntArray
    vector: FloatArray


class GalleryBiases(NamedTuple):
    """Biases of all cameras of a gallery's sources, and of the cameras that are compared with them.

    Attributes:
        vector: (C, D) float32, what to take from the features of each camera.
        row_of_source_camera: Id of a source camera in the gallery to its row.
        row_of_camera: Name of a camera that is compared with them to its row.
        source: Id of a source camera to the id of its source.
    """

    vector: FloatArray
    row_of_source_camera: Mapping[int, int]
    row_of_camera: Mapping[str, int]
    source: Mapping[int, int]

    def appearances(self, block: ViewBlock) -> Appearances:
        """Appearances of the people of a block."""
        cameras = block.source_camera.tolist()
        row = np.array([self.row_of_source_camera[camera] for camera in cameras], np.int64)
        source = np.array([self.source[camera] for camera in cameras], np.int64)
        return _mean_appearances(block.person, source, block.weight, block.feature - self.vector[row])

    def appearances_of(self, people: Sequence[Sequence[View]]) -> Appearances:
        """Appearances of people who are not in the gallery, all from one source; those without views are left out."""
        person = np.repeat(np.arange(len(people)), [len(views) for views in people])
        row, weight, feature = _columns(people, self.row_of_camera)
        return _mean_appearances(person, np.zeros_like(person), weight, feature - self.vector[row])


def compare(
    gallery: Gallery,
    people: Sequence[Sequence[View]],
    strangers: float,
    *,
    prior: AppearancePrior = GENERIC,
    photo: bool = False,
    length: int = 8,
    block: int = BLOCK,
    sample: int = _SAMPLE,
) -> Comparison:
    """Compare people with everybody in a gallery, in two passes over its file.

    Args:
        gallery: An open one.
        people: The views of each, all from one source.
        strangers: How many, of all in the gallery, may look as much like a stranger as the threshold.
        prior: Of the network that made the features.
        photo: Whether that source is a photo: all photos share one bias.
        length: How many of the nearest are kept for each.
        block: Views that are held in memory at once.
        sample: People of the gallery whose distances to each other tell how far apart strangers are.

    Raises:
        InputError: If the gallery's features are damaged, or of another length.
    """
    if not any(people):
        return Comparison(Shortlist(len(people)), 2.0, GalleryBiases(np.zeros((0, 0), np.float32), {}, {}, {}))
    gallery.check_length(next(view.feature.size for views in people for view in views))
    biases = _biases(gallery, people, prior, photo=photo, block=block)
    own, short = biases.appearances_of(people), Shortlist(len(people), length)
    every = max(1, gallery.count() // sample)
    seen = [own.vector]
    for views in gallery.blocks(size=max(_LEAST_BLOCK, min(block, _MOST_DISTANCES // max(1, len(people))))):
        known = biases.appearances(views)
        begins = np.flatnonzero(np.r_[True, np.diff(known.person) != 0])
        distance = np.full((len(people), len(begins)), np.inf)
        distance[own.person] = np.minimum.reduceat(1 - own.vector @ known.vector.T, begins, axis=1)
        short.offer(known.person[begins], distance)
        seen.append(known.vector[begins[::every]])
    expected = ExpectedDistances(prior.distances.other, prior.distances.beyond, prior.belief.other)
    threshold = stranger_threshold(_pair_distances(np.concatenate(seen), sample), gallery.count(), strangers, expected)
    return Comparison(short, threshold, biases)


def may_be_one(gallery: Gallery, found: Comparison, threshold: float) -> Callable[[int, int], bool]:
    """Test of two people of the gallery: whether they may be one, as they look alike and no source shows both."""

    def test(a: int, b: int) -> bool:
        (seen,) = (found.biases.appearances(block) for block in gallery.blocks([a, b]))
        one, other = seen.person == a, seen.person == b
        if set(seen.source[one]) & set(seen.source[other]):
            return False
        return bool((1 - seen.vector[one] @ seen.vector[other].T).min() <= threshold)

    return test


def _pair_distances(vectors: FloatArray, sample: int) -> DoubleArray:
    """Distances of all pairs of some people, nearly all of whom are different."""
    spread = vectors[:: max(1, len(vectors) // (2 * sample))]
    return np.asarray((1 - spread @ spread.T)[np.triu_indices(len(spread), 1)], np.float64)


def _biases(
    gallery: Gallery, people: Sequence[Sequence[View]], prior: AppearancePrior, *, photo: bool, block: int
) -> GalleryBiases:
    """Bias of each camera of each run, and of all photos together."""
    rows: dict[Hashable, int] = {}  # a camera, or photos, to the row in the order of first mention

    def row_of(key: Hashable) -> int:
        return rows.setdefault(key, len(rows))

    cameras = gallery.source_cameras()
    of_source_camera = {i: row_of(_PHOTO if kind == _PHOTO else i) for i, (_, kind) in cameras.items()}
    names = sorted({view.camera for views in people for view in views})
    of_camera = {name: row_of(_PHOTO if photo else ("compared", name)) for name in names}
    total, weight = _weighted_sums(*_columns(people, of_camera), len(rows))
    for held in gallery.blocks(size=block):
        row = np.array([of_source_camera[camera] for camera in held.source_camera.tolist()], np.int64)
        more, heavier = _weighted_sums(row, held.weight, held.feature, len(rows))
        total, weight = total + more, weight + heavier
    mean = np.divide(total, weight[:, None], out=np.zeros_like(total), where=weight[:, None] > 0)
    vector: FloatArray = camera_biases(mean, np.arange(len(mean)), weight, prior).astype(np.float32)
    return GalleryBiases(vector, of_source_camera, of_camera, {i: source for i, (source, _) in cameras.items()})


def _columns(people: Sequence[Sequence[View]], row: Mapping[str, int]) -> tuple[IntArray, DoubleArray, FloatArray]:
    """Row of the camera (V,), weight (V,) and feature (V, D) of all views of all people."""
    views = [view for seen in people for view in seen]
    return (
        np.array([row[view.camera] for view in views], np.int64),
        np.array([view.weight for view in views], np.float64),
        np.array([view.feature for view in views]),
    )


def _mean_appearances(person: IntArray, source: IntArray, weight: DoubleArray, vector: FloatArray) -> Appearances:
    """Means of vectors (V, D), brought to unit norm in place, over the views of each person in each source."""
    vector /= np.maximum(np.linalg.norm(vector, axis=1, keepdims=True), _TINY)
    (people, sources), group = np.unique(np.stack([person, source]), axis=1, return_inverse=True)
    total, heavy = _weighted_sums(group.ravel(), weight, vector, len(people))
    return Appearances(people, sources, np.asarray(total / heavy[:, None], np.float32))


def _weighted_sums(
    group: IntArray, weight: DoubleArray, vectors: FloatArray, count: int
) -> tuple[DoubleArray, DoubleArray]:
    """Weighted sum (count, D) of the vectors (V, D) of each group, and the sum of its weights (count,)."""
    from scipy.sparse import csr_array

    members = csr_array((weight.astype(np.float32), (group, np.arange(len(group)))), shape=(count, len(group)))
    return np.asarray(members @ vectors, np.float64), np.asarray(np.bincount(group, weight, count), np.float64)
