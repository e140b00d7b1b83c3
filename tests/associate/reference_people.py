"""The association of a recording with matrices of all pairs: what the library's is compared with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from associate.dense_problems import sparse
from associate.reference_grouping import group_dense

from reidtrack.associate.appearance import mean_appearances, mean_features
from reidtrack.associate.bias import CameraBias
from reidtrack.associate.calibration.fit import SAME_CAMERA_SHARE
from reidtrack.associate.calibration.prior import FULL_CROPS, GENERIC
from reidtrack.associate.clustering.exact import improve_exactly
from reidtrack.associate.clustering.local_search import renumbered
from reidtrack.associate.clustering.problem import ClusterProblem
from reidtrack.associate.constraints import overlapping_pairs
from reidtrack.associate.split import split_switched
from reidtrack.types import BoolArray, DoubleArray, IntArray, Link, Tracklet


def associate_dense(
    tracklets: Sequence[Tracklet], threshold: float, shrink: float | None = None
) -> list[tuple[list[tuple[str, int]], list[Link]]]:
    """Keys and links of each person."""
    ordered = sorted(tracklets, key=lambda t: (t.first_time_s, t.camera, t.track_id))
    names = sorted({t.camera for t in ordered})
    _, _, bias = _looks(ordered, names, shrink)
    parts = split_switched(ordered, bias, 0.85)
    parts.sort(key=lambda t: (t.first_time_s, t.camera, t.track_id))
    camera, weight, bias = _looks(parts, names, shrink)
    distance = cosine_distances_dense(mean_appearances(parts, bias.without))
    same = camera[:, None] == camera[None, :]
    cost = np.where(np.isfinite(distance), distance, 1.0) - np.where(same, SAME_CAMERA_SHARE * threshold, threshold)
    clash = conflicts_dense(parts)
    nodes = ClusterProblem.of(
        *sparse(cost, clash, weight, threshold)
    )  # that the last step is exact is tested elsewhere
    label = renumbered(improve_exactly(group_dense(cost, clash, weight, threshold), nodes, 12))
    people = []
    for number in range(int(label.max(initial=-1)) + 1):
        members = np.flatnonzero(label == number)
        links = [_link(i, members[:place], parts, distance, label) for place, i in enumerate(members) if place > 0]
        people.append(([parts[i].key for i in members], links))
    return people


def _looks(
    tracklets: Sequence[Tracklet], names: Sequence[str], shrink: float | None
) -> tuple[IntArray, DoubleArray, CameraBias]:
    mean = mean_features(tracklets)
    camera = np.array([names.index(t.camera) for t in tracklets], np.int64)
    weight = np.array([min(1.0, max(len(t.features), 1) / FULL_CROPS) for t in tracklets])
    return (
        camera,
        weight,
        CameraBias.of(mean, camera, weight * mean.any(axis=1), GENERIC, shrink, overlapping_pairs(tracklets)),
    )


def cosine_distances_dense(vectors: DoubleArray) -> DoubleArray:
    """Cosine distance of every pair of unit rows, (N, N) in 0..2; infinite where a row is zero."""
    distance = np.clip(1 - vectors @ vectors.T, 0, 2)
    blank = ~vectors.any(axis=1)
    distance[blank] = np.inf
    distance[:, blank] = np.inf
    return distance


def conflicts_dense(tracklets: Sequence[Tracklet]) -> BoolArray:
    """Pairs of one camera that share a frame: (N, N), symmetric, false on the diagonal."""
    n = len(tracklets)
    clash = np.zeros((n, n), np.bool_)
    for camera in sorted({t.camera for t in tracklets}):
        members = [i for i in range(n) if tracklets[i].camera == camera]
        members.sort(key=lambda i: int(tracklets[i].frame[0]))
        for place, i in enumerate(members):
            for j in members[place + 1 :]:
                if tracklets[j].frame[0] > tracklets[i].frame[-1]:
                    break
                clash[i, j] = clash[j, i] = _share_frame(tracklets[i], tracklets[j])
    return clash


def _share_frame(a: Tracklet, b: Tracklet) -> bool:
    return bool(np.isin(a.frame, b.frame, assume_unique=True).any())


def _link(i: int, earlier: IntArray, tracklets: Sequence[Tracklet], distance: DoubleArray, label: IntArray) -> Link:
    """What joins tracklet `i` to its person: the nearest of the person's earlier tracklets.

    The margin is how much farther away the nearest tracklet of somebody else is.
    """
    nearest = int(earlier[distance[i, earlier].argmin()])
    others = distance[i, label != label[i]]
    runner_up = float(others.min()) if len(others) else np.inf
    near = float(distance[i, nearest])
    return Link(tracklets[i].key, tracklets[nearest].key, near, runner_up - near)
