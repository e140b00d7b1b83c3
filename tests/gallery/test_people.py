"""The file of a gallery: what is kept, replaced, forgotten, and what becomes of it when something goes wrong."""

from __future__ import annotations

import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from gallery_writer import SIGNATURE, view

from reidtrack.config.run import GalleryConfig
from reidtrack.errors import InputError, OutputError, ReidtrackError, UsageError, WeightsError
from reidtrack.gallery import people as gallery_module
from reidtrack.gallery import store
from reidtrack.gallery.people import Gallery, open_gallery
from reidtrack.gallery.store import Signature, is_gallery
from reidtrack.gallery.views import Source, View
from reidtrack.pipeline.people.gallery import check_gallery

WRITER = Path(__file__).resolve().parents[1] / "gallery_writer.py"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "people.db"


@pytest.fixture
def gallery(path: Path) -> Iterator[Gallery]:
    with open_gallery(path, SIGNATURE, make=True) as opened:
        yield opened


def add(gallery: Gallery, source: str, views: dict[int, list[View]], kind: str = "run") -> None:
    with gallery.writing():
        gallery.add_views(Source(source, kind, f"/{source}"), views)  # type: ignore[arg-type]


def person(gallery: Gallery, *views: View, name: str | None = None, source: str | None = None) -> int:
    """Somebody new with views of one run."""
    with gallery.writing():
        number = gallery.add_person(name)
    add(gallery, source or f"run of {number}", {number: list(views)})
    return number


def key_of(gallery: Gallery, number: int) -> str:
    return gallery.names()[number][0]


def integrity(path: Path) -> str:
    with sqlite3.connect(path) as connection:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])


def test_what_is_read_at_once_is_of_one_moment(gallery: Gallery, path: Path) -> None:
    person(gallery, view(1))
    with gallery.reading(), open_gallery(path, SIGNATURE) as other:
        assert (gallery.count(), len(gallery.source_cameras())) == (1, 1)
        person(other, view(2))
        assert (gallery.count(), len(gallery.source_cameras())) == (1, 1)
        assert sum(len(block.view) for block in gallery.blocks()) == 1
    assert (gallery.count(), len(gallery.source_cameras())) == (2, 2)


