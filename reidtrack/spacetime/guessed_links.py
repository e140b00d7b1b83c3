"""Links of two cameras that places alone tell: paths that one homography takes to each other.

Where people look the same, appearance is sure of no link, and nothing is known of how two pictures lie to each other.
But a homography that takes three paths of one picture to three of the other takes all others to somebody, too, if the
three are right, and hardly any if they are not. So triples of paths that are seen at once are tried (RANSAC, Fischler
and Bolles 1981, over whole paths), and what most agree with is taken if nearly everybody does.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reidtrack.spacetime.ground import GroundPath
from reidtrack.spacetime.view_homography import FITS_M, Steps, error_of, fit_steps, steps_of
from reidtrack.types import DoubleArray, IntArray

_LEAST_STEPS = 15
"""Paths that are seen at once for fewer steps are left out; round, as are the others, and not tuned."""
_MOST_PAIRS = 60
_TRIES = 80
_MOST_TRACKLETS = 2500
"""Pairs of paths and triples of them that are looked at, and tracklets of the one camera times those of the other of
which more are no few people; bounds time."""
_LEAST_LINKS = 8
"""Fewer paths that agree may do so by chance: three of them were fitted."""
_AGREE = 0.8
"""Share of the tracklets of either camera that must be taken to somebody."""


def guess_links(
    first: Sequence[tuple[int, GroundPath]],
    second: Sequence[tuple[int, GroundPath]],
    size: tuple[float, float],
) -> IntArray:
    """Links (P, 2) between the tracklets of two cameras that one homography explains; none where none is clear.

    Args:
        first: Tracklets of one camera by index, with their paths in its picture.
        second: Those of the other one.
        size: Width and height of the second picture, pixels.
    """
    if len(first) * len(second) > _MOST_TRACKLETS:
        return np.zeros((0, 2), np.int64)
    found = [((i, j), steps_of(a, b, 0)) for i, a in first for j, b in second]
    found = sorted((f for f in found if len(f[1].first) >= _LEAST_STEPS), key=lambda f: -len(f[1].first))[:_MOST_PAIRS]
    pairs, steps = np.array([pair for pair, _ in found], np.int64).reshape(-1, 2), [s for _, s in found]
    if len(pairs) < _LEAST_LINKS:
        return pairs[:0]
    off = min(_tried(pairs, steps, size), key=lambda off: float(np.minimum(off, 4 * FITS_M).sum()), default=None)
    if off is None:
        return pairs[:0]
    fits = pairs[off <= FITS_M]
    explained = min(len(np.unique(fits[:, k])) / len(np.unique(pairs[:, k])) for k in (0, 1))
    return fits if len(fits) >= _LEAST_LINKS and explained >= _AGREE else pairs[:0]


def _tried(pairs: IntArray, steps: Sequence[Steps], size: tuple[float, float]) -> list[DoubleArray]:
    """For homographies of triples how far off, in metres, each pair of paths is: (P,) arrays."""
    rng, tried = np.random.default_rng(0), list[DoubleArray]()
    for _ in range(_TRIES):
        chosen = rng.choice(len(pairs), 3, replace=False)
        if min(len(np.unique(pairs[chosen, k])) for k in (0, 1)) < 3:
            continue  # nobody is two
        fitted = fit_steps([steps[k] for k in chosen.tolist()], size)
        if fitted is not None and max(error_of(steps[k], fitted[0])[1] for k in chosen.tolist()) <= FITS_M:
            tried.append(np.array([error_of(s, fitted[0])[1] for s in steps]))
    return tried
