"""Live cameras' people in a gallery: known again after days, by the number of then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from associate.live_play import Player
from associate.people_data import directions, tracklet

from reidtrack.associate.live.known import CameraView, SeenPerson
from reidtrack.associate.online import OnlineIdentities
from reidtrack.gallery.online import GalleryLimits, GalleryPeople
from reidtrack.gallery.people import open_gallery
from reidtrack.gallery.store import Signature
from reidtrack.types import Tracklet

PERSON = directions(14, seed=1)
SIGNATURE = Signature("0" * 64, "as it is")
DAY_S = 86_400.0
DAY = int(10 * DAY_S)


def gallery(tmp_path: Path, folder: str = "site", source: str | None = None, **limits: float) -> GalleryPeople:
    told = GalleryLimits(**({"strangers": 0.5, "margin": 0.05} | limits))  # type: ignore[arg-type]
    path, since = tmp_path / "people.db", lambda: 1.7e9
    return GalleryPeople(path, SIGNATURE, folder=folder, place=folder, origin_utc=since, limits=told, source=source)


@pytest.fixture
def known(tmp_path: Path) -> Iterator[GalleryPeople]:
    made = gallery(tmp_path)
    yield made
    made.close()


def crowd(camera: str, first_id: int, first: int, people: list[int]) -> list[Tracklet]:
    return [tracklet(camera, first_id + i, PERSON[p], first + 5 * i) for i, p in enumerate(people)]


def played(known: GalleryPeople, visits: list[Tracklet], from_s: float, next_identity: int = 1) -> Player:
    player = Player(OnlineIdentities(known=known, next_identity=next_identity), from_s=from_s)
    player.play(visits, from_s + 20.0)
    player.online.store(player.now_s)
    return player


def test_known_again_days_later_without_any_state(known: GalleryPeople) -> None:
    before = crowd("a", 1, 0, [0, 1, 2, 3])
    first = played(known, before, 0.0)
    assert first.who(before) == [1, 2, 3, 4]
    again = crowd("a", 101, 3 * DAY, [2, 0, 7])
    later = played(known, again, 3 * DAY_S, next_identity=first.online.next_identity)
    assert later.who(again)[:2] == [3, 1]
    assert later.who(again)[2] not in (1, 2, 3, 4)


def test_a_name_comes_along_and_another_folder_has_numbers_of_its_own(tmp_path: Path, known: GalleryPeople) -> None:
    before = crowd("a", 1, 0, [0, 1, 2, 3])
    played(known, before, 0.0)
    with open_gallery(tmp_path / "people.db") as file, file.writing():
        file.set_name(2, "Ann")
    assert known.names() == {2: "Ann"}
    elsewhere = gallery(tmp_path, "other site")
    again = crowd("x", 1, 0, [5, 1, 0])
    later = played(elsewhere, again, 0.0)
    assert later.who(again) == [1, 2, 3]
    assert [later.online.name(number) for number in (1, 2, 3)] == [None, "Ann", None]
    elsewhere.close()


def test_days_are_sources_of_their_own_and_a_day_counts_once(tmp_path: Path, known: GalleryPeople) -> None:
    view = CameraView("a", 1.0, PERSON[0].astype(np.float32), 10.0, 20.0)
    known.keep([SeenPerson(1, (view,))])
    known.keep([SeenPerson(1, (view._replace(last_s=30.0),)), SeenPerson(2, ())])
    known.keep([SeenPerson(1, (view._replace(last_s=30.0 + DAY_S),))])
    with open_gallery(tmp_path / "people.db") as file:
        (person,) = file.people()
        assert (person.runs, person.cameras) == (2, ("a",))
        (block,) = file.blocks()
        assert len(block.view) == 2


def test_merged_numbers_are_one_person_there(tmp_path: Path, known: GalleryPeople) -> None:
    for number in (1, 2):
        view = CameraView("a", 1.0, PERSON[number].astype(np.float32), 10.0, 20.0)
        known.keep([SeenPerson(number, (view,))])
    known.merge(2, 1)
    known.merge(7, 1)  # nobody was kept of it
    with open_gallery(tmp_path / "people.db") as file:
        assert len(file.people()) == 1
    known.close()
    assert known.names() == {}
    assert known.recognise([SeenPerson(9, ())], [], [], 0.6, 20.0) == [None]


def test_sectors_have_numbers_in_common(tmp_path: Path) -> None:
    """Each keeps what its cameras saw; what one notes of a number the other knows."""
    north, south = (gallery(tmp_path, source=name) for name in ("north", "south"))
    views = [CameraView(camera, 1.0, PERSON[0].astype(np.float32), 10.0, 20.0) for camera in "ab"]
    assert south.numbers() == []
    north.keep([SeenPerson(1, (views[0],)), SeenPerson(70, (views[0]._replace(feature=PERSON[1].astype(np.float32)),))])
    south.keep([SeenPerson(1, (views[1],))])
    assert south.numbers() == [1, 70]
    with open_gallery(tmp_path / "people.db") as file:
        assert sorted((person.runs, person.cameras) for person in file.people()) == [(1, ("a",)), (2, ("a", "b"))]
    south.merge(70, 1)
    north.merge(70, 1)  # it heard so
    north.keep([SeenPerson(1, (views[0],))])
    assert north.numbers() == [1]
    with open_gallery(tmp_path / "people.db") as file:
        assert [person.cameras for person in file.people()] == [("a", "b")]
    north.close()
    south.close()


def test_whom_somebody_removed_is_somebody_new(tmp_path: Path, known: GalleryPeople) -> None:
    before = crowd("a", 1, 0, [0, 1, 2, 3])
    first = played(known, before, 0.0)
    with open_gallery(tmp_path / "people.db") as file, file.writing():
        file.remove([file.key(2)])
    again = crowd("a", 101, DAY, [0, 1, 2])
    later = played(known, again, DAY_S, next_identity=first.online.next_identity)
    who = later.who(again)
    assert (who[0], who[2]) == (1, 3)
    assert who[1] is not None
    assert who[1] > 4


def test_a_gallery_that_cannot_be_read_stops_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "people.db").write_bytes(b"no database at all" * 100)
    visits = crowd("a", 1, 0, [0, 1])
    player = played(gallery(tmp_path), visits, 0.0)
    assert player.who(visits) == [1, 2]
    assert len([r for r in caplog.records if "people of before" in r.getMessage()]) == 1


def test_no_more_people_than_wanted(tmp_path: Path) -> None:
    known = gallery(tmp_path, most_people=3)
    for number in range(1, 7):
        view = CameraView("a", 1.0, PERSON[number].astype(np.float32), 10.0 * number, 10.0 * number + 5)
        known.keep([SeenPerson(number, (view,))])
    known.close()
    with open_gallery(tmp_path / "people.db") as file:
        assert len(file.people()) == 3
        assert len(file.values("live ")) == 3


def test_what_was_seen_is_kept_though_nobody_comes_any_more(tmp_path: Path, known: GalleryPeople) -> None:
    player = Player(OnlineIdentities(known=known))
    player.play(crowd("a", 1, 0, [0, 1]), 10.0)
    for now_s in (30.0, 80.0, 700.0):
        player.online.update([], [], now_s)
    with open_gallery(tmp_path / "people.db") as file:
        assert len(file.people()) == 2
    assert player.online.held() == []
    assert player.online.identity(("a", 1)) == (1, False)


def test_who_is_kept_until_a_day_is_forgotten_while_cameras_run(tmp_path: Path, known: GalleryPeople) -> None:
    played(known, crowd("a", 1, 0, [0, 1]), 0.0)
    with open_gallery(tmp_path / "people.db") as other, other.writing():
        keys = [key for key, _ in other.names().values()]
        other.rename(keys[0], "Anna")
        other.set_dates(keys[0], until="2020-01-01")
    assert known.names() == {}
    with open_gallery(tmp_path / "people.db") as other:
        assert [one.key for one in other.people()] == keys[1:]
