"""What is deleted of a live folder, and what never is."""

from __future__ import annotations

import os
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reidtrack.clock import file_time
from reidtrack.runs.live_folder import LiveFolder, LogSegment
from reidtrack.runs.retention import Retention, Swept

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
HOUR_S = 3600.0


def at(hours_ago: float) -> datetime:
    return NOW - timedelta(hours=hours_ago)


def put(path: Path, count: int, written: datetime) -> Path:
    """A file of so many bytes, last written then."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(count))
    os.utime(path, (written.timestamp(), written.timestamp()))
    return path


def recording(site: Path, camera: str, begun: float, ended: float, count: int = 100) -> Path:
    return put(site / "recordings" / camera / f"{file_time(at(begun))}.mp4", count, at(ended))


def log(site: Path, begun: float, ended: float, count: int = 100) -> Path:
    folder = site / "logs" / file_time(at(begun))
    put(folder / "tracks.jsonl", count // 2, at(ended))
    put(folder / "features.part", count - count // 2, at(ended))
    return folder


def sightings(site: Path, begun: float, ended: float, count: int = 100) -> Path:
    return put(site / "sightings" / f"{file_time(at(begun))}.jsonl", count, at(ended))


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with four hours of two cameras, and what stays."""
    folder = tmp_path / "site"
    for begun in (4, 3, 2, 1):
        for camera in ("door", "hall"):
            recording(folder, camera, begun, begun - 1)
        log(folder, begun, begun - 1)
        sightings(folder, begun, begun - 1)
    for name in ("run.json", "events.jsonl", "people.db", "corrections.yaml", "identities.json"):
        put(folder / name, 10, at(100))
    put(folder / "recordings" / "door" / "notes.txt", 10, at(100))
    put(folder / "crops" / "unsettled" / "door-1-2.jpg", 10, at(3.5))
    put(folder / "crops" / "unsettled" / "door-2-9.jpg", 10, at(0.5))
    return folder


def names(site: Path) -> list[str]:
    return sorted(str(path.relative_to(site)) for path in site.rglob("*") if path.is_file())


def sweep(
    site: Path, keep_s: float | None = None, max_bytes: int | None = None, in_use: Collection[Path] = ()
) -> Swept:
    return Retention(LiveFolder(site), keep_s=keep_s, max_bytes=max_bytes).sweep(NOW, lambda: in_use)


PAGES = ("blame.html", "report.html", "report/2026-11-28.html", "report/2026-11-30.html")


@pytest.mark.parametrize(
    ("written", "keep_h", "gone"),
    [
        pytest.param(0.2, 30, PAGES[:3], id="a picture that it may show goes"),
        pytest.param(0.2, 60, PAGES[2:3], id="no picture goes, a day is over"),
        pytest.param(90, 80, PAGES, id="written longer ago than is kept"),
        pytest.param(90, None, (), id="everything is kept"),
    ],
)
def test_pages_go_with_the_pictures_that_they_show(
    site: Path, written: float, keep_h: float | None, gone: tuple[str, ...]
) -> None:
    for name in (*PAGES, "report/notes.txt"):
        put(site / name, 10, at(written))
    put(site / "crops" / "unsettled" / "door-3-1.jpg", 10, at(40))
    swept = sweep(site, keep_s=keep_h and keep_h * HOUR_S)
    assert [name for name in PAGES if not (site / name).exists()] == list(gone)
    assert (site / "report" / "notes.txt").is_file()
    assert swept.counts.get("pages", 0) == len(gone)
    if gone:
        notice = swept.notice(5.0)
        assert notice is not None
        assert f"deleted the oldest: {len(gone)} page{'s' * (len(gone) > 1)} with pictures" in notice.text


