"""One block of an archive solved as a recording is, and what is left of it for those beside it.

A block comes with all that solving it takes and knows nothing of the archive: any process may solve it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reidtrack.associate.appearance import mean_appearances, tracklet_weights
from reidtrack.associate.bias import CameraBias
from reidtrack.associate.blocks.cut import Block
from reidtrack.associate.blocks.learned import LearnedBias
from reidtrack.associate.calibration.calibration import Calibration
from reidtrack.associate.calibration.prior import GENERIC
from reidtrack.associate.clustering.local_search import renumbered
from reidtrack.associate.clustering.pairs import PairValues
from reidtrack.associate.clustering.problem import ClusterProblem, PairCosts
from reidtrack.associate.constraints import PairConstraints
from reidtrack.associate.evidence import Evidence, EvidenceTable, PairTerms
from reidtrack.associate.grouping import Grouping, Recording, group_by
from reidtrack.associate.lookalikes import lookalikes
from reidtrack.types import BoolArray, DoubleArray, FloatArray, IntArray, Tracklet

_NO_PAIRS = np.zeros((0, 2), np.int64)
_ROWS = 1024
"""Tracklets that are compared with all of a block at once; bounds memory, changes no result."""


class BlockTask(NamedTuple):
    """R tracklets that are solved at once, with what is known of them.

    Attributes:
        rows: (R,) which they are of all, increasing.
        own: (R,) those that the block is about; the others it looks at besides.
        tracklets: Of one person each, by time.
        names: Names of all cameras, sorted.
        camera: (R,) index in `names`.
        bias: (C, D) biases of cameras.
        bias_row: (R,) which is each tracklet's.
        constraints: What is certain, by their numbers among the R.
    """

    rows: IntArray
    own: BoolArray
    tracklets: Sequence[Tracklet]
    names: Sequence[str]
    camera: IntArray
    bias: DoubleArray
    bias_row: IntArray
    constraints: PairConstraints

    def recording(self) -> Recording:
        """The tracklets as those of a recording, whose biases are known."""
        size = self.bias.shape[1]
        none = CameraBias.of(np.zeros((0, size)), np.zeros(0, np.int64), np.zeros(0), GENERIC)
        weight, nothing = tracklet_weights(self.tracklets), np.zeros((len(self.rows), 0))
        return Recording(
            list(self.tracklets), self.names, self.camera, nothing, weight, self.constraints.cannot_link, none
        )


class SolvedBlock(NamedTuple):
    """People of one block, as things that may be put together with those of others.

    Attributes:
        rows: (B,) the tracklets.
        label: (B,) thing of each, from 0.
        appearance: (B, D) of each.
        vector: (T, E) mean vector of each thing, as `PairCosts` has it.
        weight: (T,).
        sum_sq_norm: (T,) see `ClusterProblem`.
        crossing: What space and time say of tracklets of this block and of earlier ones.
        inside: What they say of tracklets that were put together.
        dim: Length of an appearance, which comes first in a vector.
    """

    rows: IntArray
    label: IntArray
    appearance: FloatArray
    vector: FloatArray
    weight: DoubleArray
    sum_sq_norm: DoubleArray
    crossing: PairTerms
    inside: PairTerms
    dim: int


class BlockMaker:
    """Makes the tasks of blocks.

    Args:
        tracklets: N of one person each, by time.
        bias: Of their cameras.
        constraints: What is certain.
    """

    def __init__(self, tracklets: Sequence[Tracklet], bias: LearnedBias, constraints: PairConstraints) -> None:
        self._tracklets, self._bias = tracklets, bias
        self._must_link, self._cannot_link = (_by_first(pairs) for pairs in constraints)

    def task(self, block: Block) -> BlockTask:
        """All that solving a block takes."""
        rows, bias = block.rows, self._bias
        tracklets = [self._tracklets[i] for i in rows.tolist()]
        certain = PairConstraints(_within(self._must_link, rows), self.seen_together(rows))
        own = np.isin(rows, block.own, assume_unique=True)
        return BlockTask(rows, own, tracklets, bias.names, bias.camera[rows], *bias.of_rows(rows), certain)

    def seen_together(self, rows: IntArray) -> IntArray:
        """Pairs (P, 2) of some tracklets (R,) that are two people, by their numbers among these."""
        return _within(self._cannot_link, rows)


def solve_block(calibration: Calibration, evidence: Sequence[Evidence], task: BlockTask) -> SolvedBlock:
    """Put the tracklets of a block together.

    Args:
        calibration: What distances mean.
        evidence: What else may speak for or against a pair.
        task: The block.
    """
    recording, rows, own = task.recording(), task.rows, task.own
    appearance = mean_appearances(recording.tracklets, lambda i: task.bias[task.bias_row[i]])
    found = group_by(recording, appearance, task.constraints, calibration, evidence)
    label = renumbered(found.label[own])
    problem = _problem(found, own).merged(label)
    crossing, inside = _terms(found, rows, own)
    vector, dim = problem.costs.vectors.astype(np.float32), appearance.shape[1]
    looks = found.appearance[own].astype(np.float32)
    return SolvedBlock(rows[own], label, looks, vector, problem.weight, problem.sum_sq_norm, crossing, inside, dim)


class SettledBlock(NamedTuple):
    """Tracklets of one block once it is settled who is who.

    Attributes:
        appearance: (B, D) float32.
        label: (B,) person of each, of all blocks.
        together: (P, 2) pairs that are two people.
    """

    appearance: FloatArray
    label: IntArray
    together: IntArray


class Beside(NamedTuple):
    """Who else is there in a block.

    Attributes:
        who: (B,) number in the block of whoever of another person looks most like each; -1 for nobody.
        distance: (B,) how far apart both are.
        alike: Pairs of people whom appearance cannot tell apart.
    """

    who: IntArray
    distance: DoubleArray
    alike: list[tuple[int, int]]


def look_beside(same: float, block: SettledBlock) -> Beside:
    """Who else looks most like each tracklet of a block, and people whom appearance cannot tell apart.

    Args:
        same: How far apart one person's tracklets usually lie.
        block: The block.
    """
    who, distance = _nearest_others(block.appearance, block.label)
    people, inside = np.unique(block.label, return_inverse=True)
    alike = lookalikes(inside, block.appearance.astype(np.float64), block.together, same)
    return Beside(who, distance, [(int(people[a]), int(people[b])) for a, b in alike])


def _nearest_others(appearance: FloatArray, label: IntArray) -> tuple[IntArray, DoubleArray]:
    """Number (B,) of the nearest of another person to each of B tracklets, -1 for nobody, and its distance (B,)."""
    known = np.flatnonzero(appearance.any(axis=1))
    who, distance = np.full(len(label), -1), np.full(len(label), np.inf)
    others, other_label = appearance[known], label[known]
    for begin in range(0, len(label) if len(known) else 0, _ROWS):
        part = slice(begin, begin + _ROWS)
        product = appearance[part] @ others.T
        product[label[part][:, None] == other_label] = -2
        nearest = product.argmax(axis=1)
        there = np.flatnonzero(product[np.arange(len(nearest)), nearest] > -2)
        who[begin + there] = known[nearest[there]]
    found = np.flatnonzero(who >= 0)
    for rows in np.split(found, range(_ROWS, len(found), _ROWS)):
        product = np.einsum("bd,bd->b", appearance[rows], appearance[who[rows]], dtype=np.float64)
        distance[rows] = np.clip(1 - product, 0, 2)
    return who, distance


def _by_first(pairs: IntArray) -> IntArray:
    """Pairs (P, 2) with the lower first, sorted."""
    ordered = np.sort(pairs, axis=1)
    return ordered[np.lexsort((ordered[:, 1], ordered[:, 0]))]


def _within(pairs: IntArray, rows: IntArray) -> IntArray:
    """Those of sorted pairs (P, 2) of all that lie within some rows (R,), increasing, by their numbers among these."""
    if not len(rows):
        return _NO_PAIRS
    begin, end = np.searchsorted(pairs[:, 0], (rows[0], rows[-1] + 1))
    some = pairs[begin:end]
    place = np.searchsorted(rows, some)
    found: IntArray = place[(rows[np.minimum(place, len(rows) - 1)] == some).all(axis=1)]
    return found


def _problem(found: Grouping, own: BoolArray) -> ClusterProblem:
    """The problem of a block's own tracklets, without candidates: they have been put together."""
    costs, place = found.costs, np.cumsum(own) - 1
    kept = PairCosts(costs.vectors[own], costs.metric, costs.base)
    if costs.extra is not None:
        inside = own[costs.extra.pairs].all(axis=1)
        kept = kept.with_extra(place[costs.extra.pairs[inside]], costs.extra.value[inside])
    return ClusterProblem.of(kept, _NO_PAIRS, _NO_PAIRS, found.recording.weight[own])


