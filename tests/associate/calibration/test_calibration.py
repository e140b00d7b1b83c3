"""The threshold from the recording itself, and probabilities that are what they say."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest
from associate.people_data import DIM, tracklet

from reidtrack.associate.associate import associate
from reidtrack.associate.calibration.calibration import EVERYWHERE
from reidtrack.associate.calibration.fit import LEAST_PAIRS, SAME_CAMERA_SHARE, ObservedAppearance, calibrate
from reidtrack.associate.calibration.sample_pairs import half_distances
from reidtrack.types import Tracklet

NOBODY = np.zeros((0, 2), np.int64)


def crowd(
    people: int, cameras: int, seed: int, *, seen: float = 1.0, at_once: int = 5, vary: tuple[float, float] = (0.4, 1.1)
) -> tuple[list[Tracklet], dict[tuple[str, int], int]]:
    """People whose looks vary from camera to camera, some more than others; who each tracklet is.

    Args:
        people: How many.
        cameras: How many.
        seed: Of the draw.
        seen: Share of people who are seen by all cameras; others by one.
        at_once: How many stand in a camera together.
        vary: Least and most variation between cameras.
    """
    rng = np.random.default_rng(seed)
    casts = rng.normal(size=(cameras, DIM)) / np.sqrt(DIM)
    found, who = [], {}
    for person in range(people):
        look = rng.normal(size=DIM) / np.sqrt(DIM)
        there = range(cameras) if rng.random() < seen else [int(rng.integers(cameras))]
        for camera in there:
            change = rng.uniform(*vary) * rng.normal(size=DIM) / np.sqrt(DIM)
            first = int(rng.integers(0, max(1, 50 * people // at_once - 50)))
            one = tracklet("abcdefgh"[camera], person + 1, look + change, first, noise=0.02, cast=casts[camera])
            found.append(one)
            who[one.key] = person
    return found, who


def views(distances: Sequence[float], people: int = 1) -> ObservedAppearance:
    """Two cameras; person i of `people` is seen by both, at the next of some distances; others are alike by chance."""
    base = np.random.default_rng(3).normal(size=(2 * people, DIM))
    base = base / np.linalg.norm(base, axis=1, keepdims=True)
    look = []
    for i in range(people):
        cosine = 1 - distances[i % len(distances)]
        other = base[2 * i + 1] - (base[2 * i + 1] @ base[2 * i]) * base[2 * i]
        look += [base[2 * i], cosine * base[2 * i] + np.sqrt(1 - cosine**2) * other / np.linalg.norm(other)]
    return ObservedAppearance(np.array(look), np.tile([0, 1], people), np.ones(2 * people), ["a", "b"])


def test_nobody() -> None:
    found = calibrate(ObservedAppearance(np.zeros((0, 4)), np.zeros(0, np.int64), np.zeros(0), []), NOBODY, NOBODY)
    assert found.threshold == pytest.approx(0.73, abs=0.01)
    assert found.by_default
    assert found.confidence == "poor"


@pytest.mark.parametrize(
    ("people", "enough"),
    [pytest.param(1, False, id="one"), pytest.param(2, False, id="below"), pytest.param(3, True, id="enough")],
)
def test_too_few_pairs_leave_it_to_the_prior(people: int, enough: bool) -> None:
    found = calibrate(views([0.3], people), NOBODY, NOBODY)
    assert (people**2 >= LEAST_PAIRS) == enough
    assert found.by_default == (not enough)
    assert 0.65 < found.threshold < 0.8
    assert found.confidence == "poor"
    assert ("too few" in found.reason) == (not enough)
    assert found.same_camera_threshold == SAME_CAMERA_SHARE * found.threshold


def test_one_camera_is_stricter_the_more_it_saw() -> None:
    """Priors alone decide: nothing tells how far another camera moves looks, the number of visits counts."""
    found = [associate(crowd(n, 1, 0)[0]).same_camera_threshold for n in (2, 5, 9, 17, 200)]
    assert found == pytest.approx([0.65, 0.64, 0.62, 0.59, 0.56], abs=0.015)


def test_two_alike_in_one_camera_stay_two() -> None:
    """At 0.63, as in the sample scene, a visit is not the same person's: none of ours lay so far from another."""
    distances = (0.3, 0.63)
    rng = np.random.default_rng(5)
    base = [look / np.linalg.norm(look) for look in rng.normal(size=(9, DIM))]
    looks = views(distances, 2).appearance
    looks = np.concatenate([looks, base[:6]])
    found = calibrate(ObservedAppearance(looks, np.zeros(10, np.int64), np.ones(10), ["a"]), NOBODY, NOBODY)
    assert found.by_default
    assert distances[0] < found.same_camera_threshold < distances[1]
    assert found.probability(distances[0], "a", "a") > 0.9
    assert found.probability(distances[1], "a", "a") < 0.5


