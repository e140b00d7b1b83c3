"""Ranking figures against a published case and against a literal reading of the protocol."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reidtrack.benchmark import ranking
from reidtrack.benchmark.ranking import ApRule, Gallery, rank, score_queries, summarise


def ints(*values: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.array(values, np.int64)


def literal(
    distance: Any, query_id: Any, query_cam: Any, gallery_id: Any, gallery_cam: Any, ap_rule: ApRule
) -> list[tuple[int, float, float]]:
    """Each used query's (rank of the first match from 1, AP, INP), one gallery image at a time."""
    scores = []
    for q in range(len(distance)):
        ranked = []
        for g in sorted(range(len(gallery_id)), key=lambda g: (distance[q][g], g)):
            same = gallery_id[g] == query_id[q]
            if gallery_id[g] == -1 or (same and gallery_cam[g] == query_cam[q]):
                continue
            ranked.append(same)
        total = sum(ranked)
        if total == 0:
            continue
        area, found, recall, precision = 0.0, 0, 0.0, 1.0
        for place, match in enumerate(ranked, start=1):
            found += match
            new_recall, new_precision = found / total, found / place
            height = (precision + new_precision) / 2 if ap_rule == "trapezoid" else new_precision
            area += (new_recall - recall) * height
            recall, precision = new_recall, new_precision
        hits = [place for place, match in enumerate(ranked, start=1) if match]
        scores.append((hits[0], area, total / hits[-1]))
    return scores


@pytest.mark.shared
@pytest.mark.parametrize(("ap_rule", "mean_ap"), [("trapezoid", 0.6403), ("step", 0.6652)])
def test_the_published_case(shared: Path, ap_rule: ApRule, mean_ap: float) -> None:
    # huanghoujing/person-re-identification-check-eval-code, to the four digits it states.
    folder = shared / "data/ranking-golden"
    with gzip.open(folder / "query_gallery_distance.txt.gz", "rt") as file:
        distance = np.array(file.read().split(), np.float64).reshape(100, 5332)
    names = ("query_id", "query_cam", "gallery_id", "gallery_cam")
    result = rank(distance, *(np.loadtxt(folder / f"{name}.txt", dtype=np.int64) for name in names), ap_rule=ap_rule)
    assert result.cmc[0] == pytest.approx(0.68, abs=1e-9)
    assert result.mean_ap == pytest.approx(mean_ap, abs=5e-5)
    assert (result.queries_used, result.queries_left_out) == (100, 0)


@settings(max_examples=150, deadline=None)
@given(data=st.data(), ap_rule=st.sampled_from(["step", "trapezoid"]))
def test_agrees_with_the_literal_reading(data: st.DataObject, ap_rule: ApRule) -> None:
    seed = data.draw(st.integers(0, 2**32 - 1))
    queries, gallery = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 25))
    people, levels = data.draw(st.integers(1, 5)), data.draw(st.sampled_from([2, 5, 1000]))  # few levels: many ties
    rng = np.random.default_rng(seed)
    case = (
        rng.integers(0, levels, (queries, gallery)) / levels,
        rng.integers(0, people, queries),
        rng.integers(0, 3, queries),
        rng.integers(-1, people, gallery),
        rng.integers(0, 3, gallery),
    )
    result = rank(*case, max_rank=10, ap_rule=ap_rule)
    expected = literal(*case, ap_rule)
    assert (result.queries_used, result.queries_left_out) == (len(expected), queries - len(expected))
    firsts, aps, inps = zip(*expected, strict=True) if expected else ((), (), ())
    for k in range(10):
        assert result.cmc[k] == pytest.approx(np.mean([first <= k + 1 for first in firsts]) if firsts else 0.0)
    assert result.mean_ap == pytest.approx(np.mean(aps) if aps else 0.0)
    assert result.mean_inp == pytest.approx(np.mean(inps) if inps else 0.0)


QUERY = {"query_id": ints(1), "query_cam": ints(1)}


@pytest.mark.parametrize(
    ("gallery_id", "gallery_cam", "rank1", "step", "trapezoid", "inp"),
    [
        pytest.param(ints(1), ints(2), 1.0, 1.0, 1.0, 1.0, id="one right"),
        pytest.param(ints(2, 1), ints(2, 2), 0.0, 0.5, 0.25, 0.5, id="second place"),
        pytest.param(ints(1, 2, 1), ints(2, 2, 3), 1.0, 5 / 6, (1 + 7 / 12) / 2, 2 / 3, id="first and third"),
        pytest.param(ints(1, 1), ints(1, 2), 1.0, 1.0, 1.0, 1.0, id="same camera is passed over"),
        pytest.param(ints(-1, 1), ints(2, 2), 1.0, 1.0, 1.0, 1.0, id="junk is passed over"),
        pytest.param(ints(0, 1), ints(2, 2), 0.0, 0.5, 0.25, 0.5, id="a distractor takes a place"),
        pytest.param(ints(2, 1), ints(1, 2), 0.0, 0.5, 0.25, 0.5, id="others of the same camera take a place"),
    ],
)
def test_by_hand(gallery_id: Any, gallery_cam: Any, rank1: float, step: float, trapezoid: float, inp: float) -> None:
    distance = np.arange(len(gallery_id), dtype=np.float32)[None]
    for rule, ap in (("step", step), ("trapezoid", trapezoid)):
        result = rank(distance, **QUERY, gallery_id=gallery_id, gallery_cam=gallery_cam, max_rank=3, ap_rule=rule)  # type: ignore[arg-type]
        assert result.cmc[0] == rank1
        assert result.mean_ap == pytest.approx(ap)
        assert result.mean_inp == pytest.approx(inp)
        assert result.cmc.tolist() == [rank1, 1.0, 1.0]