def _terms(found: Grouping, rows: IntArray, own: BoolArray) -> tuple[PairTerms, PairTerms]:
    """Of a block's evidence what concerns earlier blocks, and what explains who was put together."""
    table, count = found.table, len(rows)
    pairs = np.concatenate([table.log_odds.pairs, table.cannot_link])
    odds = np.concatenate([table.log_odds.value, np.full(len(table.cannot_link), -np.inf)])
    crossing = own[pairs[:, 0]] != own[pairs[:, 1]]
    inside = own[pairs].all(axis=1) & (found.label[pairs[:, 0]] == found.label[pairs[:, 1]]) & np.isfinite(odds)
    return (
        PairTerms(rows[pairs[crossing]], odds[crossing], _values(table, pairs[crossing], count)),
        PairTerms(rows[pairs[inside]], odds[inside], _values(table, pairs[inside], count)),
    )


def _values(table: EvidenceTable, pairs: IntArray, count: int) -> dict[str, DoubleArray]:
    """Measurements (P,) of some pairs (P, 2), nan where there is none."""
    found = {}
    for name, (key, value) in table.values.items():
        there = PairValues(count, key, np.ones(len(key))).at(pairs) > 0
        found[name] = np.where(there, PairValues(count, key, value).at(pairs), np.nan)
    return found
