"""All figures of queries against a gallery, computed in one pass over blocks of distances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from reidtrack.benchmark.distance import Distances, query_blocks
from reidtrack.benchmark.ranking import (
    ApRule,
    Gallery,
    QueryScores,
    RankingResult,
    join_scores,
    score_queries,
    summarise,
)
from reidtrack.benchmark.shots import ShotScorer
from reidtrack.benchmark.verification import PairCounter, Verification
from reidtrack.types import BoolArray, FloatArray, IntArray

Shots = Literal["all", "single", "multi"]
"""`all`: every gallery image is ranked on its own (Market-1501); the others: see `shots`."""


class Labels(NamedTuple):
    """Person and camera ids: (Q,) of the queries, (G,) of the gallery, int64."""

    query_id: IntArray
    query_cam: IntArray
    gallery_id: IntArray
    gallery_cam: IntArray


@dataclass(frozen=True, eq=False, slots=True)
class Measured:
    """Figures of queries against a gallery.

    Attributes:
        result: Mean figures over all queries, and over the draws of a single-shot protocol.
        scores: Figures of each query, with every gallery image ranked on its own.
        pairs: Figures of single pairs: same person or not.
    """

    result: RankingResult
    scores: QueryScores
    pairs: Verification


class RankedList(NamedTuple):
    """The gallery images nearest to one query.

    Attributes:
        query: Row of the query.
        columns: (T,) columns of the nearest gallery images that count, nearest first.
        distance: (T,) their distances.
        right: (T,) whether they show the query's person.
    """

    query: int
    columns: IntArray
    distance: FloatArray
    right: BoolArray


def measure(
    distances: Distances,
    labels: Labels,
    *,
    ap_rule: ApRule = "step",
    max_rank: int = 50,
    shots: Shots = "all",
    draws: int = 100,
    seed: int = 0,
) -> Measured:
    """Score queries against a gallery.

    Args:
        distances: Among queries and gallery, queries first.
        labels: Person and camera ids of both.
        ap_rule: Rule of average precision (`ranking.rank`), where every image is ranked.
        max_rank: Length of the CMC curve.
        shots: Which gallery images are ranked.
        draws: Galleries drawn for `single`.
        seed: Seed of the draws.
    """
    gallery, queries = Gallery(labels.gallery_id, labels.gallery_cam), len(labels.query_id)
    scorer = None
    if shots != "all":
        scorer = ShotScorer(gallery, draws if shots == "single" else 0, np.random.default_rng(seed))
    counter = PairCounter(gallery, distances.highest)
    parts, shot_parts = [], []
    for rows, block in query_blocks(distances, queries):
        person, camera = labels.query_id[rows], labels.query_cam[rows]
        parts.append(score_queries(block, person, camera, gallery, ap_rule))
        counter.add(block, person, camera)
        if scorer is not None:
            shot_parts.append(scorer.score(block, person, camera))
    scores = join_scores(parts)
    results = [summarise([scores], max_rank)]
    if shot_parts:
        results = [summarise(draw, max_rank) for draw in zip(*shot_parts, strict=True)]
    return Measured(mean_result(results), scores, counter.result())


def mean_result(results: Sequence[RankingResult]) -> RankingResult:
    """Mean figures of several draws or splits; numbers of queries are means too, rounded."""
    return RankingResult(
        cmc=np.mean([result.cmc for result in results], axis=0),
        mean_ap=float(np.mean([result.mean_ap for result in results])),
        mean_inp=float(np.mean([result.mean_inp for result in results])),
        queries_used=round(float(np.mean([result.queries_used for result in results]))),
        queries_left_out=round(float(np.mean([result.queries_left_out for result in results]))),
    )


def ranked_list(distances: Distances, labels: Labels, query: int, top: int = 10) -> RankedList:
    """Rank the gallery images nearest to one query, without those that do not count."""
    queries = len(labels.query_id)
    row = distances.block(slice(query, query + 1), slice(queries, len(distances)))[0]
    gallery = Gallery(labels.gallery_id, labels.gallery_cam)
    _, hidden = gallery.of(int(labels.query_id[query]), int(labels.query_cam[query]))
    counted = np.setdiff1d(np.arange(len(row)), np.concatenate([hidden, gallery.junk]))
    columns = counted[np.argsort(row[counted], kind="stable")[:top]]
    return RankedList(query, columns, row[columns], labels.gallery_id[columns] == labels.query_id[query])


def choose_queries(scores: QueryScores, count: int, seed: int = 0) -> dict[str, IntArray]:
    """Choose queries to show: random ones, and those of the worst and the best average precision.

    Returns:
        At most `count` rows under each name. Of queries with the same precision, the rank of the first true match
        decides, then chance.
    """
    used = scores.used
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(used)
    order = shuffled[np.lexsort((-scores.first[shuffled], scores.ap[shuffled]))]
    return {"random": np.sort(shuffled[:count]), "worst": order[:count], "best": order[::-1][:count]}
