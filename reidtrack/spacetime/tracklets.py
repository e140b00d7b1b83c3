"""The tracklets of a site by camera: their links, times and paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np

from reidtrack.spacetime.ground import TICK_S, Apart, CameraGround, Closeness, GroundPath, apart, ground_path
from reidtrack.spacetime.plan_terms import LEAST_SEEN_S, Meeting, fit_closeness, meetings
from reidtrack.spacetime.site import CameraPair
from reidtrack.spacetime.sure_links import confident_links
from reidtrack.spacetime.travel_times import Times, learn_transitions
from reidtrack.types import DoubleArray, IntArray, Tracklet

_SAMPLED = 400
"""Tracklets among which it is learned how far apart different people are."""


class Seen(NamedTuple):
    """The tracklets, by camera.

    Attributes:
        tracklets: N of them.
        names: Of the cameras, sorted.
        camera: (N,) place in `names`.
        label: (N,) who is who so far.
        links: (P, 2) links that looks are sure of.
    """

    tracklets: Sequence[Tracklet]
    names: tuple[str, ...]
    camera: IntArray
    label: IntArray
    links: IntArray

    @classmethod
    def of(cls, tracklets: Sequence[Tracklet], label: IntArray, look: DoubleArray) -> Seen:
        """Of what evidence is asked with."""
        names = tuple(sorted({t.camera for t in tracklets}))
        place = {name: i for i, name in enumerate(names)}
        camera = np.array([place[t.camera] for t in tracklets], np.int64)
        return cls(tracklets, names, camera, label, confident_links(camera, label, look))

    def by_cameras(self) -> dict[CameraPair, IntArray]:
        """Two cameras (a < b) to their links, the tracklet of `a` first."""
        swap = self.camera[self.links[:, 0]] > self.camera[self.links[:, 1]]
        links = np.where(swap[:, None], self.links[:, ::-1], self.links)
        found: dict[CameraPair, list[list[int]]] = {}
        for i, j in links.tolist():
            found.setdefault((int(self.camera[i]), int(self.camera[j])), []).append([i, j])
        return {pair: np.array(rows, np.int64) for pair, rows in sorted(found.items())}

    def pairs(self, links: IntArray) -> list[tuple[Tracklet, Tracklet]]:
        """The tracklets of links."""
        return [(self.tracklets[i], self.tracklets[j]) for i, j in links.tolist()]

    def cameras_of(self, pair: tuple[int, int]) -> CameraPair:
        """The cameras of two tracklets, the lower first."""
        a, b = int(self.camera[pair[0]]), int(self.camera[pair[1]])
        return min(a, b), max(a, b)

    def paths(self, grounds: Mapping[str, CameraGround], offsets: Sequence[float]) -> list[GroundPath | None]:
        """Where each tracklet stood in a plane; None for cameras that are not in it."""
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
            if a is not None and b is not None and len((both := apart(a, b)).metres) * TICK_S >= LEAST_SEEN_S:
                found.append(Meeting((min(i, j), max(i, j)), both))
        return found

    def closeness(self, same: Sequence[Apart], paths: Sequence[GroundPath | None]) -> Closeness:
        """How near one person's places are, learned from links, and other people's, from some of those there are."""
        every = max(1, len(paths) // _SAMPLED)
        some = [path if k % every == 0 else None for k, path in enumerate(paths)]
        others = (m.found for m in meetings(some, self.camera) if self.label[m.pair[0]] != self.label[m.pair[1]])
        return fit_closeness(same, list(islice(others, 10 * _SAMPLED)))

    def times(self, offsets: Sequence[float]) -> Times:
        """When each is seen, by the right clocks."""
        off = np.array(offsets, np.float64)[self.camera]
        start = np.array([t.first_time_s for t in self.tracklets], np.float64)
        end = np.array([t.last_time_s for t in self.tracklets], np.float64)
        return Times(start - off, end - off, self.camera)

    def ways(self, pair: CameraPair) -> tuple[DoubleArray, DoubleArray]:
        """Times of journeys between two cameras, there and back."""
        known = learn_transitions(self.times([0.0] * len(self.names)), self.label, self.links)
        there, back = known.get(pair), known.get((pair[1], pair[0]))
        none = np.zeros(0)
        return (none if there is None else there.gaps_s), (none if back is None else back.gaps_s)
