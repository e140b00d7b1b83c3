"""Tracklets in, people out: the association of a whole recording, or of what there is of it so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from reidtrack.associate.appearance import mean_features, mean_looks, tracklet_weights, unit
from reidtrack.associate.bias import CameraBias, expected_distances
from reidtrack.associate.calibration.calibration import Calibration
from reidtrack.associate.calibration.feedback import Taught
from reidtrack.associate.calibration.fit import Views, calibrate
from reidtrack.associate.calibration.mixture import Mixture
from reidtrack.associate.calibration.prior import GENERIC, AppearancePrior
from reidtrack.associate.calibration.within_track import half_distances
from reidtrack.associate.clustering.hungarian import group
from reidtrack.associate.clustering.pair_costs import PairCosts
from reidtrack.associate.clustering.pair_keys import once
from reidtrack.associate.conflict import conflicts
from reidtrack.associate.constraints import Bonds, Key
from reidtrack.associate.evidence import Evidence
from reidtrack.associate.links import Grounds, explain
from reidtrack.associate.nearest import near_pairs
from reidtrack.associate.split import split_switched
from reidtrack.associate.sweep import Problem, Regrouped, regroup
from reidtrack.associate.terms import Terms
from reidtrack.types import DoubleArray, Identity, IntArray, Link, Tracklet

_ROUNDING = 1e-6
"""More than costs and distances differ by that are computed in different ways."""


class Association(NamedTuple):
    """What was settled, and by which measure.

    Attributes:
        identities: Numbered from 1 by first appearance.
        threshold: Largest mean distance of one person's tracklets in two cameras.
        same_camera_threshold: The same within a camera.
        calibration: How both were found, and what distances mean.
        others: Who would be who at other thresholds, as far as that was asked for.
    """

    identities: list[Identity]
    threshold: float
    same_camera_threshold: float
    calibration: Calibration
    others: Sequence[Regrouped] = ()


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
    together: Sequence[tuple[Key, Key]] = (),
    apart: Sequence[tuple[Key, Key]] = (),
    taught: Sequence[tuple[Key, Key, bool, float]] = (),
    steps: Sequence[float] = (),
) -> Association:
    """Give every tracklet an identity.

    Args:
        tracklets: Of all cameras, in any order.
        threshold: Largest mean distance at which tracklets of two cameras are one person, 0..2, with each camera's cast
            removed; what shares nothing but chance lies near 1. None finds it by `calibrate`.
        same_camera_threshold: The same within a camera (re-entries, fragments); None is a fixed share of the other.
        least_probability: See `calibrate`.
        split_threshold: Distance at which the looks before and after a moment are two people's (`split_switched`).
        prior: What is known of the network that made the features.
        shrink: People's worth that biases are drawn towards what is expected by; None leaves it to the prior.
        evidence: What else may speak for or against a pair; each is shown who was put together by looks alone, then all
            is weighed together.
        together: Pairs that are one person, whatever they look like, by camera and track id; a part that is cut off a
            track is called as in the result.
        apart: Pairs that are not.
        taught: Pairs that a threshold which is found learns from: whether they are one person, and how much each
            counts, 1 for a correction (`taught_threshold`).
        steps: Differences from the threshold at which all is grouped once more, evidence and all.

    Returns:
        Who is who; a tracklet that matches nobody, or has no features, is a person of its own. The same tracklets give
        the same identities in whatever order they come.

    Raises:
        ValueError: If `together` and `apart` cannot both be so, or somebody stands twice in a camera, or a name is not
            known.
    """
    parts, look = _whole_people(tracklets, split_threshold, prior, shrink)
    keys = [t.key for t in parts]
    bonds = Bonds.of(keys, look.clash, together, apart)
    seen = mean_looks(parts, look.bias.without)
    calibration = calibrate(
        Views(
            seen,
            look.camera,
            look.weight,
            sorted({t.camera for t in parts}),
            half_distances(parts, look.bias.without),
        ),
        bonds.clash,
        bonds.together,
        threshold=threshold,
        same_camera_threshold=same_camera_threshold,
        least_probability=least_probability,
        taught=Taught.of(keys, taught),
        prior=look.expected(prior),
        belief=prior.belief,
    )
    threshold, same_camera_threshold = calibration.threshold, calibration.same_camera_threshold
    costs = PairCosts.of_looks(seen, look.camera, threshold, same_camera_threshold)
    seen = costs.vectors[:, : seen.shape[1]]  # the same, kept once
    near = near_pairs(seen, max(threshold, same_camera_threshold) + _ROUNDING)
    label = group(costs, near.pairs, bonds.clash, look.weight, bonds.together)
    terms = Terms.of(len(parts), [judge(parts, label, seen) for judge in evidence])
    clash = bonds.clash
    if evidence:
        costs = costs.with_extra(terms.log_odds.pairs, -terms.log_odds.value / calibration.slope)
        clash = once(np.concatenate([bonds.clash, terms.clash]), len(parts))[0]
        label = group(costs, near.pairs, clash, look.weight, bonds.together)
    people = _members(label)
    links = explain(people, label, Grounds(keys, seen, near, terms, calibration))
    identities = [
        _identity(number, members, parts, look.mean, found)
        for number, (members, found) in enumerate(zip(people, links, strict=True), start=1)
    ]
    share = same_camera_threshold / threshold if threshold else 1.0
    problem = Problem(costs, seen.shape[1], look.weight, clash, bonds.together, share)
    others = regroup(problem, keys, [threshold + step for step in steps])
    return Association(identities, threshold, same_camera_threshold, calibration, others)


def cut_switched(
    tracklets: Sequence[Tracklet],
    *,
    split_threshold: float,
    prior: AppearancePrior = GENERIC,
    shrink: float | None = None,
) -> list[Tracklet]:
    """Tracklets cut where they go over from one person to another, by time, as `associate` begins by cutting them."""
    return _whole_people(tracklets, split_threshold, prior, shrink)[0]


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
    look = _Look.of(tracklets, sorted({t.camera for t in tracklets}), prior, shrink)
    return mean_looks(tracklets, look.bias.without)


def _whole_people(
    tracklets: Sequence[Tracklet], split_threshold: float, prior: AppearancePrior, shrink: float | None
) -> tuple[list[Tracklet], _Look]:
    """Tracklets of one person each, by time, and what they look like."""
    ordered = sorted(tracklets, key=_by_time)
    names = sorted({t.camera for t in ordered})
    look = _Look.of(ordered, names, prior, shrink)
    parts = sorted(split_switched(ordered, look.bias.without_tracklet, split_threshold), key=_by_time)
    return parts, look if len(parts) == len(ordered) else _Look.of(parts, names, prior, shrink)


def _members(label: IntArray) -> list[IntArray]:
    """The tracklets of each person, increasing."""
    return np.split(np.argsort(label, kind="stable"), np.cumsum(np.bincount(label))[:-1]) if len(label) else []


def _by_time(tracklet: Tracklet) -> tuple[float, str, int]:
    return tracklet.first_time_s, tracklet.camera, tracklet.track_id


class _Look(NamedTuple):
    """What tracklets look like.

    Attributes:
        mean: (N, D) unit rows, or zero.
        camera: (N,) from 0.
        weight: (N,) in 0..1, above zero.
        bias: Of the cameras.
        clash: (Q, 2) pairs that stand in one camera at the same time.
    """

    mean: DoubleArray
    camera: IntArray
    weight: DoubleArray
    bias: CameraBias
    clash: IntArray

    @classmethod
    def of(
        cls, tracklets: Sequence[Tracklet], names: Sequence[str], prior: AppearancePrior, shrink: float | None
    ) -> _Look:
        mean = mean_features(tracklets)
        place = {name: i for i, name in enumerate(names)}
        camera = np.array([place[t.camera] for t in tracklets], np.int64)
        clash = conflicts(tracklets)
        weight = tracklet_weights(tracklets)
        return cls(
            mean, camera, weight, CameraBias.of(mean, camera, weight * mean.any(axis=1), prior, shrink, clash), clash
        )

    def expected(self, prior: AppearancePrior) -> Mixture:
        """How distances are distributed before those of the recording are seen."""
        same, other = expected_distances(self.bias, prior)
        return replace(prior.distances, same=same, other=other)


def _identity(
    number: int, members: IntArray, tracklets: Sequence[Tracklet], looks: DoubleArray, links: tuple[Link, ...]
) -> Identity:
    mean = unit(looks[members].sum(axis=0, keepdims=True))[0]
    return Identity(number, tuple(tracklets[i] for i in members), mean.astype(np.float32), links)