@pytest.mark.parametrize(
    ("gallery_id", "left_out"),
    [
        pytest.param(ints(), 1, id="empty gallery"),
        pytest.param(ints(2, 3), 1, id="nobody"),
        pytest.param(ints(-1), 1, id="junk alone"),
    ],
)
def test_queries_without_a_match_are_left_out(gallery_id: Any, left_out: int) -> None:
    result = rank(np.zeros((1, len(gallery_id))), **QUERY, gallery_id=gallery_id, gallery_cam=gallery_id + 5)
    assert (result.queries_used, result.queries_left_out) == (0, left_out)
    assert (result.mean_ap, result.mean_inp, result.cmc.max()) == (0.0, 0.0, 0.0)


def test_no_query_at_all() -> None:
    result = rank(np.zeros((0, 3)), ints(), ints(), ints(1, 2, 3), ints(1, 1, 1))
    assert (result.queries_used, result.queries_left_out, result.mean_ap) == (0, 0, 0.0)


def test_ties_are_ranked_in_gallery_order() -> None:
    one, other = (
        rank(np.zeros((1, 2)), **QUERY, gallery_id=ids, gallery_cam=ints(2, 2)) for ids in (ints(1, 2), ints(2, 1))
    )
    assert (one.cmc[0], other.cmc[0]) == (1.0, 0.0)


def random_case(seed: int, queries: int, gallery: int, people: int, levels: int) -> tuple[Any, ...]:
    rng = np.random.default_rng(seed)
    return (
        rng.integers(0, levels, (queries, gallery)) / levels,
        rng.integers(0, people, queries),
        rng.integers(0, 2, queries),
        rng.integers(-1, people, gallery),
        rng.integers(0, 2, gallery),
    )


def test_blocks_change_nothing() -> None:
    distance, query_id, query_cam, *labels = random_case(0, 7, 20, 3, 1000)
    gallery = Gallery(*labels)
    blocks = [slice(0, 3), slice(3, 4), slice(4, 7)]
    parts = summarise(score_queries(distance[b], query_id[b], query_cam[b], gallery) for b in blocks)
    whole = rank(distance, query_id, query_cam, *labels)
    assert np.array_equal(whole.cmc, parts.cmc)
    assert (whole.mean_ap, whole.mean_inp) == pytest.approx((parts.mean_ap, parts.mean_inp))


@pytest.mark.parametrize("levels", [pytest.param(3, id="ties"), pytest.param(10**6, id="hardly any ties")])
def test_sorting_and_counting_agree(monkeypatch: pytest.MonkeyPatch, levels: int) -> None:
    case = random_case(1, 6, 80, 3, levels)
    counted = rank(*case)
    monkeypatch.setattr(ranking, "SORT_FROM", 1)
    in_order = rank(*case)
    assert np.array_equal(counted.cmc, in_order.cmc)
    assert (counted.mean_ap, counted.mean_inp) == (in_order.mean_ap, in_order.mean_inp)


def test_each_query_has_its_own_figures() -> None:
    scores = score_queries(np.array([[0.1, 0.2], [0.1, 0.2]]), ints(2, 9), ints(0, 0), Gallery(ints(1, 2), ints(1, 1)))
    assert scores.first.tolist() == [1, -1]
    assert scores.ap.tolist() == [0.5, 0.0]
    assert scores.used.tolist() == [0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"distance": np.zeros(3)}, r"\(Q, G\), got shape \(3,\)", id="vector"),
        pytest.param({"gallery_cam": ints(1)}, r"gallery_cam of shape \(3,\), got \(1,\)", id="short"),
        pytest.param({"distance": np.full((1, 3), np.nan)}, "NaN", id="NaN"),
    ],
)
def test_wrong_input(change: dict[str, Any], message: str) -> None:
    good: dict[str, Any] = {
        "distance": np.zeros((1, 3)),
        **QUERY,
        "gallery_id": ints(1, 2, 3),
        "gallery_cam": ints(2, 2, 2),
    }
    with pytest.raises(ValueError, match=message):
        rank(**{**good, **change})