def test_pages_count_and_go_where_there_is_too_much(site: Path) -> None:
    """Each before the oldest crop that it may show, and after what is older than that."""
    for name in PAGES:
        put(site / name, 1000, at(0.2))
    whole = sweep(site, max_bytes=10**9).left_bytes
    swept = sweep(site, max_bytes=whole - 2000)  # two days' pages are as old as the days
    assert swept.counts == {"pages": 2}
    assert not (site / "report").exists()
    assert sweep(site, max_bytes=swept.left_bytes - 1).counts == {"recordings": 1}
    swept = sweep(site, max_bytes=swept.left_bytes - 600)
    assert swept.counts == {"pages": 1, "recordings": 1, "logs": 1, "sightings": 1}
    assert not (site / "blame.html").exists()
    notice = swept.notice(5.0)
    assert notice is not None
    assert notice.text.startswith("deleted the oldest: 1 page with pictures, 1 recording, 1 log, 1 file of sightings, ")
    assert notice.figures is not None
    assert notice.figures["pages"] == 1
    assert (site / "crops" / "unsettled" / "door-1-2.jpg").exists()
    assert sweep(site, max_bytes=1).counts["pages"] == 1
    assert not list(site.rglob("*.html"))


def test_no_page_outlives_a_picture_that_it_may_show(site: Path) -> None:
    """Whatever the size is that may be: while a crop that was there is gone, no page is left."""
    for name in PAGES:
        put(site / name, 10, at(0.2))
    first = site / "crops" / "unsettled" / "door-1-2.jpg"
    for most in range(sweep(site, max_bytes=10**9).left_bytes, 0, -100):
        sweep(site, max_bytes=most)
        assert first.exists() or not list(site.rglob("*.html"))


def test_what_is_older_than_it_may_be(site: Path) -> None:
    before = names(site)
    swept = sweep(site, keep_s=2 * HOUR_S)
    gone = {
        *(f"recordings/{camera}/{file_time(at(4))}.mp4" for camera in ("door", "hall")),
        *(f"logs/{file_time(at(4))}/{name}" for name in ("tracks.jsonl", "features.part")),
        f"sightings/{file_time(at(4))}.jsonl",
        "crops/unsettled/door-1-2.jpg",
    }
    assert set(before) - set(names(site)) == gone
    assert swept.counts == {"recordings": 2, "logs": 1, "sightings": 1, "crops": 1}
    assert (swept.bytes, swept.failed, swept.over_bytes) == (410, 0, 0)
    assert swept.left_bytes == sum((site / name).stat().st_size for name in names(site))
    notice = swept.notice(5.0)
    assert notice is not None
    assert (notice.subject, notice.time_s) == ("retention", 5.0)
    assert notice.text == "deleted the oldest: 2 recordings, 1 log, 1 file of sightings, 1 crop, 410 B"
    assert notice.figures is not None
    assert notice.figures["recordings"] == 2
    assert sweep(site, keep_s=2 * HOUR_S).notice(6.0) is None


@pytest.mark.parametrize(
    ("keep_s", "gone"),
    [
        pytest.param(3 * HOUR_S, 0, id="at the threshold"),
        pytest.param(3 * HOUR_S - 1, 1, id="just beyond"),
        pytest.param(1.0, 3, id="all but the one that ended now"),
    ],
)
def test_age_counts_from_the_end(tmp_path: Path, keep_s: float, gone: int) -> None:
    for begun in (4, 3, 2, 1):
        recording(tmp_path, "door", begun, begun - 1)
    assert sweep(tmp_path, keep_s=keep_s).counts.get("recordings", 0) == gone


def test_a_copied_folder_is_as_old_as_its_names_tell(tmp_path: Path) -> None:
    for begun in (40, 39, 1):
        recording(tmp_path, "door", begun, 0)
    assert sweep(tmp_path, keep_s=2 * HOUR_S).counts == {"recordings": 1}


def test_the_oldest_go_first_where_there_is_too_much(site: Path) -> None:
    whole = sweep(site, max_bytes=10**9).left_bytes
    swept = sweep(site, max_bytes=whole - 450)
    assert swept.counts == {"recordings": 3, "logs": 1, "sightings": 1, "crops": 1}
    assert whole - 450 - 100 < swept.left_bytes <= whole - 450
    left = names(site)
    assert f"recordings/door/{file_time(at(3))}.mp4" not in left
    assert f"recordings/hall/{file_time(at(3))}.mp4" in left
    assert not any(file_time(at(4)) in name for name in left)


