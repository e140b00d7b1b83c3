"""Association of more tracklets than are solved at once.

Tracklets are cut into blocks of time; each is solved as a recording is, and its people are put together with those of
other blocks by the same costs. Beside the tracklets themselves there is a row for each in float32, and one block.

What differs from solving everything at once: biases and thresholds come from some hundreds of tracklets of each camera;
who was put together in a block stays together; of those of other blocks the nearest few are looked at; evidence of
space and time is learned in each block anew; a link's runner-up is the nearest within the block. By how much that
changes who is who is measured (docs/results/growth.md).
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from reidtrack.associate.appearance import mean_features, tracklet_weights
from reidtrack.associate.blocks.borders import settle_borders
from reidtrack.associate.blocks.cut import Block, cut_blocks
from reidtrack.associate.blocks.learned import LearnedBias, Told, learn_distances
from reidtrack.associate.blocks.solve import BlockSolver, SolvedBlock
from reidtrack.associate.calibration.calibration import Calibration
from reidtrack.associate.calibration.prior import AppearancePrior
from reidtrack.associate.constraints import PairConstraints, overlapping_pairs
from reidtrack.associate.evidence import Evidence, EvidenceTable
from reidtrack.associate.grouping import by_time, mean_look
from reidtrack.associate.links import LinkContext, links_of
from reidtrack.associate.lookalikes import lookalikes
from reidtrack.associate.nearest import NearPairs, near_pairs, nearest_others
from reidtrack.associate.split import split_switched
from reidtrack.graph import component_labels, component_members
from reidtrack.types import FloatArray, Identity, IntArray, Tracklet, TrackletKey

AT_ONCE = 20_000
"""Tracklets that are solved at once: half a minute and half a GiB; of more, blocks of half as many. Not tuned."""
_IN_MEMORY = 1 << 28
"""Bytes of a table beyond which it lies in a file without a name."""


class People(NamedTuple):
    """Who is who, as `Association` has it.

    Attributes:
        identities: Numbered from 1 by first appearance.
        calibration: What distances mean.
        lookalikes: Indices of people, from 0, who are surely two and whom appearance cannot tell apart.
    """

    identities: list[Identity]
    calibration: Calibration
    lookalikes: list[tuple[int, int]]


def single_persons_of_many(
    tracklets: Sequence[Tracklet], split_threshold: float, prior: AppearancePrior, shrink: float | None
) -> tuple[list[Tracklet], LearnedBias]:
    """Tracklets of one person each, by time, and the biases of their cameras; arguments are those of `associate`."""
    ordered = sorted(tracklets, key=by_time)
    bias = LearnedBias(ordered, prior, shrink)
    parts = split_switched(ordered, bias, split_threshold)
    if len(parts) == len(ordered):
        return ordered, bias
    parts.sort(key=by_time)
    return parts, LearnedBias(parts, prior, shrink)


def associate_many(
    tracklets: Sequence[Tracklet],
    told: Told,
    *,
    at_once: int,
    split_threshold: float,
    prior: AppearancePrior,
    shrink: float | None,
    evidence: Sequence[Evidence],
    must_link: Sequence[tuple[TrackletKey, TrackletKey]],
    cannot_link: Sequence[tuple[TrackletKey, TrackletKey]],
) -> People:
    """Give every tracklet an identity; arguments and errors are those of `associate`."""
    parts, bias = single_persons_of_many(tracklets, split_threshold, prior, shrink)
    keys, weight = [t.key for t in parts], tracklet_weights(parts)
    certain = PairConstraints.of(keys, overlapping_pairs(parts), must_link, cannot_link)
    calibration = learn_distances(bias, told, prior)
    # Block by block, ...
    must = component_labels(len(parts), certain.must_link)
    blocks, _ = cut_blocks(parts, max(1, at_once // 2), must, lead=bool(evidence))
    appearance = _table((len(parts), bias.dim))
    solver = BlockSolver(parts, bias, calibration, certain, evidence, appearance)
    solved = _solved(solver, blocks)
    # ... then all of them.
    label = settle_borders(solved, calibration, certain.cannot_link, weight)
    # People, with the reasons.
    runner_up, alike = _beside(solver, blocks, label)
    table = EvidenceTable.of(len(parts), [terms for one in solved for terms in (one.inside, one.crossing)])
    nothing = NearPairs(np.zeros((0, 2), np.int64), np.zeros(0), np.inf)
    context = LinkContext(keys, appearance, nothing, table, certain.must_link, calibration)  # type: ignore[arg-type]
    people = component_members(label)
    links = links_of(people, context, runner_up)
    identities = [
        Identity(number, tuple(own), mean_look(mean_features(own)), reasons)
        for number, (own, reasons) in enumerate(
            (([parts[i] for i in members.tolist()], reasons) for members, reasons in zip(people, links, strict=True)), 1
        )
    ]
    return People(identities, calibration, alike)


def _table(shape: tuple[int, int]) -> FloatArray:
    """Zeros (N, D) float32: in memory, or of many rows in a file that goes when the table does."""
    if shape[0] * shape[1] * 4 <= _IN_MEMORY:
        return np.zeros(shape, np.float32)
    with tempfile.TemporaryFile() as file:
        mapped: Any = np.memmap(file, np.float32, "w+", shape=shape)
    return np.asarray(mapped)


def _solved(solver: BlockSolver, blocks: Sequence[Block]) -> list[SolvedBlock]:
    """All blocks, in their order; the largest is solved last, so that evidence has learned from it in the end."""
    order = sorted(range(len(blocks)), key=lambda k: (len(blocks[k].rows), k))
    found = {k: solver.solve(blocks[k]) for k in order}
    return [found[k] for k in range(len(blocks))]


def _beside(
    solver: BlockSolver, blocks: Sequence[Block], label: IntArray
) -> tuple[dict[int, tuple[int, float]], list[tuple[int, int]]]:
    """Who else looks most like each tracklet, within its block; and people whom appearance cannot tell apart."""
    runner_up: dict[int, tuple[int, float]] = {}
    alike: set[tuple[int, int]] = set()
    for block in blocks:
        rows = block.own
        appearance, own = solver.appearance[rows].astype(np.float64), label[rows]
        near = near_pairs(appearance, solver.reach)
        who, distance = nearest_others(appearance, own, np.arange(len(rows)), near)
        others = np.where(who < 0, -1, rows[who])
        runner_up.update(zip(rows.tolist(), zip(others.tolist(), distance.tolist(), strict=True), strict=True))
        people, inside = np.unique(own, return_inverse=True)
        together = solver.recording(rows).overlapping
        alike.update((int(people[a]), int(people[b])) for a, b in lookalikes(inside, appearance, together, solver.same))
    return runner_up, sorted(alike)