def test_the_threshold_follows_how_far_one_person_lies() -> None:
    """A camera pair or a network that moves looks more gets a higher threshold; the prior does not overrule it."""
    near, far = (calibrate(views([d - 0.05, d, d + 0.05], 10), NOBODY, NOBODY).threshold for d in (0.25, 0.55))
    assert near < far
    assert 0.3 < near < 0.65
    assert 0.6 < far < 0.9


def test_more_people_make_it_stricter() -> None:
    few, many = (associate(crowd(n, 2, 0)[0]).threshold for n in (6, 120))
    assert many < few


def test_a_given_threshold_is_kept_and_probabilities_stay() -> None:
    tracklets, _ = crowd(20, 2, 1)
    found, given = associate(tracklets), associate(tracklets, threshold=0.5, same_camera_threshold=0.4)
    assert given.calibration.source == "fixed"
    assert (given.threshold, given.same_camera_threshold) == (0.5, 0.4)
    assert given.calibration.probability(0.5, "a", "b") == found.calibration.probability(0.5, "a", "b")


def test_a_chosen_pair_at_the_threshold_is_as_likely_one_as_two() -> None:
    found = associate(crowd(30, 2, 2)[0]).calibration
    assert found.everywhere.slope * (found.everywhere.midpoint - found.threshold) + 2 == pytest.approx(0)
    assert found.probability(found.same_camera_threshold, "a", "a") == pytest.approx(0.5)


def test_a_higher_least_probability_parts_more() -> None:
    tracklets, _ = crowd(30, 2, 2)
    found = [associate(tracklets, least_probability=p) for p in (0.1, 0.5, 0.9)]
    assert found[0].threshold > found[1].threshold > found[2].threshold
    assert len(found[0].identities) <= len(found[1].identities) <= len(found[2].identities)


def test_probability_falls_with_the_distance_and_rises_with_evidence() -> None:
    found = associate(crowd(30, 3, 3)[0]).calibration
    for cameras in (("a", "b"), ("b", "a"), ("a", "a"), ("a", "unknown")):
        at = [found.probability(d, *cameras) for d in np.linspace(0, 2, 41)]
        assert (np.diff(at) <= 0).all()
        assert 0 <= min(at) < 0.01 < 0.99 < max(at) <= 1
        assert found.probability(0.6, *cameras, 1.5) > found.probability(0.6, *cameras)
    assert found.probability(0.6, "a", "b") == found.probability(0.6, "b", "a")


def test_a_pair_of_cameras_that_shares_nobody_believes_less() -> None:
    """People of `c` are nobody else; what looks alike there is less likely one person than between `a` and `b`."""
    tracklets, _ = crowd(40, 2, 4)
    elsewhere, _ = crowd(40, 3, 5, seen=0)
    tracklets += [t for t in elsewhere if t.camera == "c"]
    found = associate(tracklets).calibration
    assert found.probability(0.6, "a", "c") < found.probability(0.6, "a", "b") - 0.1
    assert set(found.pairs) == {("a", "b"), ("a", "c"), ("b", "c")}
    assert found.everywhere.cameras == EVERYWHERE


def test_who_stands_beside_a_sure_match_is_somebody_else() -> None:
    looks = views([0.1, 0.15, 0.2], 12)
    beside = np.array([[0, 2], [1, 5]])  # person 1 stands with 2 in a, with 3 in b
    without = calibrate(looks, NOBODY, NOBODY).pairs["a", "b"]
    found = calibrate(looks, beside, NOBODY).pairs["a", "b"]
    assert without.positives == found.positives == 12
    assert without.negatives == 0
    # who stands with 1 is not 1's match elsewhere, nor is 1 theirs
    assert found.negatives == 4


