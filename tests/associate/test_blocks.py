"""More tracklets than are solved at once: blocks of time, and whoever was seen in several."""

from __future__ import annotations

import pickle
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from associate.people_data import DIM, directions, owners, tracklet

from reidtrack.associate.associate import associate
from reidtrack.associate.blocks import candidates, many
from reidtrack.associate.blocks.candidates import near_others
from reidtrack.associate.blocks.cut import cut_blocks
from reidtrack.associate.blocks.learned import chosen_rows
from reidtrack.associate.evidence import PairTerms
from reidtrack.types import DoubleArray, Identity, IntArray, Tracklet, TrackletKey

PERSON = directions(24, seed=1)


def day(visits: int = 6, people: int = 12) -> list[Tracklet]:
    """People who come again and again, nobody beside himself."""
    return [
        tracklet("abc"[(i + n) % 3], n * people + i + 1, PERSON[i], 400 * n + 30 * i, features=5)
        for n in range(visits)
        for i in range(people)
    ]


def told(identities: Sequence[Identity]) -> list[list[TrackletKey]]:
    return [[t.key for t in identity] for identity in identities]


@pytest.mark.parametrize("at_once", [10, 24, 71])
def test_blocks_find_whom_all_at_once_finds(at_once: int) -> None:
    whole, blocks = associate(day()), associate(day(), at_once=at_once)
    assert told(blocks.identities) == told(whole.identities)
    assert len(blocks.identities) == 12
    assert blocks.threshold == pytest.approx(whole.threshold)
    for one, other in zip(blocks.identities, whole.identities, strict=True):
        assert [(link.a, link.b) for link in one.links] == [(link.a, link.b) for link in other.links]
        assert one.feature == pytest.approx(other.feature, abs=1e-6)


def test_as_many_as_are_solved_at_once_are_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reidtrack.associate.associate.associate_many", None)
    associate(day(), at_once=72)


def test_blocks_do_not_depend_on_the_order() -> None:
    shuffled = day()
    random.Random(3).shuffle(shuffled)
    first, second = associate(day(), at_once=20), associate(shuffled, at_once=20)
    assert told(first.identities) == told(second.identities)
    assert [i.links for i in first.identities] == [i.links for i in second.identities]


def test_people_are_the_same_whoever_solves_the_blocks() -> None:
    one, two = (associate(day(), at_once=20, workers=workers) for workers in (1, 3))
    assert pickle.dumps(one.identities) == pickle.dumps(two.identities)


@pytest.mark.parametrize("at_once", [2, 4])
def test_somebody_at_a_border_is_beside_whom_he_is_beside(at_once: int) -> None:
    """Two who look the same and overlap are two, also where a border parts them."""
    twins = [tracklet("a", i + 1, PERSON[0], 40 * i, 60) for i in range(6)]
    others = [tracklet("b", i + 1, PERSON[i], 50 * i) for i in range(1, 6)]
    who = owners(associate([*twins, *others], at_once=at_once).identities)
    assert all(who["a", i] != who["a", i + 1] for i in range(1, 6))


def test_must_links_and_cannot_links_hold_between_blocks() -> None:
    key = {t.track_id: t.key for t in day()}
    first, same, last = key[1], key[12 * 3 + 1], key[12 * 5 + 2]
    found = associate(day(), at_once=12, must_link=[(first, last)], cannot_link=[(first, same)])
    who = owners(found.identities)
    assert who[first] == who[last]
    assert who[first] != who[same]
    with pytest.raises(ValueError, match="are said to be one person, but"):
        associate(day(), at_once=12, must_link=[(first, same)], cannot_link=[(first, same)])


