"""Tracklets to clusters: the part of an association that recordings and live cameras share.

`group` frees appearances of the cameras' biases, finds what distances mean, and clusters by appearance and then with
all evidence. `associate` makes people of the clusters; `OnlineIdentities` gives them numbers that last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from reidtrack.associate.alike import settle_alike, with_fragments
from reidtrack.associate.appearance import mean_appearances, mean_features, tracklet_weights, unit
from reidtrack.associate.bias import CameraBias, expected_distances
from reidtrack.associate.calibration.calibration import Calibration
from reidtrack.associate.calibration.feedback import Feedback
from reidtrack.associate.calibration.fit import ObservedAppearance, calibrate
from reidtrack.associate.calibration.mixture import Mixture
from reidtrack.associate.calibration.prior import AppearancePrior
from reidtrack.associate.calibration.sample_pairs import half_distances
from reidtrack.associate.clustering.chains import WORK
from reidtrack.associate.clustering.hungarian import cluster
from reidtrack.associate.clustering.problem import PairCosts
from reidtrack.associate.constraints import PairConstraints, overlapping_pairs
from reidtrack.associate.continuity import continuity
from reidtrack.associate.evidence import Evidence, EvidenceTable, PairTerms
from reidtrack.associate.links import LinkContext, explain
from reidtrack.associate.lookalikes import lookalikes
from reidtrack.associate.nearest import NearPairs, near_pairs
from reidtrack.associate.split import split_switched
from reidtrack.graph import component_members
from reidtrack.types import DoubleArray, FloatArray, Identity, IntArray, Link, Tracklet, TrackletKey

_ROUNDING = 1e-6
"""Costs and distances are computed in different ways and differ by less than this."""


class Grouping(NamedTuple):
    """Which of N tracklets are one person, and by which measure.

    Attributes:
        recording: The tracklets and what they look like.
        appearance: (N, D) unit rows freed of the cameras' biases, or zero.
        calibration: What distances mean.
        constraints: What was certain.
        near: Near pairs of the appearances.
        table: What the evidence says.
        costs: What pairs cost, evidence and all.
        label: (N,) cluster of each tracklet, from 0.
        alike: Clusters that are surely two people and look the same (`lookalikes`), where that is known already.
    """

    recording: Recording
    appearance: DoubleArray
    calibration: Calibration
    constraints: PairConstraints
    near: NearPairs
    table: EvidenceTable
    costs: PairCosts
    label: IntArray
    alike: list[tuple[int, int]] | None = None

    @property
    def keys(self) -> list[TrackletKey]:
        """Camera and track id of each tracklet."""
        return [t.key for t in self.recording.tracklets]

    def lookalikes(self) -> list[tuple[int, int]]:
        """Pairs of clusters, lower first, that are surely two people and that appearance cannot tell apart."""
        if self.alike is not None:
            return self.alike
        return _lookalikes(self.label, self.recording, self.appearance, self.calibration)


def group(
    recording: Recording,
    *,
    prior: AppearancePrior,
    threshold: float | None = None,
    same_camera_threshold: float | None = None,
    least_probability: float = 0.5,
    evidence: Sequence[Evidence] = (),
    must_link: Sequence[tuple[TrackletKey, TrackletKey]] = (),
    cannot_link: Sequence[tuple[TrackletKey, TrackletKey]] = (),
    feedback: Sequence[tuple[TrackletKey, TrackletKey, bool, float]] = (),
) -> Grouping:
    """Cluster tracklets of one person each; all arguments but the first, and errors, are those of `associate`."""
    keys = [t.key for t in recording.tracklets]
    appearance = mean_appearances(recording.tracklets, recording.bias.without)
    # What is certain before anything is compared.
    constraints = PairConstraints.of(keys, recording.overlapping, must_link, cannot_link)
    # What distances mean in this recording, and so the thresholds.
    calibration = calibrate(
        recording.observed(appearance),
        constraints.cannot_link,
        constraints.must_link,
        threshold=threshold,
        same_camera_threshold=same_camera_threshold,
        least_probability=least_probability,
        feedback=Feedback.of(keys, feedback),
        prior=recording.expected(prior),
        belief=prior.belief,
    )
    return group_by(recording, appearance, constraints, calibration, evidence)


def group_by(
    recording: Recording,
    appearance: DoubleArray,
    constraints: PairConstraints,
    calibration: Calibration,
    evidence: Sequence[Evidence] = (),
    known: Sequence[PairTerms] = (),
    chain_work: int = WORK,
) -> Grouping:
    """Cluster tracklets where it is known what distances mean.

    Args:
        recording: N tracklets of one person each, by time.
        appearance: (N, D) theirs, freed of the cameras' biases.
        constraints: What is certain.
        calibration: What distances mean.
        evidence: What else may speak for or against a pair.
        known: What is known of pairs already, whatever a first clustering says.
        chain_work: See `cluster`; live, where there is little time, it is less.
    """
    weight = recording.weight

    def clustered(costs: PairCosts, constraints: PairConstraints) -> IntArray:
        cannot_link, must_link = constraints.cannot_link, constraints.must_link
        return cluster(costs, near.pairs, cannot_link, weight, must_link, chain_work=chain_work)

    # Clusters by appearance alone.
    costs = PairCosts.of_appearance(appearance, recording.camera, *calibration.thresholds)
    appearance = costs.vectors[:, : appearance.shape[1]]  # the same numbers, kept once
    near = near_pairs(appearance, max(calibration.thresholds) + _ROUNDING)
    label = np.zeros(0, np.int64)
    if evidence or not known:
        label = clustered(costs, constraints)
    # Evidence of space and time learns from these; then all counts together.
    judged = [judge(recording.tracklets, label, appearance) for judge in evidence]
    table = EvidenceTable.of(len(weight), [*judged, *known])
    if judged or known:
        costs = costs.with_extra(table.log_odds.pairs, -table.log_odds.value / calibration.slope)
        constraints = constraints.with_cannot_link(table.cannot_link, len(weight))
        label = clustered(costs, constraints)
    # Whom looks cannot tell apart, all else has to.
    label, alike = _settle_alike(label, recording, appearance, costs, constraints, calibration)
    return Grouping(recording, appearance, calibration, constraints, near, table, costs, label, alike)


def _lookalikes(
    label: IntArray, recording: Recording, appearance: DoubleArray, calibration: Calibration
) -> list[tuple[int, int]]:
    return lookalikes(label, appearance, recording.overlapping, calibration.everywhere.mixture.same)


def _settle_alike(
    label: IntArray,
    recording: Recording,
    appearance: DoubleArray,
    costs: PairCosts,
    constraints: PairConstraints,
    calibration: Calibration,
) -> tuple[IntArray, list[tuple[int, int]] | None]:
    """Clusters (N,) with those who look the same put together anew; and who these are, where no cluster changed."""
    alike = _lookalikes(label, recording, appearance, calibration)
    if not alike:
        return label, alike
    whole = with_fragments(label, alike, appearance, constraints.cannot_link, recording.weight)
    if whole.max() < label.max():
        label, alike = whole, _lookalikes(whole, recording, appearance, calibration)
    # Of these alone it counts who goes on as whom within one picture.
    pairs, odds = continuity(recording.tracklets, np.flatnonzero(np.isin(label, alike)))
    costs = costs.plus(pairs, -odds / calibration.slope)
    seen_s = np.array([(t.first_time_s, t.last_time_s) for t in recording.tracklets]).reshape(-1, 2)
    settled = settle_alike(label, alike, costs, constraints, recording.weight, seen_s)
    return settled, alike if np.array_equal(settled, label) else None


class Recording(NamedTuple):
    """Tracklets by time, and what they look like.

    Attributes:
        tracklets: N of them.
        names: Names of the cameras, sorted.
        camera: (N,) index in `names`.
        mean: (N, D) mean features, unit rows, or zero.
        weight: (N,) how much each counts, in 0..1, above zero.
        overlapping: (Q, 2) pairs that stand in one camera at the same time.
        bias: Biases of the cameras.
    """

    tracklets: list[Tracklet]
    names: Sequence[str]
    camera: IntArray
    mean: DoubleArray
    weight: DoubleArray
    overlapping: IntArray
    bias: CameraBias

    @classmethod
    def of(cls, tracklets: list[Tracklet], prior: AppearancePrior, shrink: float | None) -> Recording:
        """What tracklets, by time, look like; `prior` and `shrink` as in `associate`."""
        names = sorted({t.camera for t in tracklets})
        index = {name: i for i, name in enumerate(names)}
        camera = np.array([index[t.camera] for t in tracklets], np.int64)
        mean, weight, overlapping = mean_features(tracklets), tracklet_weights(tracklets), overlapping_pairs(tracklets)
        bias = CameraBias.of(mean, camera, weight * mean.any(axis=1), prior, shrink, overlapping)
        return cls(tracklets, names, camera, mean, weight, overlapping, bias)

    def observed(self, appearance: DoubleArray) -> ObservedAppearance:
        """What a calibration is found from."""
        halves = half_distances(self.tracklets, self.bias.without)
        return ObservedAppearance(appearance, self.camera, self.weight, self.names, halves)

    def expected(self, prior: AppearancePrior) -> Mixture:
        """How distances are distributed before those of the recording are seen."""
        same, other = expected_distances(self.bias, prior)
        return replace(prior.distances, same=same, other=other)

    def identities(self, label: IntArray, context: LinkContext) -> list[Identity]:
        """People, numbered from 1, from the cluster (N,) of each tracklet."""
        people = component_members(label)
        links = explain(people, label, context)
        found = enumerate(zip(people, links, strict=True), start=1)
        return [self._identity(number, members, reasons) for number, (members, reasons) in found]

    def _identity(self, number: int, members: IntArray, links: tuple[Link, ...]) -> Identity:
        tracklets = tuple(self.tracklets[i] for i in members)
        return Identity(number, tracklets, mean_look(self.mean[members]), links)


def mean_look(means: DoubleArray) -> FloatArray:
    """What a person looks like (D,): the mean of the tracklets' mean features (M, D), of unit norm."""
    mean: FloatArray = unit(means.sum(axis=0, keepdims=True))[0].astype(np.float32)
    return mean


def single_persons(
    tracklets: Sequence[Tracklet], split_threshold: float, prior: AppearancePrior, shrink: float | None
) -> Recording:
    """Tracklets of one person each, by time."""
    ordered = sorted(tracklets, key=by_time)
    whole = Recording.of(ordered, prior, shrink)
    parts = split_switched(ordered, whole.bias, split_threshold)
    if len(parts) == len(ordered):
        return whole
    return Recording.of(sorted(parts, key=by_time), prior, shrink)


def by_time(tracklet: Tracklet) -> tuple[float, str, int]:
    """What tracklets are sorted by, everywhere."""
    return tracklet.first_time_s, tracklet.camera, tracklet.track_id