def test_a_users_word_is_evidence() -> None:
    looks = views([0.2, 0.3], 6)
    apart, together = np.array([[0, 3]]), np.array([[0, 1]])
    found = calibrate(looks, apart, together)
    assert found.everywhere.positives >= 1
    assert found.everywhere.negatives >= 1
    assert found.seen_together == 0  # not seen together, only said


def test_nobody_seen_twice_is_said() -> None:
    found = associate(crowd(20, 3, 6, seen=0)[0]).calibration
    assert found.confidence == "poor"
    assert "hardly anybody" in found.reason
    assert found.threshold < 0.8


def test_much_evidence_is_good() -> None:
    found = associate(crowd(30, 2, 7, vary=(0.3, 0.6))[0]).calibration
    assert (found.confidence, found.source) == ("good", "auto")
    assert "people seen together" in found.reason


def test_rates_and_the_threshold_for_a_rate() -> None:
    found = associate(crowd(60, 3, 8)[0]).calibration
    points = found.everywhere.roc()
    assert (np.diff([p.false_accept for p in points]) >= 0).all()
    assert (np.diff([p.false_reject for p in points]) <= 0).all()
    strict, loose = found.threshold_for(0.001), found.threshold_for(0.05)
    assert strict < loose
    assert found.rates(loose).false_accept <= 0.05 < found.rates(loose + 0.01).false_accept
    assert found.rates().threshold == found.threshold
    assert found.threshold_for(1e-12) == pytest.approx(0, abs=0.2)


def reliability(found: Sequence[float], true: Sequence[bool]) -> float:
    """Expected calibration error over ten bins of equal width."""
    probability, right = np.array(found), np.array(true, np.float64)
    place = np.minimum((10 * probability).astype(int), 9)
    gaps = [abs(probability[place == k].mean() - right[place == k].mean()) * (place == k).sum() for k in set(place)]
    return float(sum(gaps)) / len(right)


@pytest.mark.parametrize(
    ("people", "cameras", "seen", "vary", "most"),
    [
        pytest.param(12, 3, 1.0, (0.4, 1.1), 0.03, id="few people"),
        pytest.param(60, 3, 1.0, (0.4, 1.1), 0.03, id="many people"),
        pytest.param(60, 3, 0.5, (0.4, 1.1), 0.03, id="half of them seen once"),
        pytest.param(60, 2, 0.7, (0.8, 1.4), 0.12, id="a weak network"),
    ],
)
def test_probabilities_of_links_are_what_they_say(
    people: int, cameras: int, seen: float, vary: tuple[float, float], most: float
) -> None:
    """Against the truth of drawn people: calibration error over four recordings. Of weak looks they lean low."""
    found, true = [], []
    for seed in range(4):
        tracklets, who = crowd(people, cameras, seed, seen=seen, vary=vary)
        for identity in associate(tracklets).identities:
            for link in identity.links:
                assert link.probability is not None
                found.append(link.probability)
                true.append(who[link.a] == who[link.b])
    assert reliability(found, true) < most


def test_no_threshold_parts_most_visits_from_themselves() -> None:
    looks = views([0.2, 0.25, 0.3], 10)
    alone = calibrate(looks, NOBODY, NOBODY)
    wide = calibrate(looks._replace(halves=np.linspace(0.7, 0.8, 11)), NOBODY, NOBODY)
    few = calibrate(looks._replace(halves=np.linspace(0.7, 0.8, 9)), NOBODY, NOBODY)
    assert alone.threshold == few.threshold < 0.7
    assert wide.threshold == pytest.approx(0.775)
    assert (wide.halves, wide.halves_within, alone.halves) == (11, 8, 0)


def test_halves_of_visits() -> None:
    look = np.eye(DIM)
    rows = np.concatenate([look[[0] * 5], look[[1] * 5]])
    same, switched = tracklet("a", 1, look[0], 0, noise=0), tracklet("a", 2, look[0], 0, noise=0)
    switched = dataclasses.replace(switched, features=rows.astype(np.float32))
    short = tracklet("a", 3, look[0], 0, features=3)
    found = half_distances([same, switched, short], lambda _: np.zeros(DIM))
    assert found == pytest.approx([0, 1], abs=1e-6)
    assert half_distances([], lambda _: np.zeros(DIM)).shape == (0,)
