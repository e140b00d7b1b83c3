"""The tracklets of a site by camera, with the links that are learned from, their times and their paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np

from reidtrack.associate.appearance import cosine_distances
from reidtrack.spacetime.ground import (
    TICK_S,
    CameraGround,
    Closeness,
    Displacement,
    GroundPath,
    displacement,
    ground_path,
)
from reidtrack.spacetime.learned_site import CameraPair
from reidtrack.spacetime.plan import LEAST_SEEN_S, Meeting, fit_closeness, meetings
from reidtrack.spacetime.travel_times import TrackletTimes, learn_travel_times
from reidtrack.types import DoubleArray, IntArray, Tracklet

_SAMPLED = 400
"""Tracklets among which it is learned how far apart different people are; bounds time."""
_CLEARLY = 0.8
"""A link is sure if the two are nearer to each other than this share of the distance to every stranger there: of two
people in one outfit, chance decides who is nearer, and positions that learn from that are worse than none. 0.8 leaves
the people of PETS and the sample as they are; nothing else was tried."""
_BLOCK = 1024
"""Tracklets that are compared at once; bounds memory, changes no result."""


class SiteTracklets(NamedTuple):
    """The tracklets of a site, by camera.

    Attributes:
        tracklets: N of them.
        names: Names of the cameras, sorted.
        camera: (N,) index in `names`.
        label: (N,) cluster of each by appearance alone.
        links: (P, 2) links that appearance is sure of (`sure_links`).
    """

    tracklets: Sequence[Tracklet]
    names: tuple[str, ...]
    camera: IntArray
    label: IntArray
    links: IntArray

    @classmethod
    def of(cls, tracklets: Sequence[Tracklet], label: IntArray, appearance: DoubleArray) -> SiteTracklets:
        """Sort tracklets by camera and find their links; arguments as `Evidence` is called with."""
        names = tuple(sorted({t.camera for t in tracklets}))
        index = {name: i for i, name in enumerate(names)}
        camera = np.array([index[t.camera] for t in tracklets], np.int64)
        return cls(tracklets, names, camera, label, sure_links(camera, label, appearance))

    def by_cameras(self) -> dict[CameraPair, IntArray]:
        """Two cameras (a < b) to their links, the tracklet of `a` first."""
        swap = self.camera[self.links[:, 0]] > self.camera[self.links[:, 1]]
        links = np.where(swap[:, None], self.links[:, ::-1], self.links)
        found: dict[CameraPair, list[list[int]]] = {}
        for i, j in links.tolist():
            found.setdefault((int(self.camera[i]), int(self.camera[j])), []).append([i, j])
        return {pair: np.array(rows, np.int64) for pair, rows in sorted(found.items())}

    def pairs(self, links: IntArray) -> list[tuple[Tracklet, Tracklet]]:
        """Tracklets of links (P, 2)."""
        return [(self.tracklets[i], self.tracklets[j]) for i, j in links.tolist()]

    def cameras_of(self, pair: tuple[int, int]) -> CameraPair:
        """Camera indices of two tracklets, the lower first."""
        a, b = int(self.camera[pair[0]]), int(self.camera[pair[1]])
        return min(a, b), max(a, b)

    def paths(self, grounds: Mapping[str, CameraGround], offsets: Sequence[float]) -> list[GroundPath | None]:
        """Path of each tracklet in a plane; None for cameras that are not in it."""
        return [
            ground_path(t, grounds[t.camera], offsets[int(c)]) if t.camera in grounds else None
            for t, c in zip(self.tracklets, self.camera, strict=True)
        ]

    def linked_meetings(self, paths: Sequence[GroundPath | None]) -> list[Meeting]:
        """Links whose two tracklets are seen at the same time."""
        found = []
        for i, j in self.links.tolist():
            first, second = (i, j) if self.camera[i] < self.camera[j] else (j, i)
            a, b = paths[first], paths[second]
            if a is not None and b is not None and len((both := displacement(a, b)).metres) * TICK_S >= LEAST_SEEN_S:
                found.append(Meeting((min(i, j), max(i, j)), both))
        return found

    def closeness(self, same: Sequence[Displacement], paths: Sequence[GroundPath | None]) -> Closeness:
        """How near one person's positions are, learned from links, and other people's, from some of those there are."""
        every = max(1, len(paths) // _SAMPLED)
        some = [path if k % every == 0 else None for k, path in enumerate(paths)]
        others = (m.found for m in meetings(some, self.camera) if self.label[m.pair[0]] != self.label[m.pair[1]])
        return fit_closeness(same, list(islice(others, 10 * _SAMPLED)))

    def times(self, offsets: Sequence[float]) -> TrackletTimes:
        """Times of the tracklets by the right clocks; `offsets`: seconds that each camera's clock is fast."""
        off = np.array(offsets, np.float64)[self.camera]
        start = np.array([t.first_time_s for t in self.tracklets], np.float64)
        end = np.array([t.last_time_s for t in self.tracklets], np.float64)
        return TrackletTimes(start - off, end - off, self.camera)

    def ways(self, pair: CameraPair) -> tuple[DoubleArray, DoubleArray]:
        """Travel times between two cameras, there and back, by the clocks as they are."""
        known = learn_travel_times(self.times([0.0] * len(self.names)), self.label, self.links)
        there, back = known.get(pair), known.get((pair[1], pair[0]))
        none = np.zeros(0)
        return (none if there is None else there.gaps_s), (none if back is None else back.gaps_s)


def sure_links(camera: IntArray, label: IntArray, appearance: DoubleArray) -> IntArray:
    """Links of two cameras to learn from: pairs of one cluster, each clearly nearer to the other than to any stranger.

    Args:
        camera: (N,) camera index from 0.
        label: (N,) cluster of each.
        appearance: (N, D) unit rows; a zero row is linked to nobody.

    Returns:
        (P, 2), i < j, sorted.
    """
    known = np.flatnonzero(appearance.any(axis=1))
    cameras = np.unique(camera[known]).tolist()
    stranger = {c: _nearest_strangers(known, known[camera[known] == c], label, appearance) for c in cameras}
    found = [np.zeros((0, 2), np.int64)]
    order = known[np.argsort(label[known], kind="stable")]
    edges = np.flatnonzero(np.diff(label[order])) + 1
    for members in np.split(order, edges):
        i, j = members[np.array(np.triu_indices(len(members), 1))]
        two = camera[i] != camera[j]
        i, j = i[two], j[two]
        distance = 1 - np.einsum("pd,pd->p", appearance[i], appearance[j])
        nearest_i = np.array([stranger[c][a] for a, c in zip(i.tolist(), camera[j].tolist(), strict=True)])
        nearest_j = np.array([stranger[c][b] for b, c in zip(j.tolist(), camera[i].tolist(), strict=True)])
        sure = distance < _CLEARLY * np.minimum(nearest_i, nearest_j)
        found.append(np.sort(np.stack([i[sure], j[sure]], axis=1), axis=1))
    pairs = np.concatenate(found)
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


def _nearest_strangers(rows: IntArray, others: IntArray, label: IntArray, appearance: DoubleArray) -> DoubleArray:
    """Distance (N,) of each row to the nearest of `others` that is somebody else; infinity where there is none."""
    least = np.full(len(appearance), np.inf)
    for first in range(0, len(rows), _BLOCK):
        own = rows[first : first + _BLOCK]
        distance = cosine_distances(appearance[own], appearance[others])
        distance[label[own][:, None] == label[others]] = np.inf
        least[own] = distance.min(axis=1, initial=np.inf)
    return least
