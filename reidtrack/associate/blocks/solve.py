"""One block of an archive solved as a recording is, and what is left of it for those beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reidtrack.associate.appearance import mean_appearances, tracklet_weights
from reidtrack.associate.bias import CameraBias
from reidtrack.associate.blocks.cut import Block
from reidtrack.associate.blocks.learned import LearnedBias
from reidtrack.associate.calibration.calibration import Calibration
from reidtrack.associate.clustering.local_search import renumbered
from reidtrack.associate.clustering.pairs import PairValues
from reidtrack.associate.clustering.problem import ClusterProblem, PairCosts
from reidtrack.associate.constraints import PairConstraints
from reidtrack.associate.evidence import Evidence, EvidenceTable, PairTerms
from reidtrack.associate.grouping import Grouping, Recording, group_by
from reidtrack.types import BoolArray, DoubleArray, FloatArray, IntArray, Tracklet

_NO_PAIRS = np.zeros((0, 2), np.int64)


class SolvedBlock(NamedTuple):
    """People of one block, as things that may be put together with those of others.

    Attributes:
        rows: (B,) the tracklets.
        label: (B,) thing of each, from 0.
        vector: (T, E) mean vector of each thing, as `PairCosts` has it.
        weight: (T,).
        sum_sq_norm: (T,) see `ClusterProblem`.
        crossing: What space and time say of tracklets of this block and of earlier ones.
        inside: What they say of tracklets that were put together.
        dim: Length of an appearance, which comes first in a vector.
    """

    rows: IntArray
    label: IntArray
    vector: FloatArray
    weight: DoubleArray
    sum_sq_norm: DoubleArray
    crossing: PairTerms
    inside: PairTerms
    dim: int


class BlockSolver:
    """Solves blocks one after another.

    Args:
        tracklets: N of one person each, by time.
        bias: Of their cameras.
        calibration: What distances mean.
        constraints: What is certain.
        evidence: What else may speak for or against a pair; asked for each block anew.
        appearance: (N, D) float32, filled block by block.
    """

    def __init__(
        self,
        tracklets: Sequence[Tracklet],
        bias: LearnedBias,
        calibration: Calibration,
        constraints: PairConstraints,
        evidence: Sequence[Evidence],
        appearance: FloatArray,
    ) -> None:
        self._tracklets, self._bias, self._calibration = tracklets, bias, calibration
        self._constraints, self._evidence, self.appearance = constraints, evidence, appearance

    @property
    def reach(self) -> float:
        """Largest distance of one person's tracklets."""
        return max(self._calibration.thresholds)

    @property
    def same(self) -> float:
        """How far apart one person's tracklets usually lie."""
        return self._calibration.everywhere.mixture.same

    def solve(self, block: Block) -> SolvedBlock:
        """Put the tracklets of a block together."""
        rows = block.rows
        recording = self.recording(rows)
        appearance = mean_appearances(recording.tracklets, lambda i: self._bias.without(int(rows[i])))
        within = _Within(rows, len(self._tracklets))
        certain = PairConstraints(within.pairs(self._constraints.must_link), recording.overlapping)
        found = group_by(recording, appearance, certain, self._calibration, self._evidence)
        own = within.mask(block.own)
        self.appearance[block.own] = found.appearance[own]
        label = renumbered(found.label[own])
        problem = _problem(found, own).merged(label)
        crossing, inside = _terms(found, rows, own)
        vector, dim = problem.costs.vectors.astype(np.float32), appearance.shape[1]
        return SolvedBlock(block.own, label, vector, problem.weight, problem.sum_sq_norm, crossing, inside, dim)

    def recording(self, rows: IntArray) -> Recording:
        """Some tracklets with what is known of them; cameras have the numbers that they have in all."""
        tracklets = [self._tracklets[i] for i in rows.tolist()]
        overlapping = _Within(rows, len(self._tracklets)).pairs(self._constraints.cannot_link)
        none = np.zeros((len(rows), 0))
        weight, bias = tracklet_weights(tracklets), self._bias
        return Recording(tracklets, bias.names, bias.camera[rows], none, weight, overlapping, _unused(bias))


def _unused(bias: LearnedBias) -> CameraBias:
    return bias.sample.bias


class _Within:
    """Some rows of N as numbers of their own.

    Args:
        rows: (R,) increasing.
        count: N.
    """

    def __init__(self, rows: IntArray, count: int) -> None:
        self._rows, self._count = rows, count

    def pairs(self, pairs: IntArray) -> IntArray:
        """Those of some pairs (P, 2) of all, sorted by their first, that lie within the rows."""
        if not len(pairs) or not len(self._rows):
            return _NO_PAIRS
        low, high = self._rows[0], self._rows[-1]
        some = pairs[((pairs >= low) & (pairs <= high)).all(axis=1)]
        place = np.searchsorted(self._rows, some)
        found: IntArray = place[(self._rows[np.minimum(place, len(self._rows) - 1)] == some).all(axis=1)]
        return found

    def mask(self, rows: IntArray) -> BoolArray:
        """Mask (R,) of those that are among some rows of all."""
        return np.isin(self._rows, rows)


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
