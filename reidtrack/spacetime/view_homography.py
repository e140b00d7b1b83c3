"""The homography between two overlapping pictures where nobody has measured it: from the feet of people both show.

The ground is a plane, so that one homography takes every foot point of one picture to the other. It is fitted to the
foot points of links that appearance is sure of, robustly (RANSAC), for some of them are wrong; how well it fits is
asked of links that the fit has not seen.

The constants are round numbers that were not varied on their own; docs/results/space_time.md says what the estimate is
worth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from reidtrack.geometry import project
from reidtrack.spacetime.clock_scores import LAGS
from reidtrack.spacetime.ground import PERSON_M, CameraGround, Closeness, Displacement, GroundPath, facing, ground_path
from reidtrack.types import BoolArray, DoubleArray, Tracklet

LEAST_LINKS = 4
"""Fewer links are no evidence of how two pictures lie to each other."""
LEAST_SUPPORT = 5
"""So many links must speak for a shift of the clocks: people walk in company, and two of them are no two witnesses."""
FITS_M = 0.5
"""A fit whose unseen links are nearer than this, in the middle, counts."""
_FITTED_SHARE = 0.6
"""Share of links that must be as near as that when they are not fitted."""
_LEAST_STEPS = 5
"""Links that are seen at once for fewer steps are left out."""
_MOST_STEPS = 40
"""Steps of one link that are fitted; more of them say the same again."""
_MOST_LINKS = 60
"""Links that are fitted; bounds time."""
_INLIER_HEIGHTS = 0.1
"""A foot point that is off by more of a person's height is an outlier of the fit."""
_COARSE = 5
"""Shifts of a clock that are tried first, every so many of `LAGS`."""
_NEAR = 30
"""Where the pictures fit with the clocks as they are, no larger shift is tried."""
_SCANNED_LINKS = 24
_SCANNED_STEPS = 12
_CANDIDATES = 12
"""Links, their steps, and shifts that are looked at closely; bounds time."""
_NOISE_M2 = 0.02
"""Variance of a foot point, in each direction, square metres."""
_BEYOND = 0.05
"""The homography is believed so much of the picture's sides beyond the links' positions."""
_SPAN = 0.02
"""The foot points must spread over so much of the picture's diagonal in every direction."""
Pair = tuple[Tracklet, Tracklet]


class ViewHomography(NamedTuple):
    """The homography from one picture's ground to another's, and how far to trust it.

    Attributes:
        homography: (3, 3) from pixels of the first to pixels of the second.
        links: How many links it was fitted to.
        inliers: Share of their foot points that it takes to where they belong.
        fit_px: Median error of links that were left out of the fit, pixels of the second picture.
        fit_m: Median error of those links in metres, by the height of the people there.
        fits: Whether that is near enough to count as evidence.
        without: For each link the homography fitted to all others, or None.
        region: Left, top, right, bottom of the part of the first picture that links were seen in, and a little more.
    """

    homography: DoubleArray
    links: int
    inliers: float
    fit_px: float
    fit_m: float
    fits: bool
    without: Sequence[DoubleArray | None]
    region: tuple[float, float, float, float]


class Steps(NamedTuple):
    """Foot points of one link.

    Attributes:
        first: (T, 2) pixels of the first picture.
        second: (T, 2) pixels of the second.
        height: (T,) pixels, of the person in the second.
    """

    first: DoubleArray
    second: DoubleArray
    height: DoubleArray


def pictures(sizes: tuple[tuple[float, float], tuple[float, float]]) -> tuple[CameraGround, CameraGround]:
    """Two pictures of given width and height, pixels, as planes of their own."""
    return CameraGround(np.eye(3), sizes[0], None), CameraGround(np.eye(3), sizes[1], None)


