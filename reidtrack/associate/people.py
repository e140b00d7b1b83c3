"""Tracklets in, people out: the association of a whole recording, or of what there is of it so far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reidtrack.associate.appearance import camera_casts, cosine_distances, mean_features, mean_looks, unit
from reidtrack.associate.conflict import conflicts
from reidtrack.associate.matcher import group
from reidtrack.associate.split import split_switched
from reidtrack.associate.threshold import SAME_CAMERA_SHARE, cross_camera_threshold
from reidtrack.types import DoubleArray, Identity, IntArray, Link, Tracklet

FULL_WEIGHT_FEATURES = 8
"""A tracklet with this many features counts fully in means; one with fewer, by its share."""


class Association(NamedTuple):
    """What was settled, and by which measure.

    Attributes:
        identities: Numbered from 1 by first appearance.
        threshold: Largest mean distance of one person's tracklets in two cameras.
        same_camera_threshold: The same within a camera.
    """

    identities: list[Identity]
    threshold: float
    same_camera_threshold: float


def associate(
    tracklets: Sequence[Tracklet],
    *,
    threshold: float | None = None,
    same_camera_threshold: float | None = None,
    strangers: float = 0.3,
    split_threshold: float = 0.85,
    shrink: float = 2.0,
) -> Association:
    """Give every tracklet an identity.

    Args:
        tracklets: Of all cameras, in any order.
        threshold: Largest mean distance at which tracklets of two cameras are one person, 0..2, with each camera's cast
            removed; what shares nothing but chance lies near 1. None finds it by `cross_camera_threshold`.
        same_camera_threshold: The same within a camera (re-entries, fragments); None is a fixed share of the other.
        strangers: See `cross_camera_threshold`.
        split_threshold: Distance at which the looks before and after a moment are two people's (`split_switched`).
        shrink: See `camera_casts`.

    Returns:
        Who is who; a tracklet that matches nobody, or has no features, is a person of its own. The same tracklets give
        the same identities in whatever order they come.
    """
    ordered = sorted(tracklets, key=_by_time)
    names = sorted({t.camera for t in ordered})
    look = _Look.of(ordered, names, shrink)
    parts = sorted(split_switched(ordered, dict(zip(names, look.cast, strict=True)), split_threshold), key=_by_time)
    if len(parts) > len(ordered):
        look = _Look.of(parts, names, shrink)
    distance = cosine_distances(mean_looks(parts, look.camera, look.cast))
    if threshold is None:
        threshold = cross_camera_threshold(distance, look.camera, look.weight, strangers)
    if same_camera_threshold is None:
        same_camera_threshold = SAME_CAMERA_SHARE * threshold
    same = look.camera[:, None] == look.camera[None, :]
    cost = distance - np.where(same, same_camera_threshold, threshold)
    label = group(cost, conflicts(parts), look.weight)
    identities = [
        _identity(number, np.flatnonzero(label == number - 1), parts, look.mean, distance, label)
        for number in range(1, int(label.max(initial=-1)) + 2)
    ]
    return Association(identities, threshold, same_camera_threshold)


def _by_time(tracklet: Tracklet) -> tuple[float, str, int]:
    return tracklet.first_time_s, tracklet.camera, tracklet.track_id


class _Look(NamedTuple):
    """What tracklets look like.

    Attributes:
        mean: (N, D) unit rows, or zero.
        camera: (N,) from 0.
        weight: (N,) in 0..1, above zero.
        cast: (cameras, D).
    """

    mean: DoubleArray
    camera: IntArray
    weight: DoubleArray
    cast: DoubleArray

    @classmethod
    def of(cls, tracklets: Sequence[Tracklet], names: Sequence[str], shrink: float) -> _Look:
        mean = mean_features(tracklets)
        camera = np.array([names.index(t.camera) for t in tracklets], np.int64)
        weight = np.array([min(1.0, max(len(t.features), 1) / FULL_WEIGHT_FEATURES) for t in tracklets])
        return cls(mean, camera, weight, camera_casts(mean, camera, weight * mean.any(axis=1), shrink))


def _identity(
    number: int,
    members: IntArray,
    tracklets: Sequence[Tracklet],
    looks: DoubleArray,
    distance: DoubleArray,
    label: IntArray,
) -> Identity:
    mean = unit(looks[members].sum(axis=0, keepdims=True))[0]
    links = tuple(_link(i, members[:place], tracklets, distance, label) for place, i in enumerate(members) if place > 0)
    return Identity(number, tuple(tracklets[i] for i in members), mean.astype(np.float32), links)


def _link(i: int, earlier: IntArray, tracklets: Sequence[Tracklet], distance: DoubleArray, label: IntArray) -> Link:
    """What joins tracklet `i` to its person: the nearest of the person's earlier tracklets.

    The margin is how much farther away the nearest tracklet of somebody else is.
    """
    nearest = int(earlier[distance[i, earlier].argmin()])
    others = distance[i, label != label[i]]
    runner_up = float(others.min()) if len(others) else np.inf
    near = float(distance[i, nearest])
    return Link(tracklets[i].key, tracklets[nearest].key, near, runner_up - near)