def test_evidence_counts_between_blocks() -> None:
    """Somebody of whom no looks are known is whom space and time say, beyond a border."""
    people = [tracklet("a", i + 1, PERSON[i % 8], 60 * i) for i in range(16)]
    people.append(tracklet("b", 99, PERSON[20], 495, features=0))

    def judge(tracklets: Sequence[Tracklet], label: IntArray, look: DoubleArray) -> PairTerms:
        place = {t.key: i for i, t in enumerate(tracklets)}
        if ("a", 7) not in place or ("b", 99) not in place:
            return PairTerms.none()
        pairs = np.array([[place["a", 7], place["b", 99]]])
        return PairTerms(pairs, np.array([30.0]), {"travel_s": np.array([3.0])})

    found = associate(people, at_once=16, evidence=[judge])
    who = owners(found.identities)
    assert who["b", 99] == who["a", 7]
    link = next(link for one in found.identities for link in one.links if link.a == ("b", 99))
    assert link.terms["travel_s"] == 3.0
    assert link.decision == "evidence"


@pytest.mark.parametrize(("size", "lead"), [(3, True), (3, False), (7, True), (100, True)])
def test_each_tracklet_is_in_one_block(size: int, lead: bool) -> None:
    tracklets = sorted(day(), key=lambda t: (t.first_time_s, t.camera))
    must = np.arange(len(tracklets))
    must[[0, 50]] = 0
    blocks, number = cut_blocks(tracklets, size, must, lead=lead)
    assert sorted(np.concatenate([b.own for b in blocks]).tolist()) == list(range(len(tracklets)))
    assert number[0] == number[50]
    assert all(set(b.lead.tolist()).isdisjoint(b.own.tolist()) and (lead or not len(b.lead)) for b in blocks)


def test_a_table_of_many_rows_lies_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many, "_IN_MEMORY", 100)
    assert told(associate(day(), at_once=20).identities) == told(associate(day()).identities)


def unit(seed: int, count: int, dim: int = 16) -> Any:
    rows = np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize("count", [0, 1, 2, 90])
@pytest.mark.parametrize("most", [1, 4, 1000])
def test_near_others_are_the_nearest_of_other_blocks(count: int, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "_ROWS", 8)
    monkeypatch.setattr(candidates, "_COLUMNS", 32)
    rows, block = unit(0, count), np.arange(count) // 30
    wanted = set()
    for i in range(count):
        others = [(-float(rows[i] @ rows[j]), j) for j in range(count) if block[i] != block[j]]
        wanted |= {(min(i, j), max(i, j)) for near, j in sorted(others)[:most] if -near >= 0.1}
    assert {tuple(pair) for pair in near_others(rows, block, 0.1, most).tolist()} == wanted


def test_cells_find_nearly_all_that_is_near() -> None:
    """Of 3,000 vectors around 500 people, cells find the pairs of one person."""
    centre = unit(1, 500, DIM)
    person = np.random.default_rng(2).integers(0, 500, 3000)
    rows = (centre[person] + 0.6 * unit(3, 3000, DIM)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    block = np.arange(3000) // 300
    exact, some = (near_others(rows, block, 0.5, 16, limit) for limit in (5000, 0))
    key = {tuple(pair) for pair in some.tolist()}
    one = [tuple(pair) for pair in exact.tolist() if person[pair[0]] == person[pair[1]]]
    assert len(one) > 1000
    assert sum(pair in key for pair in one) >= 0.95 * len(one)
    assert (near_others(rows, block, 0.5, 16, 0) == some).all()


def test_an_archive_is_learned_from_stretches_of_its_time_and_some_of_each_camera() -> None:
    rng = np.random.default_rng(5)
    camera = rng.integers(0, 7, 60_000)
    camera[[11, 30_000, 59_000]] = 7  # hardly anybody passes
    rows = chosen_rows(camera, 8)
    assert len(rows) <= 8 * 500
    assert (np.diff(rows) > 0).all()
    long = np.flatnonzero(np.diff(rows) > 1)
    stretches = np.diff(np.concatenate([[-1], long, [len(rows) - 1]]))
    assert np.sort(stretches)[-8:].min() >= 400  # visits in a row, as a block has them
    assert rows[0] == 0
    assert rows[-1] == 59_999
    assert {11, 30_000, 59_000} <= set(rows.tolist())
    assert chosen_rows(camera[:4000], 8).tolist() == list(range(4000))