def test_what_is_put_in_comes_out(gallery: Gallery, path: Path) -> None:
    hall, door = view(1, camera="hall", tracks=(1, 4)), view(2, camera="door", when_utc=500.0)
    number = person(gallery, hall, door, name="Anna")
    add(gallery, "p", {number: [view(3, camera="photo")]}, kind="photo")
    (block,) = gallery.blocks()
    assert block.person.tolist() == [number] * 3
    by_camera = {gallery.describe([int(v)])[int(v)].camera: f for v, f in zip(block.view, block.feature, strict=True)}
    np.testing.assert_array_equal(by_camera["hall"], hall.feature)
    np.testing.assert_array_equal(by_camera["door"], door.feature)
    (known,) = gallery.people()
    assert (known.name, known.runs, known.photos, known.cameras) == ("Anna", 1, 1, ("door", "hall"))
    assert (known.first_utc, known.last_utc) == (500.0, 1001.0)
    assert is_gallery(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert all(stat.S_IMODE(p.stat().st_mode) == 0o600 for p in path.parent.glob("people.db*"))


def test_blocks_hold_whole_people(gallery: Gallery) -> None:
    for number in range(7):
        person(gallery, *(view(10 * number + k, camera=f"c{k}") for k in range(1 + number % 3)))
    blocks = list(gallery.blocks(size=4))
    people = [p for block in blocks for p in dict.fromkeys(block.person.tolist())]
    assert people == [1, 2, 3, 4, 5, 6, 7]
    assert sum(len(block.person) for block in blocks) == 13
    assert len(blocks) > 1


def test_a_source_is_replaced(gallery: Gallery) -> None:
    anna = person(gallery, view(1), source="monday")
    ben = person(gallery, view(2, tracks=(7, 8)), source="tuesday")
    with gallery.writing():
        gallery.withdraw("tuesday")
        gallery.add_views(Source("tuesday", "run", "/t"), {anna: [view(3)], ben: [view(2, tracks=(7, 8))]})
    with gallery.writing():
        former = gallery.withdraw("tuesday")
    assert former == {ben: frozenset({("hall", 7), ("hall", 8)})}  # Anna is known from Monday
    assert gallery.count() == 1
    assert set(gallery.names()) == {anna, ben}
    with gallery.writing():
        gallery.limit(10, 10)
    assert set(gallery.names()) == {anna}


def test_keys_are_never_the_same(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter(["aa", "aa", "aa", "bb"])
    monkeypatch.setattr(gallery_module.secrets, "token_hex", lambda _: next(drawn))
    numbers = [person(gallery, view(1)), person(gallery, view(2))]
    assert [key_of(gallery, number) for number in numbers] == ["aa", "bb"]


def test_a_change_that_fails_leaves_nothing(gallery: Gallery) -> None:
    with pytest.raises(RuntimeError), gallery.writing():
        gallery.add_person("Anna")
        raise RuntimeError
    assert gallery.find_name("Anna") is None
    person(gallery, view(1))  # and the next one works


@pytest.mark.parametrize(
    ("most_people", "most_views", "people", "views"),
    [
        pytest.param(10, 10, ["Anna", "1", "2", "3"], 6, id="room for all"),
        pytest.param(3, 10, ["Anna", "2", "3"], 5, id="the oldest without a name goes"),
        pytest.param(1, 10, ["Anna"], 3, id="who has a name stays"),
        pytest.param(10, 2, ["Anna", "1", "2", "3"], 5, id="the oldest view goes, but no photo"),
    ],
)
def test_bounds(gallery: Gallery, most_people: int, most_views: int, people: list[str], views: int) -> None:
    anna = person(gallery, view(0, when_utc=1), name="Anna", source="a")
    add(gallery, "b", {anna: [view(1, when_utc=2)]})
    add(gallery, "photo", {anna: [view(2, when_utc=0)]}, kind="photo")
    numbers = {person(gallery, view(9, when_utc=100.0 * n)): str(n) for n in (1, 2, 3)}
    with gallery.writing():
        gallery.limit(most_people, most_views)
    assert [name or numbers[number] for number, (_, name) in gallery.names().items()] == people
    blocks = list(gallery.blocks())
    assert sum(len(block.view) for block in blocks) == views
    kept = gallery.describe([int(v) for block in blocks for v in block.view])
    assert sum(s.source.kind == "photo" for s in kept.values()) == 1


def test_expiry(gallery: Gallery) -> None:
    person(gallery, view(1, when_utc=100), name="Anna")
    person(gallery, view(2, when_utc=100))
    late = person(gallery, view(3, when_utc=200))
    with gallery.writing():
        assert gallery.expire(150) == 1
    assert [name for _, name in gallery.names().values()] == ["Anna", None]
    with gallery.writing():
        assert gallery.expire(150, named=True) == 1
    assert set(gallery.names()) == {late}


def test_names(gallery: Gallery) -> None:
    anna, ben = person(gallery, view(1)), person(gallery, view(2))
    with gallery.writing():
        gallery.rename(key_of(gallery, anna), "Anna")
        gallery.rename("Anna", "Anne")  # a name does for a key
    assert gallery.find_name("Anne") == anna
    with pytest.raises(UsageError, match=r"somebody else is called 'Anne' already.*merge"), gallery.writing():
        gallery.rename(key_of(gallery, ben), "Anne")
    with pytest.raises(UsageError, match="nobody there has the key or name 'Zoe'"), gallery.writing():
        gallery.rename("Zoe", "Ben")
    with gallery.writing():
        gallery.rename("Anne", "")
    assert [name for _, name in gallery.names().values()] == [None, None]


def test_two_who_are_one(gallery: Gallery) -> None:
    anna, other, ben = (
        person(gallery, view(1), name="Anna"),
        person(gallery, view(2)),
        person(gallery, view(3), name="Ben"),
    )
    key = key_of(gallery, other)
    with gallery.writing():
        gallery.merge("Anna", key)
    assert gallery.names() == {other: (key, "Anna"), ben: (key_of(gallery, ben), "Ben")}
    assert [known.runs for known in gallery.people()] == [2, 1]
    with pytest.raises(UsageError, match="Anna and Ben have names of their own"), gallery.writing():
        gallery.merge("Anna", "Ben")
    del anna


def test_who_is_forgotten_leaves_no_trace(path: Path) -> None:
    with open_gallery(path, SIGNATURE, make=True) as gallery:
        person(gallery, view(1), name="Anna Unforgettable")
        person(gallery, view(2))
    trace = view(1).feature.tobytes()
    assert trace in path.read_bytes()
    with open_gallery(path) as gallery, gallery.writing():
        gallery.remove(["Anna Unforgettable"])
    left = b"".join(p.read_bytes() for p in path.parent.glob("people.db*"))
    assert trace not in left
    assert b"Unforgettable" not in left
    assert view(2).feature.tobytes() in left


@pytest.mark.parametrize(
    ("signature", "said"),
    [
        pytest.param(Signature("cd" * 32, "as ever"), "made by other re-ID weights, sha256 abababababab", id="weights"),
        pytest.param(Signature("ab" * 32, "otherwise"), "pictures that were prepared otherwise", id="preprocessing"),
    ],
)
def test_features_of_another_kind_are_refused(path: Path, signature: Signature, said: str) -> None:
    with open_gallery(path, SIGNATURE, make=True):
        pass
    for make in (False, True):
        with pytest.raises(WeightsError, match=said), open_gallery(path, signature, make=make):
            pass


def damage(path: Path) -> None:
    """Noise over all pages but the first."""
    data = bytearray(path.read_bytes())
    data[store._PAGE :] = np.random.default_rng(0).integers(0, 256, len(data) - store._PAGE, np.uint8).tobytes()
    path.write_bytes(data)


def other_database(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE songs (title TEXT)")


def newer(path: Path) -> None:
    with open_gallery(path, SIGNATURE, make=True):
        pass
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")


@pytest.mark.parametrize(
    ("spoil", "make", "error", "said"),
    [
        pytest.param(lambda p: None, False, InputError, "is not there", id="nothing there"),
        pytest.param(lambda p: p.write_bytes(b""), False, InputError, "is empty", id="empty"),
        pytest.param(lambda p: p.write_bytes(b"no database, " * 99), True, InputError, "is not a gallery", id="text"),
        pytest.param(other_database, True, InputError, "database of something else", id="another database"),
        pytest.param(newer, True, InputError, "schema version 99", id="of a newer version"),
        pytest.param(lambda p: p.mkdir(), True, OutputError, "is not a file", id="a folder"),
    ],
)
def test_what_is_no_gallery(
    path: Path, spoil: Callable[[Path], None], make: bool, error: type[ReidtrackError], said: str
) -> None:
    spoil(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(error, match=said) as caught, open_gallery(path, SIGNATURE, make=make):
        pass
    assert "\n" not in str(caught.value)
    if before is not None and said != "is empty":
        assert path.read_bytes() == before


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be made"), open_gallery(tmp_path / "no" / "p.db", make=True):
        pass


def test_a_damaged_file_is_one_line(path: Path) -> None:
    with open_gallery(path, SIGNATURE, make=True) as gallery:
        for number in range(40):
            person(gallery, view(number))
    damage(path)
    with pytest.raises(InputError, match="is damaged"), open_gallery(path) as gallery:
        gallery.people()


def test_a_file_of_an_older_version_is_brought_up_to_date(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_gallery(path, SIGNATURE, make=True) as gallery:
        person(gallery, view(1), name="Anna")
    monkeypatch.setattr(store, "MIGRATIONS", (*store.MIGRATIONS, "ALTER TABLE person ADD COLUMN note TEXT"))
    with open_gallery(path, SIGNATURE) as gallery:
        assert gallery.find_name("Anna") == 1
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == len(store.MIGRATIONS)
        assert connection.execute("SELECT name, note FROM person").fetchall() == [("Anna", None)]


def test_two_processes_at_once(path: Path) -> None:
    words = [[sys.executable, str(WRITER), str(path), name, "25"] for name in ("a", "b")]
    processes = [subprocess.Popen(w, stderr=subprocess.PIPE) for w in words]
    for process in processes:
        _, error = process.communicate(timeout=60)
        assert process.returncode == 0, error.decode()
    assert integrity(path) == "ok"
    with open_gallery(path) as gallery:
        assert gallery.count() == 50


def test_many_may_make_it_at_once(tmp_path: Path) -> None:
    """Whoever comes while another one makes it, to check it or to make it too, takes it for none or for a whole one."""
    for number in range(20):
        path = tmp_path / f"{number}.db"

        def make(who: int, path: Path = path) -> None:
            if who % 2 and path.exists():
                check_gallery(GalleryConfig(path=path), None)
            with open_gallery(path, SIGNATURE, make=True) as gallery:
                assert gallery.people() == []

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(make, range(6)))


def test_a_process_that_is_killed_while_writing(path: Path) -> None:
    with open_gallery(path, SIGNATURE, make=True) as gallery:
        person(gallery, view(1), name="Anna")
    process = subprocess.Popen([sys.executable, str(WRITER), str(path), "x", "0"], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"half way\n"
    process.kill()
    process.communicate()
    with open_gallery(path, SIGNATURE) as gallery:
        assert [known.name for known in gallery.people()] == ["Anna"]
        person(gallery, view(2))
    assert integrity(path) == "ok"


def test_somebody_who_never_stops_writing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "BUSY_TIMEOUT_S", 0.05)
    with open_gallery(path, SIGNATURE, make=True) as one, open_gallery(path, SIGNATURE) as other, one.writing():
        with pytest.raises(OutputError, match="another process has been writing"), other.writing():
            pass
        assert other.people() == []  # reading goes on


def test_a_full_disk(path: Path, tmp_path: Path) -> None:
    with open_gallery(path, SIGNATURE, make=True) as gallery:
        person(gallery, view(1), name="Anna")
    limited = Path(shutil.copy(path, tmp_path / "limited.db"))
    with open_gallery(limited, SIGNATURE) as gallery:
        gallery._sql.execute("PRAGMA max_page_count = 1")  # SQLite never goes below what is there
        with pytest.raises(OutputError, match="full"), gallery.writing():
            for number in range(500):
                gallery.add_views(Source(str(number), "run", ""), {gallery.add_person(): [view(number)]})
        assert gallery.count() == 1


def test_a_gallery_of_before_dates_opens(path: Path) -> None:
    """Made as the first version made it: nobody has dates, and nothing else changes."""
    with sqlite3.connect(path) as connection:
        connection.executescript(store.MIGRATIONS[0])
        connection.execute(f"PRAGMA application_id = {store.APPLICATION_ID}")
        connection.execute("PRAGMA user_version = 1")
        connection.execute("INSERT INTO person (key, name) VALUES ('3f9a01c2', 'Anna')")
    with open_gallery(path) as gallery:
        (anna,) = gallery.people()
        assert (anna.name, anna.consent, anna.until) == ("Anna", None, None)


@pytest.mark.parametrize(("days", "kept"), [(-1, False), (0, True), (1, True)], ids=["over", "today", "tomorrow"])
def test_who_is_kept_until_a_day_is_forgotten_after_it(path: Path, now: datetime, days: int, kept: bool) -> None:
    last = (now + timedelta(days=days)).date().isoformat()
    with open_gallery(path, SIGNATURE, make=True) as gallery:
        person(gallery, view(1), name="Anna")
        person(gallery, view(2), name="Ben")
        with gallery.writing():
            gallery.set_dates("Anna", consent="2020-01-01", until=last)
    with open_gallery(path, SIGNATURE) as gallery:
        assert [one.name for one in gallery.people()] == (["Anna", "Ben"] if kept else ["Ben"])
        assert gallery.count() == 1 + kept
        assert len(gallery.source_cameras()) == 1 + kept


def test_of_two_who_are_one_the_earlier_last_day_holds(path: Path, now: datetime) -> None:
    soon, late = ((now + timedelta(days=days)).date().isoformat() for days in (3, 30))
    with open_gallery(path, SIGNATURE, make=True) as gallery:
        anna_id, other = person(gallery, view(1), name="Anna"), person(gallery, view(2))
        with gallery.writing():
            gallery.set_dates(gallery.key(anna_id), until=late)
            gallery.set_dates(gallery.key(other), until=soon, consent="2021-05-06")
            gallery.merge(gallery.key(other), "Anna")
        (anna,) = gallery.people()
        assert (anna.until, anna.consent) == (soon, "2021-05-06")
