"""Links to learn from: tracklets of two cameras that were put together and are each other's nearest."""

from __future__ import annotations

import numpy as np

from reidtrack.associate.appearance import cosine_distances
from reidtrack.types import DoubleArray, IntArray

_BLOCK = 1024


def confident_links(camera: IntArray, label: IntArray, look: DoubleArray) -> IntArray:
    """Pairs of two cameras of one person, each nearer to the other than anybody else of its camera is.

    Args:
        camera: (N,) from 0.
        label: (N,) who is who so far.
        look: (N, D) unit rows; a zero row is linked to nobody.

    Returns:
        (P, 2), i < j, sorted.
    """
    known = np.flatnonzero(look.any(axis=1))
    cameras = np.unique(camera[known]).tolist()
    stranger = {c: _nearest_strangers(known, known[camera[known] == c], label, look) for c in cameras}
    found = [np.zeros((0, 2), np.int64)]
    order = known[np.argsort(label[known], kind="stable")]
    edges = np.flatnonzero(np.diff(label[order])) + 1
    for members in np.split(order, edges):
        i, j = members[np.array(np.triu_indices(len(members), 1))]
        two = camera[i] != camera[j]
        i, j = i[two], j[two]
        distance = 1 - np.einsum("pd,pd->p", look[i], look[j])
        nearest_i = np.array([stranger[c][a] for a, c in zip(i.tolist(), camera[j].tolist(), strict=True)])
        nearest_j = np.array([stranger[c][b] for b, c in zip(j.tolist(), camera[i].tolist(), strict=True)])
        sure = (distance < nearest_i) & (distance < nearest_j)
        found.append(np.sort(np.stack([i[sure], j[sure]], axis=1), axis=1))
    pairs = np.concatenate(found)
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


def _nearest_strangers(rows: IntArray, others: IntArray, label: IntArray, look: DoubleArray) -> DoubleArray:
    """(N,) distance of each row to the nearest of `others` that is somebody else; infinity where there is none."""
    least = np.full(len(look), np.inf)
    for first in range(0, len(rows), _BLOCK):
        own = rows[first : first + _BLOCK]
        distance = cosine_distances(look[own], look[others])
        distance[label[own][:, None] == label[others]] = np.inf
        least[own] = distance.min(axis=1, initial=np.inf)
    return least
