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
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from reidtrack.associate.appearance import mean_features, tracklet_weights
from reidtrack.associate.blocks.borders import settle_borders
from reidtrack.associate.blocks.cut import Block, cut_blocks
from reidtrack.associate.blocks.learned import LearnedBias, Told, learn_distances
from reidtrack.associate.blocks.solve import (
    BlockMaker,
    BlockTask,
    SettledBlock,
    SolvedBlock,
    look_beside,
    solve_block,
)
from reidtrack.associate.calibration.calibration import Calibration
from reidtrack.associate.calibration.prior import AppearancePrior
from reidtrack.associate.constraints import PairConstraints, overlapping_pairs
from reidtrack.associate.evidence import Evidence, EvidenceTable
from reidtrack.associate.grouping import by_time, mean_look
from reidtrack.associate.links import LinkContext, links_of
from reidtrack.associate.nearest import NearPairs
from reidtrack.associate.split import split_switched
from reidtrack.graph import component_labels, component_members
from reidtrack.runtime.processes import process_map
from reidtrack.types import FloatArray, Identity, IntArray, Link, Tracklet, TrackletKey

AT_ONCE = 20_000
"""Tracklets that are solved at once: half a minute and half a GiB; of more, blocks of half as many. Not tuned."""
MOST_WORKERS = 8
"""Processes that solve blocks where nobody says how many: each holds one, half a GiB."""
_LOT = 2048
"""People whose features are in memory at once; changes no result."""
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
    workers: int,
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
    maker, appearance = BlockMaker(parts, bias, certain), _table((len(parts), bias.dim))
    solved = dict[int, SolvedBlock]()
    for number, one in _solved(partial(solve_block, calibration, evidence), maker, blocks, workers):
        appearance[one.rows] = one.appearance
        solved[number] = one._replace(appearance=appearance[:0])
    # ... then all of them.
    label = settle_borders([solved[k] for k in range(len(blocks))], calibration, certain.cannot_link, weight)
    # People, with the reasons.
    runner_up, alike = _beside(calibration, maker, appearance, blocks, label, workers)
    table = EvidenceTable.of(len(parts), [terms for one in solved.values() for terms in (one.inside, one.crossing)])
    nothing = NearPairs(np.zeros((0, 2), np.int64), np.zeros(0), np.inf)
    context = LinkContext(keys, appearance, nothing, table, certain.must_link, calibration)  # type: ignore[arg-type]
    people = component_members(label)
    links = links_of(people, context, runner_up)
    identities = list(_identities(parts, people, links))
    return People(identities, calibration, alike)


def _identities(
    tracklets: Sequence[Tracklet], people: Sequence[IntArray], links: Sequence[tuple[Link, ...]]
) -> Iterator[Identity]:
    """People, numbered from 1, from the rows of each and the reasons; features of some are in memory at once."""
    for begin in range(0, len(people), _LOT):
        lot = people[begin : begin + _LOT]
        rows = np.concatenate(lot)
        own = [tracklets[i] for i in rows.tolist()]
        mean, ends = mean_features(own), np.cumsum([len(members) for members in lot])
        for number, end in enumerate(ends.tolist(), begin):
            part = slice(end - len(people[number]), end)
            yield Identity(number + 1, tuple(own[part]), mean_look(mean[part]), links[number])


def _table(shape: tuple[int, int]) -> FloatArray:
    """Zeros (N, D) float32: in memory, or of many rows in a file that goes when the table does."""
    if shape[0] * shape[1] * 4 <= _IN_MEMORY:
        return np.zeros(shape, np.float32)
    with tempfile.TemporaryFile() as file:
        mapped: Any = np.memmap(file, np.float32, "w+", shape=shape)
    return np.asarray(mapped)


def _solved(
    work: Callable[[BlockTask], SolvedBlock], maker: BlockMaker, blocks: Sequence[Block], workers: int
) -> Iterator[tuple[int, SolvedBlock]]:
    """Number of each block and what it became; the largest is solved last and here, where evidence learns from it."""
    last = max(range(len(blocks)), key=lambda k: len(blocks[k].rows))
    others = [k for k in range(len(blocks)) if k != last]
    yield from zip(others, process_map(work, (maker.task(blocks[k]) for k in others), workers), strict=True)
    yield last, work(maker.task(blocks[last]))


def _beside(
    calibration: Calibration,
    maker: BlockMaker,
    appearance: FloatArray,
    blocks: Sequence[Block],
    label: IntArray,
    workers: int,
) -> tuple[dict[int, tuple[int, float]], list[tuple[int, int]]]:
    """Who else looks most like each tracklet, within its block; and people whom appearance cannot tell apart."""
    work = partial(look_beside, calibration.everywhere.mixture.same)
    tasks = (SettledBlock(appearance[b.own], label[b.own], maker.seen_together(b.own)) for b in blocks)
    runner_up: dict[int, tuple[int, float]] = {}
    alike: set[tuple[int, int]] = set()
    for block, found in zip(blocks, process_map(work, tasks, workers), strict=True):
        rows = block.own
        others = np.where(found.who < 0, -1, rows[found.who])
        runner_up.update(zip(rows.tolist(), zip(others.tolist(), found.distance.tolist(), strict=True), strict=True))
        alike.update(found.alike)
    return runner_up, sorted(alike)
