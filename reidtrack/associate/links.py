"""Why tracklets were joined: for each the nearest of its person, what decided it, and how far everybody else is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from reidtrack.associate.appearance import cosine_distances
from reidtrack.associate.calibration.calibration import Calibration
from reidtrack.associate.evidence import LOG_ODDS, EvidenceTable
from reidtrack.associate.nearest import NearPairs, nearest_others
from reidtrack.graph import component_labels
from reidtrack.types import DoubleArray, IntArray, Link, LinkDecision, TrackletKey


class LinkContext(NamedTuple):
    """What a clustering of N tracklets went by.

    Attributes:
        keys: Camera and track id of each tracklet.
        appearance: (N, D) unit rows, or zero.
        near: Near pairs of these appearances.
        evidence: Evidence beside appearance.
        must_link: (P, 2) pairs that had to be one person.
        calibration: What distances mean.
    """

    keys: Sequence[TrackletKey]
    appearance: DoubleArray
    near: NearPairs
    evidence: EvidenceTable
    must_link: IntArray
    calibration: Calibration


def explain(people: Sequence[IntArray], label: IntArray, context: LinkContext) -> list[tuple[Link, ...]]:
    """Links of each person's tracklets, all but the first, to the nearest of the person's earlier ones.

    Where there is evidence beside appearance, the nearest is the one for which both together speak most. The runner-up
    is always who looks most alike of all others.

    Args:
        people: Indices of each person's tracklets, by time.
        label: (N,) index in `people` of each tracklet's person.
        context: What is known of the N tracklets.
    """
    joined = np.concatenate([np.zeros(0, np.int64), *(members[1:] for members in people)])
    nearest = nearest_others(context.appearance, label, joined, context.near)
    runner_up = dict(zip(joined.tolist(), zip(*(a.tolist() for a in nearest), strict=True), strict=True))
    return links_of(people, context, runner_up)


def links_of(
    people: Sequence[IntArray], context: LinkContext, runner_up: Mapping[int, tuple[int, float]]
) -> list[tuple[Link, ...]]:
    """Links of each person's tracklets, see `explain`, where it is known who else looks most like each.

    Args:
        people: Indices of each person's tracklets, by time.
        context: What is known of the N tracklets.
        runner_up: Index of each tracklet but each person's first to that of the nearest of somebody else, -1 for
            nobody, and its distance.
    """
    bound = component_labels(len(context.keys), context.must_link)
    return [_links(members, context, bound, runner_up) for members in people]


def _links(
    members: IntArray, context: LinkContext, bound: IntArray, runner_up: Mapping[int, tuple[int, float]]
) -> tuple[Link, ...]:
    """Links of one person; `bound` (N,) is equal for tracklets that must-links join."""
    if len(members) < 2:
        return ()
    rows = context.appearance[members]
    distance, links = cosine_distances(rows, rows), []
    for k, i in enumerate(members.tolist()[1:], start=1):
        pairs = np.stack([members[:k], np.full(k, i)], axis=1)
        cost = distance[k, :k] - context.evidence.log_odds.at(pairs) / context.calibration.slope
        nearest = int(cost.argmin())
        other = int(members[nearest])
        certain = bool(bound[i] == bound[other])
        links.append(_link(i, other, float(distance[k, nearest]), certain, context, runner_up[i]))
    return tuple(links)


def _link(
    i: int, other: int, distance: float, certain: bool, context: LinkContext, runner_up: tuple[int, float]
) -> Link:
    somebody, farther = runner_up
    a, b, terms = context.keys[i], context.keys[other], context.evidence.of_pair(other, i)
    log_odds = terms.get(LOG_ODDS, 0.0)
    return Link(
        a,
        b,
        distance,
        farther - distance,
        terms,
        context.calibration.probability(distance, a[0], b[0], log_odds),
        decision="must_link" if certain else _decision(distance, a[0] == b[0], log_odds, context.calibration),
        runner_up=None if somebody < 0 else context.keys[somebody],
    )


def _decision(distance: float, same_camera: bool, log_odds: float, calibration: Calibration) -> LinkDecision:
    """What decided a link that nobody demanded; see `LinkDecision`."""
    threshold = calibration.same_camera_threshold if same_camera else calibration.threshold
    if distance <= threshold:
        return "appearance"
    return "evidence" if distance - log_odds / calibration.slope <= threshold else "cluster"