def test_what_is_written_and_what_stays_is_never_deleted(site: Path) -> None:
    in_use = [
        site / "recordings" / "door" / f"{file_time(at(4))}.mp4",
        site / "logs" / file_time(at(3)),
        site / "recordings" / ".." / "sightings" / f"{file_time(at(1))}.jsonl",
    ]
    swept = sweep(site, keep_s=1.0, max_bytes=1, in_use=in_use)
    assert names(site) == [
        "corrections.yaml",
        "events.jsonl",
        "identities.json",
        f"logs/{file_time(at(3))}/features.part",
        f"logs/{file_time(at(3))}/tracks.jsonl",
        "people.db",
        f"recordings/door/{file_time(at(4))}.mp4",
        "recordings/door/notes.txt",
        "run.json",
        f"sightings/{file_time(at(1))}.jsonl",
    ]
    notice = swept.notice(0.0)
    assert notice is not None
    assert notice.text.endswith("the folder holds 359 B more than it may, and nothing that can be deleted")
    assert swept.over_bytes == 359


def test_in_use_is_asked_after_looking(tmp_path: Path) -> None:
    def begin() -> list[Path]:
        return [recording(tmp_path, "door", 5, 4)]

    assert Retention(LiveFolder(tmp_path), keep_s=1.0).sweep(NOW, begin).counts == {}


def test_links_are_not_followed(site: Path, tmp_path: Path) -> None:
    outside = put(tmp_path / "outside" / f"{file_time(at(9))}.mp4", 10, at(9))
    log(tmp_path / "outside", 9, 8)
    (site / "recordings" / "linked").symlink_to(tmp_path / "outside")
    (site / "recordings" / "door" / f"{file_time(at(8))}.mp4").symlink_to(outside)
    (site / "logs" / file_time(at(8))).symlink_to(tmp_path / "outside" / "logs" / file_time(at(9)))
    (site / "logs" / file_time(at(4)) / "link").symlink_to(tmp_path / "outside")
    sweep(site, keep_s=1.0, max_bytes=1)
    assert len(names(tmp_path / "outside")) == 3
    assert (site / "logs" / file_time(at(8))).is_symlink()
    assert not (site / "logs" / file_time(at(4))).exists()


def test_leftovers_of_a_kill(tmp_path: Path) -> None:
    door = tmp_path / "recordings" / "door"
    old = put(door / ".20261130T000000Z.mp4.unfinished", 10, at(2))
    young = put(door / ".20261130T115959Z.mp4.unfinished", 10, at(0))
    half = put(tmp_path / "logs" / f".deleting-{file_time(at(5))}" / "tracks.jsonl", 10, at(0))
    sweep(tmp_path, keep_s=10 * HOUR_S)
    assert (old.exists(), young.exists(), half.parent.exists()) == (False, True, False)


def test_what_cannot_be_deleted_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = recording(tmp_path, "door", 5, 4)

    def refuse(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        swept = sweep(tmp_path, keep_s=1.0)
    assert path.exists()
    notice = swept.notice(0.0)
    assert notice is not None
    assert notice.text == "1 could not be deleted: give yourself write permission in the folder"


def test_an_empty_folder_and_no_limit(tmp_path: Path, site: Path) -> None:
    assert sweep(tmp_path / "nowhere", keep_s=1.0, max_bytes=1) == Swept()
    before = names(site)
    assert sweep(site) == Swept()
    assert names(site) == before


def test_pieces_of_a_folder(site: Path) -> None:
    folder = LiveFolder(site)
    assert folder.is_live
    assert [piece.start for piece in folder.recordings("door")] == [at(hours) for hours in (4, 3, 2, 1)]
    assert [piece.start for piece in folder.log_segments()] == [at(hours) for hours in (4, 3, 2, 1)]
    assert [piece.path.name for piece in folder.sightings_files()] == [
        f"{file_time(at(hours))}.jsonl" for hours in (4, 3, 2, 1)
    ]
    assert folder.recorded_cameras() == ["door", "hall"]
    assert folder.recordings("nobody") == []
    assert folder.new_sightings_file(at(1)).name == "20261130T110000.000Z.jsonl"
    first, second = folder.new_log_segment(at(0.5)), folder.new_log_segment(at(0.5))
    assert isinstance(first, LogSegment)
    assert [segment.path.name for segment in (first, second)] == ["20261130T113000Z", "20261130T113000.000Z"]
    assert first.tracks.parent.is_dir()
    assert not LiveFolder(site / "nowhere").is_live
