"""How much people look like those of a gallery, over runs, days and cameras.

A camera's colour cast moves all its features one way, and so does a day's light; in one run the association takes it
out. Here every camera of every run is a camera of its own: its cast is the mean of all that it saw, drawn towards what
all of them have in common, and that towards the network's own mean, the fewer people it saw, exactly as within a run
(`camera_biases`). Somebody seen alone, or in a photo, is freed of what all share, and that is what makes two recordings
comparable at all.

The distance to a person is that of the nearest source: views of one source are averaged, for they show the same
clothes; those of different days may not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from reidtrack.associate.bias import camera_biases
from reidtrack.associate.calibration.prior import GENERIC, AppearancePrior
from reidtrack.gallery.people import BLOCK, Gallery
from reidtrack.gallery.recognise import Expected, Shortlist, stranger_threshold
from reidtrack.gallery.views import View, ViewBlock
from reidtrack.types import DoubleArray, FloatArray, IntArray

_PHOTOS = "photo"
_LEAST_BLOCK, _MOST_DISTANCES = 256, 2**24
"""Views that are compared at once; distances that are there at once, 128 MiB."""
_TINY = 1e-9
_SAMPLE = 1000
"""People of a gallery whose distances to each other tell how strangers look."""


class Comparison(NamedTuple):
    """What some people have to do with those of a gallery.

    Attributes:
        short: Of each, who looks most alike.
        threshold: Distance below which only so many strangers are expected, see `stranger_threshold`.
        casts: What to take from each camera's features.
    """

    short: Shortlist
    threshold: float
    casts: Casts


class Looks(NamedTuple):
    """Mean looks of sources, casts taken out; of a norm below 1, so that inner products are means over views.

    Attributes:
        person: (C,) whom each shows, increasing.
        source: (C,) number of the source.
        vector: (C, D) float32.
    """

    person: IntArray
    source: IntArray
    vector: FloatArray


class Casts(NamedTuple):
    """What the views of each camera share.

    Attributes:
        row: Number of a place in the gallery, or name of a camera, to its row.
        vector: (cameras, D) float32.
        source: Number of a place in the gallery to its source.
    """

    row: Mapping[int | str, int]
    vector: FloatArray
    source: Mapping[int, int]

    def looks(self, block: ViewBlock) -> Looks:
        """Of the people of a block."""
        row = np.array([self.row[place] for place in block.place.tolist()], np.int64)
        source = np.array([self.source[place] for place in block.place.tolist()], np.int64)
        return _mean_looks(block.person, source, block.weight, block.feature - self.vector[row])

    def looks_of(self, people: Sequence[Sequence[View]]) -> Looks:
        """Of people who are not in the gallery, all from one source; those without views are left out."""
        views = [view for seen in people for view in seen]
        person = np.repeat(np.arange(len(people)), [len(seen) for seen in people])
        row = [self.row[view.camera] for view in views]
        feature, weight = np.array([view.feature for view in views]), np.array([view.weight for view in views])
        return _mean_looks(person, np.zeros_like(person), weight, feature - self.vector[row])


def _mean_looks(person: IntArray, source: IntArray, weight: DoubleArray, look: FloatArray) -> Looks:
    """Means of looks (V, D), brought to unit norm in place, over the views of each person in each source."""
    look /= np.maximum(np.linalg.norm(look, axis=1, keepdims=True), _TINY)
    (people, sources), group = np.unique(np.stack([person, source]), axis=1, return_inverse=True)
    total = _sums(group.ravel(), weight, look, len(people))
    mean = total / np.bincount(group.ravel(), weight)[:, None]
    return Looks(people, sources, mean.astype(np.float32))


def _sums(group: IntArray, weight: DoubleArray, vectors: FloatArray, count: int) -> DoubleArray:
    """Weighted sums (count, D) of the vectors (V, D) of each group (V,)."""
    from scipy.sparse import csr_array

    members = csr_array((weight.astype(np.float32), (group, np.arange(len(group)))), shape=(count, len(group)))
    return np.asarray(members @ vectors, np.float64)


def compare(
    gallery: Gallery,
    people: Sequence[Sequence[View]],
    strangers: float,
    *,
    prior: AppearancePrior = GENERIC,
    photo: bool = False,
    length: int = 8,
) -> Comparison:
    """Compare people with everybody in a gallery, in two passes over its file.

    Args:
        gallery: An open one.
        people: The views of each, all from one source.
        strangers: How many, of all in the gallery, may look as much like a stranger as the threshold.
        prior: Of the network that made the features.
        photo: Whether that source is a photo: all photos share one cast.
        length: How many of the most alike are told of each.
    """
    if not any(people):
        return Comparison(Shortlist(len(people)), 2.0, Casts({}, np.zeros((0, 0), np.float32), {}))
    casts = _casts(gallery, people, prior, photo=photo)
    looks, short = casts.looks_of(people), Shortlist(len(people), length)
    every = max(1, gallery.count() // _SAMPLE)
    sample = [looks.vector]
    for block in gallery.blocks(size=max(_LEAST_BLOCK, min(BLOCK, _MOST_DISTANCES // max(1, len(people))))):
        known = casts.looks(block)
        begins = np.flatnonzero(np.r_[True, np.diff(known.person) != 0])
        distance = np.full((len(people), len(begins)), np.inf)
        distance[looks.person] = np.minimum.reduceat(1 - looks.vector @ known.vector.T, begins, axis=1)
        short.offer(known.person[begins], distance)
        sample.append(known.vector[begins[::every]])
    expected = Expected(prior.distances.other, prior.distances.beyond, prior.belief.other)
    threshold = stranger_threshold(_apart(np.concatenate(sample)), gallery.count(), strangers, expected)
    return Comparison(short, threshold, casts)


def _apart(looks: FloatArray) -> DoubleArray:
    """Distances of all pairs of some people, nearly all of whom are different."""
    spread = looks[:: max(1, len(looks) // (2 * _SAMPLE))]
    return (1 - spread @ spread.T)[np.triu_indices(len(spread), 1)].astype(np.float64)


def _casts(gallery: Gallery, people: Sequence[Sequence[View]], prior: AppearancePrior, *, photo: bool) -> Casts:
    """Of each camera of each run, and of all photos together."""
    places = gallery.places()
    row: dict[int | str, int] = {}
    first: dict[tuple[str, int], int] = {}
    for place, (_, kind) in places.items():
        row[place] = first.setdefault((kind, 0 if kind == _PHOTOS else place), len(first))
    cameras = sorted({view.camera for seen in people for view in seen})
    for camera in cameras:
        row[camera] = first.setdefault((_PHOTOS, 0) if photo else ("here", len(first)), len(first))
    views = [view for seen in people for view in seen]
    index = np.array([row[view.camera] for view in views], np.int64)
    w = np.array([view.weight for view in views], np.float64)
    weight = np.bincount(index, w, minlength=len(first)).astype(np.float64)
    total = _sums(index, w, np.array([view.feature for view in views]), len(first))
    for block in gallery.blocks():
        index = np.array([row[place] for place in block.place.tolist()], np.int64)
        weight += np.bincount(index, block.weight, minlength=len(first))
        total += _sums(index, block.weight, block.feature, len(first))
    mean = np.divide(total, weight[:, None], out=np.zeros_like(total), where=weight[:, None] > 0)
    casts = camera_biases(mean, np.arange(len(mean)), weight, prior)
    return Casts(row, casts.astype(np.float32), {place: source for place, (source, _) in places.items()})
