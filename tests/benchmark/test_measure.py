"""Every figure of a benchmark against a literal reading, one pair of images at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reidtrack.benchmark import distance as distance_module
from reidtrack.benchmark.distance import FeatureDistances, Metric
from reidtrack.benchmark.measure import Labels, choose_queries, mean_result, measure, ranked_list
from reidtrack.benchmark.ranking import Gallery, QueryScores, RankingResult, rank
from reidtrack.benchmark.shots import ShotScorer
from reidtrack.benchmark.verification import PairCounter, Verification, join_verifications


def ints(*values: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.array(values, np.int64)


def random_labels(seed: int, queries: int, gallery: int, people: int = 5) -> Labels:
    rng = np.random.default_rng(seed)
    return Labels(
        rng.integers(0, people, queries),
        rng.integers(0, 3, queries),
        rng.integers(-1, people, gallery),
        rng.integers(0, 3, gallery),
    )


def random_features(seed: int, total: int) -> Any:
    return np.random.default_rng(seed).standard_normal((total, 6)).astype(np.float32)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_distances(metric: Metric) -> None:
    x = random_features(0, 12).astype(np.float64)
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    literal = np.array([[1 - a @ b for b in unit] for a in unit])
    if metric == "euclidean":
        literal = np.array([[np.linalg.norm(a - b) for b in x] for a in x])
    distances = FeatureDistances(x.astype(np.float32), metric)
    assert distances.block(slice(0, 12), slice(3, 9)) == pytest.approx(literal[:, 3:9], abs=2e-3)
    a, b = np.triu_indices(12, 1)
    assert distances.block(slice(0, 12), slice(0, 12))[a, b] == pytest.approx(literal[a, b], abs=1e-5)
    assert distances.pairs(a, b) == pytest.approx(literal[a, b], abs=1e-5)
    assert literal.max() <= distances.highest


def test_a_feature_of_zeros_is_at_distance_one() -> None:
    distances = FeatureDistances(np.array([[0, 0], [1, 0]], np.float32))
    assert distances.block(slice(0, 1), slice(0, 2)).tolist() == [[1.0, 1.0]]


def test_features_must_be_a_matrix() -> None:
    with pytest.raises(ValueError, match=r"\(N, D\), got shape \(3,\)"):
        FeatureDistances(np.zeros(3, np.float32))


def test_one_pass_gives_what_the_matrix_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    labels, distances = random_labels(3, 20, 60), FeatureDistances(random_features(3, 80))
    monkeypatch.setattr(distance_module, "BLOCK_ENTRIES", 130)
    measured = measure(distances, labels, ap_rule="trapezoid", max_rank=7)
    whole = rank(distances.block(slice(0, 20), slice(20, 80)), *labels, ap_rule="trapezoid", max_rank=7)
    assert np.array_equal(measured.result.cmc, whole.cmc)
    assert (measured.result.mean_ap, measured.result.mean_inp) == pytest.approx((whole.mean_ap, whole.mean_inp))
    assert len(measured.scores.first) == 20


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), levels=st.sampled_from([4, 64]), far=st.sampled_from([0.0, 0.1, 1.0]))
def test_verification_agrees_with_counting_pairs(seed: int, levels: int, far: float) -> None:
    labels = random_labels(seed, 6, 30)
    rng = np.random.default_rng(seed)
    distance = (rng.integers(0, levels, (6, 30)) / levels).astype(np.float32)
    counter = PairCounter(Gallery(labels.gallery_id, labels.gallery_cam), 1.0, bins=levels)
    for start in (0, 4):  # two blocks
        part = slice(start, 4 if start == 0 else 6)
        counter.add(distance[part], labels.query_id[part], labels.query_cam[part])
    same, different = [], []
    for q in range(6):
        for g in range(30):
            alike = labels.gallery_id[g] == labels.query_id[q]
            if labels.gallery_id[g] == -1 or (alike and labels.gallery_cam[g] == labels.query_cam[q]):
                continue
            (same if alike else different).append(float(distance[q, g]))
    found = counter.result()
    assert (found.same.sum(), found.different.sum()) == (len(same), len(different))
    if not same or not different:
        return
    more = np.subtract.outer(different, same)
    assert found.auc == pytest.approx(((more > 0) + 0.5 * (more == 0)).mean())

    def point(threshold: float) -> tuple[float, float, float, float]:
        right, wrong = sum(d < threshold for d in same), sum(d < threshold for d in different)
        taken = right + wrong
        f1 = 2 * right / (taken + len(same))
        return right / len(same), wrong / len(different), right / taken if taken else 0.0, f1

    thresholds = [k / levels for k in range(levels + 1)]
    best = found.best_f1()
    assert best.f1 == pytest.approx(max(point(t)[3] for t in thresholds))
    at_far = found.at_far(far)
    assert at_far.threshold == pytest.approx(max(t for t in thresholds if point(t)[1] <= far))
    for one in (best, at_far):
        assert (one.tpr, one.far, one.precision, one.f1) == pytest.approx(point(one.threshold))
    rates = [point(t)[:2] for t in thresholds]
    closest = min(abs(1 - tpr - far) for tpr, far in rates)
    means = [(1 - tpr + far) / 2 for tpr, far in rates if abs(1 - tpr - far) < closest + 1e-9]
    assert min(abs(found.equal_error - mean) for mean in means) < 1e-9


def test_perfect_verification() -> None:
    counter = PairCounter(Gallery(ints(1, 2), ints(1, 1)), 2.0)
    counter.add(np.array([[0.25, 1.5]], np.float32), ints(1), ints(0))
    found = counter.result()
    assert (found.auc, found.equal_error) == (1.0, 0.0)
    assert 0.25 < found.best_f1().threshold <= 1.5
    assert found.best_f1()[1:] == (1.0, 0.0, 1.0, 1.0)
    assert found.at_far(1e-3).tpr == 1.0


def test_several_test_sets_as_one() -> None:
    def counted(highest: float, distance: float) -> Verification:
        counter = PairCounter(Gallery(ints(1, 2), ints(1, 1)), highest, bins=1000)
        counter.add(np.array([[distance, 0.9]], np.float32), ints(1), ints(0))
        return counter.result()

    same_range = join_verifications([counted(1.0, 0.2), counted(1.0, 0.4)])
    assert (same_range.same.sum(), same_range.different.sum()) == (2, 2)
    assert same_range.at_far(0.0).tpr == 1.0
    wider = join_verifications([counted(1.0, 0.2), counted(2.0, 0.95)])
    assert wider.edges[-1] == 2.0
    assert (wider.same.sum(), wider.different.sum()) == (2, 2)
    assert wider.at_far(0.0).tpr == 0.5


def literal_shots(row: Any, labels: Labels, q: int, drawn: dict[int, int] | None) -> int:
    """Place of the right person among people whose image is the drawn one, or whose nearest image counts."""
    own, distance = int(labels.query_id[q]), {}
    for person in sorted({int(p) for p in labels.gallery_id} - {-1}):
        mine = [g for g in range(len(row)) if labels.gallery_id[g] == person]
        if person == own:
            mine = [g for g in mine if labels.gallery_cam[g] != labels.query_cam[q]]
        distance[person] = min(row[g] for g in mine) if drawn is None else row[drawn[person]]
    return sorted(distance, key=lambda p: (distance[p], p)).index(own)


def test_multi_shot_ranks_people_by_their_nearest_image() -> None:
    labels = random_labels(5, 30, 40)
    distance = np.random.default_rng(5).integers(0, 9, (30, 40)).astype(np.float32)
    gallery = Gallery(labels.gallery_id, labels.gallery_cam)
    (scores,) = ShotScorer(gallery, 0, np.random.default_rng(0)).score(distance, labels.query_id, labels.query_cam)
    for q in range(30):
        usable = len(gallery.of(int(labels.query_id[q]), int(labels.query_cam[q]))[0]) > 0
        assert scores.first[q] == (literal_shots(distance[q], labels, q, None) if usable else -1)
        assert scores.ap[q] == (1 / (scores.first[q] + 1) if usable else 0)


def test_single_shot_with_one_image_each_is_the_usual_ranking() -> None:
    rng = np.random.default_rng(6)
    labels = Labels(np.arange(20), np.zeros(20, np.int64), rng.permutation(20), np.ones(20, np.int64))
    distances = FeatureDistances(random_features(6, 40))
    single = measure(distances, labels, shots="single", draws=3).result
    usual = measure(distances, labels).result
    assert single.cmc == pytest.approx(usual.cmc)
    assert single.mean_ap == pytest.approx(usual.mean_ap)


def test_single_shot_draws_each_image_as_often() -> None:
    # One of the right person's two images is nearer than the other person, one is not: half of the draws succeed.
    labels = Labels(ints(1), ints(0), ints(1, 1, 2), ints(1, 1, 1))
    x = np.array([[1, 0], [1, 0.1], [0, 1], [1, 0.5]], np.float32)
    result = measure(FeatureDistances(x), labels, shots="single", draws=4000).result
    assert result.cmc[0] == pytest.approx(0.5, abs=0.03)
    assert measure(FeatureDistances(x), labels, shots="multi").result.cmc[0] == 1.0


def test_mean_of_results() -> None:
    parts = [RankingResult(np.array([v, 1.0]), v, v / 2, 10, n) for v, n in ((0.2, 0), (0.4, 1))]
    mean = mean_result(parts)
    assert mean.cmc == pytest.approx([0.3, 1.0])
    assert (mean.mean_ap, mean.mean_inp, mean.queries_used) == pytest.approx((0.3, 0.15, 10))


def test_ranked_list_leaves_out_what_does_not_count() -> None:
    labels = Labels(ints(1), ints(0), ints(1, -1, 2, 1), ints(0, 1, 1, 1))
    x = np.array([[1, 0], [1, 0], [1, 0], [1, 0.2], [1, 0.4]], np.float32)
    found = ranked_list(FeatureDistances(x), labels, 0)
    assert found.columns.tolist() == [2, 3]
    assert found.right.tolist() == [False, True]
    assert found.distance[0] < found.distance[1]


def test_queries_worth_a_look() -> None:
    scores = QueryScores(ints(0, 5, -1, 9, 0), np.array([1.0, 0.1, 0, 0.1, 0.7]), np.zeros(5))
    chosen = choose_queries(scores, 2)
    assert chosen["worst"].tolist() == [3, 1]
    assert chosen["best"].tolist() == [0, 4]
    assert len(set(chosen["random"].tolist()) - {2}) == 2