def estimate_homography(
    links: Sequence[Pair], sizes: tuple[tuple[float, float], tuple[float, float]], offset_s: float = 0.0
) -> ViewHomography | None:
    """Fit the homography between the pictures of two cameras; None where links are few or all in one place.

    Args:
        links: Tracklets of the first and of the second camera that are one person.
        sizes: Width and height of both pictures, pixels.
        offset_s: Seconds the second camera's clock is fast against the first's.
    """
    paths = _paths(links, sizes, offset_s)
    steps = [steps_of(a, b, 0) for a, b in paths]
    used = [k for k, s in enumerate(steps) if len(s.first) >= _LEAST_STEPS][:_MOST_LINKS]
    fitted = fit_steps([steps[k] for k in used], sizes[1])
    if fitted is None:
        return None
    homography, inlier = fitted
    without: list[DoubleArray | None] = [None] * len(links)
    errors: list[tuple[float, float]] = []
    for k in used:  # how well does each link fit what the others say?
        other = fit_steps([steps[i] for i in used if i != k], sizes[1])
        without[k] = None if other is None else other[0]
        errors.append(error_of(steps[k], without[k]))
    off_px, off_m = np.array(errors).T
    middle = float(np.median(off_px)), float(np.median(off_m))
    fits = len(used) >= LEAST_LINKS and float((off_m <= FITS_M).mean()) >= _FITTED_SHARE and middle[1] <= FITS_M
    region = _region(np.concatenate([steps[k].first for k in used])[inlier], sizes[0])
    return ViewHomography(homography, len(used), float(inlier.mean()), *middle, fits, without, region)


def _region(points: DoubleArray, size: tuple[float, float]) -> tuple[float, float, float, float]:
    """Left, top, right, bottom around points (N, 2) of a picture, and a little more."""
    room = _BEYOND * np.array(size)
    left, top, right, bottom = (float(v) for v in (*(points.min(axis=0) - room), *(points.max(axis=0) + room)))
    return left, top, right, bottom


def homography_scores(
    links: Sequence[Pair], sizes: tuple[tuple[float, float], tuple[float, float]], closeness: Closeness
) -> DoubleArray:
    """Evidence for each of `LAGS` of the second camera's clock, the homography being fitted anew for each.

    Args:
        links: As in `estimate_homography`.
        sizes: Width and height of both pictures, pixels.
        closeness: How near one person's views lie.

    Returns:
        (L,) log-odds; every half second, finer about the best and interpolated between. All zero unless enough links
        speak for the best; nothing is known of shifts that even a homography fitted to all links does not suit.
    """
    longest = sorted(links, key=lambda pair: -min(len(pair[0]), len(pair[1])))
    paths = _paths(longest[:_SCANNED_LINKS], sizes, 0.0)
    # Where the clocks fit as they are, no wrong shift fits better.
    near = estimate_homography(links, sizes)
    reach = _NEAR if near is not None and near.fits else int(LAGS[-1])
    lags = range(-reach, reach + 1, _COARSE)
    suited = {lag: _score(paths, lag, sizes, closeness, folds=1)[0] for lag in lags}
    tried = dict.fromkeys(lags, (0.0, 0))
    for lag in sorted((lag for lag in lags if suited[lag] > 0), key=lambda lag: -suited[lag])[:_CANDIDATES]:
        tried[lag] = _score(paths, lag, sizes, closeness)
    best = max(tried, key=lambda lag: tried[lag])
    for lag in range(max(best - 2 * _COARSE, -reach), min(best + 2 * _COARSE, reach) + 1):
        tried[lag] = _score(paths, lag, sizes, closeness)
    if max(tried.values())[1] < LEAST_SUPPORT:
        return np.zeros(len(LAGS))
    at = sorted(tried)
    return np.interp(LAGS, at, [tried[lag][0] for lag in at], left=0.0, right=0.0)


def common_plane(
    homography: ViewHomography, sizes: tuple[tuple[float, float], tuple[float, float]]
) -> tuple[CameraGround, CameraGround]:
    """Grounds of two cameras with a known homography, in the plane of the second one's picture."""
    first = CameraGround(homography.homography, sizes[0], None, homography.region)
    return first, CameraGround(np.eye(3), sizes[1], None)


