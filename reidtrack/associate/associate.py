"""Tracklets in, people out: the association of a whole recording, or of what there is of it so far.

`associate` is a pure function: it reads nothing from disk, keeps nothing between calls, and gives the same people for
the same tracklets. A recorded run calls it once, a correction calls it again with what the user said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from reidtrack.associate.appearance import mean_appearances, mean_features, tracklet_weights, unit
from reidtrack.associate.bias import CameraBias, expected_distances
from reidtrack.associate.calibration.calibration import Calibration
from reidtrack.associate.calibration.feedback import Feedback
from reidtrack.associate.calibration.fit import ObservedAppearance, calibrate
from reidtrack.associate.calibration.mixture import Mixture
from reidtrack.associate.calibration.prior import GENERIC, AppearancePrior
from reidtrack.associate.calibration.sample_pairs import half_distances
from reidtrack.associate.clustering.hungarian import cluster
from reidtrack.associate.clustering.problem import PairCosts
from reidtrack.associate.constraints import PairConstraints, overlapping_pairs
from reidtrack.associate.evidence import Evidence, EvidenceTable
from reidtrack.associate.links import LinkContext, explain
from reidtrack.associate.lookalikes import lookalikes
from reidtrack.associate.nearest import near_pairs
from reidtrack.associate.split import split_switched
from reidtrack.associate.sweep import OtherClustering, SweepInput, cluster_at
from reidtrack.graph import component_members
from reidtrack.types import DoubleArray, Identity, IntArray, Link, Tracklet, TrackletKey

_ROUNDING = 1e-6
"""Costs and distances are computed in different ways and differ by less than this."""


class Association(NamedTuple):
    """Who is who, and by which measure it was settled.

    Attributes:
        identities: Numbered from 1 by first appearance.
        threshold: Largest distance of one person's tracklets in two cameras.
        same_camera_threshold: Largest distance of one person's tracklets in one camera.
        calibration: How both were found, and what distances mean.
        others: Who would be who at other thresholds, as far as that was asked for.
        lookalikes: Ids of people who are surely two and whom appearance cannot tell apart.
    """

    identities: list[Identity]
    threshold: float
    same_camera_threshold: float
    calibration: Calibration
    others: Sequence[OtherClustering] = ()
    lookalikes: Sequence[tuple[int, int]] = ()


def associate(
    tracklets: Sequence[Tracklet],
    *,
    threshold: float | None = None,
    same_camera_threshold: float | None = None,
    least_probability: float = 0.5,
    split_threshold: float = 0.85,
    prior: AppearancePrior = GENERIC,
    shrink: float | None = None,
    evidence: Sequence[Evidence] = (),
    must_link: Sequence[tuple[TrackletKey, TrackletKey]] = (),
    cannot_link: Sequence[tuple[TrackletKey, TrackletKey]] = (),
    feedback: Sequence[tuple[TrackletKey, TrackletKey, bool, float]] = (),
    steps: Sequence[float] = (),
) -> Association:
    """Give every tracklet an identity.

    A live caller passes the tracklets that have ended so far, or the newest window of them, and besides: `threshold`
    and `same_camera_threshold` of the last association over enough tracklets, so that identities do not change with
    every new estimate; the `prior` of its network; as `must_link` the tracklets whose identities it has announced and
    does not want to take back; as `evidence` a `SpaceTime` of its site, made once. Keys of tracklets must stay what
    they were, so it cuts tracklets once, when they end (`cut_switched`), and passes `split_threshold=2.0`. Ids are
    numbered anew in each call; who is who from call to call follows from the tracklets.

    Args:
        tracklets: Tracklets of all cameras, in any order; their boxes, times and features are used, no files.
        threshold: Largest distance at which tracklets of two cameras are one person, 0..2, with each camera's bias
            removed; what shares nothing but chance lies near 1. None finds it by `calibrate`.
        same_camera_threshold: Largest distance within a camera (re-entries, fragments); None is a fixed share of
            `threshold`.
        least_probability: See `calibrate`.
        split_threshold: Distance at which the appearances before and after a moment are two people's, where the
            camera's bias is well known and the tracker had occasion to change over (`split_switched`).
        prior: What is known of the network that made the features.
        shrink: People's worth that biases are drawn towards what is expected by; None leaves it to the prior.
        evidence: What else may speak for or against a pair; each is shown a clustering by appearance alone, then all
            is weighed together.
        must_link: Pairs that are one person, whatever they look like, by camera and track id; a part that is cut off a
            track is called as in the result.
        cannot_link: Pairs that are not.
        feedback: Pairs that a threshold which is found learns from: whether they are one person, and how much each
            counts, 1 for a correction (`threshold_after_feedback`).
        steps: Differences from the threshold at which all is clustered once more, evidence and all.

    Returns:
        Who is who; a tracklet that matches nobody, or has no features, is a person of its own. The same tracklets give
        the same identities in whatever order they come.

    Raises:
        ValueError: If `must_link` and `cannot_link` cannot both be true, or somebody would stand twice in a camera, or
            a key is not known.
    """
    # Tracks that went over to another person are cut; what is left looks like one person each, freed of its camera.
    recording = _single_persons(tracklets, split_threshold, prior, shrink)
    keys, weight = [t.key for t in recording.tracklets], recording.weight
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
    # Clusters by appearance alone.
    costs = PairCosts.of_appearance(appearance, recording.camera, *calibration.thresholds)
    appearance = costs.vectors[:, : appearance.shape[1]]  # the same numbers, kept once
    near = near_pairs(appearance, max(calibration.thresholds) + _ROUNDING)
    label = cluster(costs, near.pairs, constraints.cannot_link, weight, constraints.must_link)
    # Evidence of space and time learns from these; then all counts together.
    table = EvidenceTable.of(len(keys), [judge(recording.tracklets, label, appearance) for judge in evidence])
    if evidence:
        costs = costs.with_extra(table.log_odds.pairs, -table.log_odds.value / calibration.slope)
        constraints = constraints.with_cannot_link(table.cannot_link, len(keys))
        label = cluster(costs, near.pairs, constraints.cannot_link, weight, constraints.must_link)
    # Clusters become people, with the reasons.
    context = LinkContext(keys, appearance, near, table, constraints.must_link, calibration)
    identities = recording.identities(label, context)
    # What other thresholds would do.
    given = SweepInput(costs, appearance.shape[1], weight, constraints, calibration.same_camera_share)
    others = cluster_at(given, keys, [calibration.threshold + step for step in steps])
    alike = [(a + 1, b + 1) for a, b in lookalikes(label, appearance, recording.overlapping)]
    return Association(identities, *calibration.thresholds, calibration, others, alike)


def cut_switched(
    tracklets: Sequence[Tracklet],
    *,
    split_threshold: float,
    prior: AppearancePrior = GENERIC,
    shrink: float | None = None,
) -> list[Tracklet]:
    """Tracklets, by time, cut where they go over from one person to another, as `associate` begins by cutting them.

    A live caller passes what the cameras saw besides, ended or not: who met nobody is not cut.
    """
    return _single_persons(tracklets, split_threshold, prior, shrink).tracklets


def appearances(
    tracklets: Sequence[Tracklet], *, prior: AppearancePrior = GENERIC, shrink: float | None = None
) -> DoubleArray:
    """Appearance of each tracklet with its camera's bias removed, as `associate` compares them.

    Args:
        tracklets: N of one person each.
        prior: What is known of the network that made the features.
        shrink: As in `associate`.

    Returns:
        (N, D) unit rows; zero where nothing was embedded.
    """
    recording = _Recording.of(list(tracklets), prior, shrink)
    return mean_appearances(recording.tracklets, recording.bias.without)


class _Recording(NamedTuple):
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
    def of(cls, tracklets: list[Tracklet], prior: AppearancePrior, shrink: float | None) -> _Recording:
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
        mean = unit(self.mean[members].sum(axis=0, keepdims=True))[0]
        return Identity(number, tuple(self.tracklets[i] for i in members), mean.astype(np.float32), links)


def _single_persons(
    tracklets: Sequence[Tracklet], split_threshold: float, prior: AppearancePrior, shrink: float | None
) -> _Recording:
    """Tracklets of one person each, by time."""
    ordered = sorted(tracklets, key=_by_time)
    whole = _Recording.of(ordered, prior, shrink)
    parts = split_switched(ordered, whole.bias, split_threshold)
    if len(parts) == len(ordered):
        return whole
    return _Recording.of(sorted(parts, key=_by_time), prior, shrink)


def _by_time(tracklet: Tracklet) -> tuple[float, str, int]:
    return tracklet.first_time_s, tracklet.camera, tracklet.track_id
