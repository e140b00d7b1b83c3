"""One clustering of all that is held while cameras are live: parts of tracks, and who of before may be among them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reidtrack.associate.appearance import mean_appearances, mean_features, unit
from reidtrack.associate.calibration.fit import calibrate
from reidtrack.associate.calibration.prior import AppearancePrior
from reidtrack.associate.evidence import Evidence, PairTerms
from reidtrack.associate.grouping import Grouping, Recording, group_by
from reidtrack.associate.live.constraints import Said, Things, constraints_of
from reidtrack.associate.live.numbering import Cluster
from reidtrack.associate.live.parts import Part
from reidtrack.associate.live.people import Person
from reidtrack.associate.live.quick import QuickLook
from reidtrack.associate.live.register import Register
from reidtrack.associate.live.remembered import RememberedEvidence
from reidtrack.associate.live.threshold import RunningThreshold
from reidtrack.associate.split import LEAST_FEATURES, split_switched
from reidtrack.graph import component_members
from reidtrack.types import DoubleArray, IntArray, Tracklet

_CHAIN_WORK = 1000
"""Moves of `swap_chains`: what is left undone is done by a later clustering, or by `reidtrack associate`."""
_STAY = 0.05
"""Distance by which two tracklets of one number may be farther apart than others, so that numbers do not flicker."""
_NEAR = 0.1
"""People of before are looked at up to so far beyond the threshold."""
_NEAREST, _CONTEXT, _MOST_BEFORE = 3, 32, 96
"""People of before who are looked at: nearest to each part that is not settled, those seen last, in all."""
_MOST_CAMERAS = 1 << 16
"""Cameras that names of prototypes tell apart."""
_RECALIBRATE_S, _GROWTH = 30.0, 1.25
"""It is asked anew what distances mean after so long, or when there are so many times more tracklets."""


class Rules(NamedTuple):
    """How is associated; all as in `associate`."""

    prior: AppearancePrior
    evidence: Sequence[Evidence]
    same_camera_threshold: float | None
    fixed_threshold: float | None
    least_probability: float
    split_threshold: float
    shrink: float | None


class Settling:
    """Clusters what a register holds.

    Args:
        register: Parts and people; switched tracks are cut in it.
        rules: How is associated.
        running: The threshold in use, which is moved as more becomes known.

    Attributes:
        quick: For who comes before the next clustering; None before the first.
    """

    def __init__(self, register: Register, rules: Rules, running: RunningThreshold) -> None:
        self._register, self._rules, self._running = register, rules, running
        self._bias: dict[str, DoubleArray] = {}
        self._calibrated: tuple[float, int] | None = None
        self._evidence = RememberedEvidence(rules.evidence)
        self._camera: dict[str, int] = {}
        self.quick: QuickLook | None = None

    def clusters(self, said: Said, now_s: float, *, ask: bool) -> tuple[list[Cluster], dict[int, float]]:
        """The clusters, and the probability of each part that it belongs to the others of its cluster.

        Args:
            said: What a user said.
            now_s: The time, seconds.
            ask: Whether evidence is asked anew; else it counts what it said before.
        """
        people = self._people_looked_at()
        recording, owner = self._recording(people)
        if self._cut(recording, now_s):
            recording, owner = self._recording(people)
        things = _things(owner)
        appearance = mean_appearances(recording.tracklets, recording.bias.without)
        constraints = constraints_of(self._register, things, recording.overlapping, said)
        self._calibrate(recording, appearance, constraints.cannot_link, now_s)
        calibration = self._running.now
        assert calibration is not None
        known = [_staying(owner, _STAY * calibration.slope)]
        names = self._names(recording, owner)
        if not ask:
            known.append(self._evidence.again(names))
        self._evidence.names = names
        evidence = [self._evidence] if ask and self._rules.evidence else []
        found = group_by(recording, appearance, constraints, calibration, evidence, known)
        self._bias = dict(zip(recording.names, recording.bias.vector, strict=True))
        self.quick = QuickLook(found, owner)
        return self._clusters(found.label, owner), self._probabilities(found, owner)

    def _recording(self, people: Sequence[Person]) -> tuple[Recording, list[Part | int]]:
        """All tracklets by time, and what each is: a part, or a prototype of the person of that number."""
        found: list[tuple[Tracklet, Part | int]] = [(p.tracklet, p) for p in self._register.parts.values()]
        serial = 0
        for person in people:
            for _, prototypes in sorted(person.before.items()):
                serial -= 1
                found.append((prototypes.as_tracklet(serial), person.number))
        found.sort(key=lambda item: (item[0].first_time_s, item[0].camera, item[0].track_id))
        recording = Recording.of([t for t, _ in found], self._rules.prior, self._rules.shrink)
        return recording, [owner for _, owner in found]

    def _names(self, recording: Recording, owner: Sequence[Part | int]) -> IntArray:
        """A number (N,) for each part, above zero, and each person's prototypes of a camera, that stays."""
        found = []
        for tracklet, one in zip(recording.tracklets, owner, strict=True):
            camera = self._camera.setdefault(tracklet.camera, len(self._camera))
            found.append(one.serial if isinstance(one, Part) else -(one * _MOST_CAMERAS + camera % _MOST_CAMERAS) - 1)
        return np.array(found, np.int64)

    def _cut(self, recording: Recording, now_s: float) -> bool:
        """Cut parts that go over from one person to another; returns whether there were any."""
        parts = self._register.parts
        due = {i for i, t in enumerate(recording.tracklets) if t.track_id > 0 and _may_switch(parts[t.track_id])}
        if not due:
            return False
        before = len(parts)
        last: Part | None = None
        for tracklet in split_switched(recording.tracklets, recording.bias, self._rules.split_threshold, due):
            if tracklet.split_from is None:
                last = parts.get(tracklet.track_id)
            elif last is not None:
                last = self._register.cut(last, tracklet, now_s)
        for i in due:
            part = parts[recording.tracklets[i].track_id]
            part.checked = part.newest_crop
        return len(parts) > before

    def _calibrate(self, recording: Recording, appearance: DoubleArray, cannot_link: IntArray, now_s: float) -> None:
        count = len(recording.tracklets)
        if self._calibrated is not None:
            when_s, then = self._calibrated
            if now_s - when_s < _RECALIBRATE_S and count < _GROWTH * then + 1:
                return
        self._calibrated = now_s, count
        rules = self._rules
        found = calibrate(
            recording.observed(appearance),
            cannot_link,
            np.zeros((0, 2), np.int64),
            threshold=rules.fixed_threshold,
            same_camera_threshold=rules.same_camera_threshold,
            least_probability=rules.least_probability,
            prior=recording.expected(rules.prior),
            belief=rules.prior.belief,
        )
        self._running.take(found)

    def _people_looked_at(self) -> list[Person]:
        """People of whom there are parts, and of the others the last and the nearest to what is not settled."""
        people = self._register.people
        active = {part.number for part in self._register.parts.values()}
        chosen = {number for number in active if number is not None}
        idle = [person for person in self._register.idle() if person.before]
        idle.sort(key=lambda person: (-person.last_s, person.number))
        chosen |= {person.number for person in idle[:_CONTEXT]}
        room = max(0, _MOST_BEFORE - min(len(idle), _CONTEXT))
        chosen |= set(self._nearest(idle[_CONTEXT:])[:room])
        return [people[number] for number in sorted(chosen)]

    def _nearest(self, idle: Sequence[Person]) -> list[int]:
        """Numbers of those who look like a part that is open or not kept, the nearest first."""
        parts = [p for p in self._register.parts.values() if p.features and (p.is_open or not p.kept)]
        if not parts or not idle or self._running.threshold is None:
            return []
        rows = [(person.number, camera, p.mean) for person in idle for camera, p in person.before.items()]
        theirs = self._freed([mean for *_, mean in rows], [camera for _, camera, _ in rows])
        ours = self._freed(list(mean_features([p.tracklet for p in parts])), [p.camera for p in parts])
        distance = 1 - ours @ theirs.T
        number = np.array([n for n, *_ in rows])
        found: dict[int, float] = {}
        for row in distance:
            taken: set[int] = set()
            for k in np.argsort(row, kind="stable")[: _NEAREST * 4].tolist():
                if row[k] > self._running.threshold + _NEAR or len(taken) == _NEAREST:
                    break
                taken.add(int(number[k]))
                found[int(number[k])] = min(found.get(int(number[k]), 2.0), float(row[k]))
        return sorted(found, key=lambda n: (found[n], n))

    def _freed(self, means: Sequence[DoubleArray], cameras: Sequence[str]) -> DoubleArray:
        """Unit rows less what is known of their cameras' biases."""
        rows = np.stack(means)
        other = self._rules.prior.mean if self._rules.prior.mean is not None else np.zeros(rows.shape[1])
        return unit(rows - np.stack([self._bias.get(camera, other) for camera in cameras]))

    def _clusters(self, label: IntArray, owner: Sequence[Part | int]) -> list[Cluster]:
        found = []
        for members in component_members(label):
            who = [owner[i] for i in members.tolist()]
            before = sorted({one for one in who if isinstance(one, int)})
            found.append(Cluster([one for one in who if isinstance(one, Part)], before))
        return found

    def _probabilities(self, found: Grouping, owner: Sequence[Part | int]) -> dict[int, float]:
        """Probability of each part that has no lasting number yet, by its serial, from the nearest of its cluster."""
        result, tracklets = {}, found.recording.tracklets
        for i, one in enumerate(owner):
            if not isinstance(one, Part) or one.kept or not found.appearance[i].any():
                continue
            others = np.flatnonzero((found.label == found.label[i]) & found.appearance.any(axis=1))
            others = others[others != i]
            if len(others):
                distance = 1 - found.appearance[others] @ found.appearance[i]
                k = int(distance.argmin())
                cameras = tracklets[i].camera, tracklets[int(others[k])].camera
                result[one.serial] = found.calibration.probability(float(distance[k]), *cameras)
        return result