def _paths(
    links: Sequence[Pair], sizes: tuple[tuple[float, float], tuple[float, float]], offset_s: float
) -> list[tuple[GroundPath, GroundPath]]:
    first, second = pictures(sizes)
    made: Mapping[tuple[str, int], GroundPath] = {
        **{a.key: ground_path(a, first) for a, _ in links},
        **{b.key: ground_path(b, second, offset_s) for _, b in links},
    }
    return [(made[a.key], made[b.key]) for a, b in links]


def steps_of(a: GroundPath, b: GroundPath, lag: int, most: int = _MOST_STEPS) -> Steps:
    """Foot points where both are seen if the second one's clock is fast by `lag` steps, `most` of them or few more."""
    first, end = max(a.first, b.first - lag), min(a.first + len(a), b.first - lag + len(b))
    step = np.arange(first, max(first, end))
    step = step[a.known[step - a.first] & b.known[step + lag - b.first]]
    step = step[:: max(1, -(-len(step) // most))]
    rows_b = step + lag - b.first
    return Steps(a.position[step - a.first], b.position[rows_b], PERSON_M / b.unit_m[rows_b])


def fit_steps(steps: Sequence[Steps], size: tuple[float, float]) -> tuple[DoubleArray, BoolArray] | None:
    """The homography that most foot points agree on, and a mask of those that do; None where they determine none."""
    import cv2

    seen = [s for s in steps if len(s.first)]
    if len(seen) < LEAST_LINKS - 1:
        return None
    first, second = (np.concatenate([s[k] for s in seen]) for k in (0, 1))
    if len(first) < 8 or min(_narrowest(first), _narrowest(second)) < _SPAN * float(np.hypot(*size)) / 2:
        return None
    limit = _INLIER_HEIGHTS * float(np.median(np.concatenate([s.height for s in seen])))
    found, mask = cv2.findHomography(first, second, cv2.RANSAC, limit, maxIters=300, confidence=0.995)
    inlier = mask[:, 0].astype(np.bool_)
    if found is None or not inlier.any():
        return None
    return facing(np.asarray(found, np.float64), first[inlier]), inlier


def _narrowest(points: DoubleArray) -> float:
    """Standard deviation of points (N, 2) in the direction in which they spread least."""
    return float(np.sqrt(max(np.linalg.eigvalsh(np.cov(points.T))[0], 0.0)))


def error_of(steps: Steps, homography: DoubleArray | None) -> tuple[float, float]:
    """Median error of one link, in pixels and in metres; infinite without a homography."""
    if homography is None:
        return np.inf, np.inf
    off = np.linalg.norm(project(homography, steps.first) - steps.second, axis=1)
    return float(np.median(off)), float(np.median(off * PERSON_M / steps.height))


def _score(
    paths: Sequence[tuple[GroundPath, GroundPath]],
    lag: int,
    sizes: tuple[tuple[float, float], tuple[float, float]],
    closeness: Closeness,
    folds: int = 4,
) -> tuple[float, int]:
    """Evidence for one shift that links give to a homography fitted to the others; and how many of them speak for it.

    In one fold the homography is fitted to all of them, which flatters it.
    """
    steps = [s for s in (steps_of(a, b, lag, _SCANNED_STEPS) for a, b in paths) if len(s.first) >= _LEAST_STEPS]
    odds: list[float] = []
    for fold in range(folds) if len(steps) >= LEAST_LINKS else ():
        fitted = fit_steps([s for k, s in enumerate(steps) if folds == 1 or k % folds != fold], sizes[1])
        if fitted is not None:
            odds += [_odds(s, fitted[0], closeness) for s in steps[fold::folds]]
    return sum(odds), sum(value > 1 for value in odds)


def _odds(steps: Steps, homography: DoubleArray, closeness: Closeness) -> float:
    """Evidence that one link gives for a homography."""
    unit = PERSON_M / steps.height
    off = (project(homography, steps.first) - steps.second) * unit[:, None]
    noise = np.tile([_NOISE_M2, 0.0, 0.0, _NOISE_M2], (len(off), 1))
    return float(closeness.log_odds(Displacement(off, noise)).mean()) * min(len(off), _SCANNED_STEPS) / 4
