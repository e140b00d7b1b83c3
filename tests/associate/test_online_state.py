"""What live identities keep: bounded while they run, stored without pickle, and read back like a stranger's."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from associate.live_play import Player
from associate.people_data import DIM, directions, tracklet

from reidtrack.associate.calibration.prior import AppearancePrior
from reidtrack.associate.live.people import prototypes_of
from reidtrack.associate.live.register import MOST_OVER
from reidtrack.associate.live.state import State
from reidtrack.associate.online import OnlineIdentities

PERSON = directions(20, seed=1)


@pytest.fixture(scope="module")
def state() -> State:
    """Three people: one long gone, one just gone, one still there beside the second."""
    visits = [tracklet("a", 1, PERSON[0], 0), tracklet("a", 2, PERSON[1], 300), tracklet("a", 3, PERSON[2], 320)]
    player = Player(OnlineIdentities(window_s=10.0))
    player.play(visits, 38.0)
    assert len(player.online.held()) == 2
    return player.online.state()


def test_stored_and_read_back_without_pickle(state: State) -> None:
    file = io.BytesIO()
    np.savez(file, **state)  # type: ignore[arg-type]
    file.seek(0)
    with np.load(file, allow_pickle=False) as stored:
        online = OnlineIdentities.restore(dict(stored), next_identity=2)
    assert online.next_identity == 4
    assert [online.identity(("a", i)) for i in (1, 2, 3)] == [(1, False), (2, False), (3, False)]
    assert not any(part.is_open for part in online.held())
    again = online.state()
    assert json.loads(again["json"].tobytes()) | {"threshold": 0} == json.loads(state["json"].tobytes()) | {
        "threshold": 0
    }
    np.testing.assert_allclose(again["features"].astype(float), state["features"].astype(float), atol=2e-3)


def test_numbers_go_on_above_those_that_were_told_after_the_state_was_stored(state: State) -> None:
    assert OnlineIdentities.restore(state, next_identity=9).next_identity == 9


def test_nothing_is_stored_of_nobody() -> None:
    online = OnlineIdentities.restore(OnlineIdentities(next_identity=5).state())
    assert online.next_identity == 5
    assert online.held() == []
    assert online.update([], [], 1.0) == []


def changed(text: Callable[[dict[str, Any]], object]) -> Callable[[State], State]:
    """The state with another text."""

    def change(state: State) -> State:
        found = json.loads(state["json"].tobytes())
        text(found)
        return state | {"json": np.frombuffer(json.dumps(found).encode(), np.uint8)}

    return change


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda s: {}, "state.json"),
        (lambda s: s | {"json": np.frombuffer(b"{", np.uint8)}, "expected JSON"),
        (lambda s: s | {"json": np.frombuffer(b"[" * 100_000, np.uint8)}, "expected JSON"),
        (lambda s: s | {"json": np.frombuffer(b"[]", np.uint8)}, "state.version"),
        (lambda s: s | {"features": s["features"].astype(object)}, "state.features"),
        (lambda s: s | {"features": s["features"] * np.float16(3)}, "unit norm"),
        (lambda s: s | {"features": np.full_like(s["features"], np.nan)}, "unit norm"),
        (lambda s: s | {"features": s["features"][:1]}, "fewer features"),
        (lambda s: s | {"frame": s["frame"][:1]}, "differ in length"),
        (lambda s: {k: v[:1] if k in ("frame", "time_s", "xyxy") else v for k, v in s.items()}, "fewer boxes"),
        (lambda s: s | {"time_s": s["time_s"] * np.inf}, "finite"),
        (lambda s: s | {"frame": 0 * s["frame"]}, "increasing"),
        (changed(lambda t: t.update(version=2)), "state.version"),
        (changed(lambda t: t.update(next_identity=0)), "next_identity"),
        (changed(lambda t: t.update(next_identity=2)), "state.number"),
        (changed(lambda t: t.update(next_identity=True)), "next_identity"),
        (changed(lambda t: t.update(threshold="0.5")), "threshold"),
        (changed(lambda t: t.update(threshold=3)), "threshold"),
        (changed(lambda t: t.update(parts=7)), "state.parts"),
        (changed(lambda t: t.update(people=[])), "nobody"),
        (changed(lambda t: t["people"].append(t["people"][0])), "twice|fewer"),
        (changed(lambda t: t["people"][0].update(name="\x1b[2J")), "name"),
        (changed(lambda t: t["people"][0].update(first_s=float("nan"))), "first_s"),
        (changed(lambda t: t["people"][0].update(met=[{}])), "met"),
        (changed(lambda t: t["people"][0]["before"][0].update(weight=[])), "weight"),
        (changed(lambda t: t["people"][0]["before"][0].update(weight=[-1])), "weight"),
        (changed(lambda t: t["parts"][0].update(camera="")), "name"),
        (changed(lambda t: t["parts"][0].update(boxes=0)), "boxes"),
        (changed(lambda t: t["parts"][0].update(met=[99])), "met"),
        (changed(lambda t: t["parts"][0].update(quality=[])), "feature_quality"),
        (changed(lambda t: t.update(over=[["a", 1]])), "over"),
    ],
)
def test_a_damaged_state_is_refused(state: State, damage: Callable[[State], State], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        OnlineIdentities.restore(damage(dict(state)))


def test_another_networks_state_is_refused(state: State) -> None:
    prior = AppearancePrior(mean=np.zeros(DIM + 1))
    with pytest.raises(ValueError, match="another length"):
        OnlineIdentities.restore(state, prior=prior)


def test_memory_is_bounded_whoever_comes() -> None:
    """Forty people pass; what is held of them stays what it was after the first few."""
    online, sizes = OnlineIdentities(window_s=30.0, most_people=3, most_tracklets=4), []
    for i in range(40):
        visit = tracklet("ab"[i % 2], i + 1, PERSON[i % 20], 60 * i, length=30, features=4)
        online.update([visit], [], visit.last_time_s)
        online.update([], [visit], visit.last_time_s + 2.5)
        sizes.append(sum(array.nbytes for array in online.state().values()))
    register = online._register
    assert len(register.parts) <= 4
    assert len(register.people) <= 3 + 4
    assert len(register.over) <= MOST_OVER
    assert all(len(person.met) <= len(register.people) for person in register.people.values())
    assert max(sizes[10:]) <= 1.25 * max(sizes[:10])
    assert not online._told_s


def test_a_person_of_before_holds_nothing_of_the_tracks_but_what_is_kept() -> None:
    """A view of no rows would keep all features of a track in memory, for each camera of each person."""
    found = prototypes_of(tracklet("a", 1, PERSON[0], 0, length=100, features=20))
    assert found is not None
    last = [getattr(found.last, field.name) for field in fields(found.last)]
    for array in (found.feature, found.weight, *(value for value in last if isinstance(value, np.ndarray))):
        owner = array if array.base is None else array.base
        assert owner.nbytes == array.nbytes