def _may_switch(part: Part) -> bool:
    """Whether there are enough new features for it to be looked at whether a part goes over to somebody else."""
    if part.features < 2 * LEAST_FEATURES:
        return False
    new = int((part.tracklet.feature_frame > part.checked).sum())
    return new >= LEAST_FEATURES or (new > 0 and not part.is_open)


def _things(owner: Sequence[Part | int]) -> Things:
    prototypes: dict[int, list[int]] = {}
    for index, one in enumerate(owner):
        if isinstance(one, int):
            prototypes.setdefault(one, []).append(index)
    return Things({one.serial: i for i, one in enumerate(owner) if isinstance(one, Part)}, prototypes)


def _staying(owner: Sequence[Part | int], log_odds: float) -> PairTerms:
    """What speaks for tracklets that have one number to stay together."""
    members: dict[int, list[int]] = {}
    for index, one in enumerate(owner):
        number = one if isinstance(one, int) else one.number
        if number is not None:
            members.setdefault(number, []).append(index)
    pairs = [np.stack(np.triu_indices(len(rows), 1), axis=1) for rows in members.values()]
    found = [np.array(rows)[pair] for rows, pair in zip(members.values(), pairs, strict=True)]
    joined = np.concatenate([np.zeros((0, 2), np.int64), *found])
    return PairTerms(joined, np.full(len(joined), log_odds))
