"""Tables: what they hold is what JSON says, cut by day and camera."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow.dataset as ds
import pytest

from reidtrack.errors import DeviceError
from reidtrack.runs.outputs import OutputContext, write_outputs
from reidtrack.runs.parquet import check_parquet, write_parquet
from reidtrack.types import Identity, Link, Tracklet

ORIGIN = datetime(2026, 11, 29, 23, 59, 58, tzinfo=UTC)
LOOK = np.zeros(0, np.float32)


def visit(camera: str, track_id: int, first: int, count: int) -> Tracklet:
    frame = np.arange(first, first + count)
    none = np.zeros(0, np.float32)
    box = np.tile(np.array([5, 10, 25, 60], np.float32), (count, 1))
    half, ints = np.full(count, 0.5, np.float32), np.zeros(0, np.int64)
    return Tracklet(camera, track_id, frame, frame / 4, box, half, np.zeros((0, 4), np.float32), ints, none)


JOIN = Link(("hall 1", 4), ("door", 1), 0.25, float("inf"), {"travel_s": 2.5}, 0.9, "evidence")
ANNA = Identity(1, (visit("door", 1, 4, 8), visit("hall 1", 4, 20, 2)), LOOK, (JOIN,), "Anna")
OTHER = Identity(2, (replace(visit("door", 2, 6, 1), split_from=1),), LOOK)


def rows(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ds.dataset(folder, partitioning="hive").to_table().to_pylist()
    return found


def test_sightings_are_every_box_on_its_day(tmp_path: Path) -> None:
    write_parquet(tmp_path / "parquet", [ANNA, OTHER], {}, ORIGIN)
    found = rows(tmp_path / "parquet" / "sightings")
    assert len(found) == 11
    assert {(row["day"], row["camera"]) for row in found} == {
        ("2026-11-29", "door"),
        ("2026-11-30", "door"),
        ("2026-11-30", "hall 1"),
    }
    for row in found:
        assert row["time"] == ORIGIN + timedelta(seconds=row["time_s"])
        assert row["time"].date().isoformat() == row["day"]
    anna = next(row for row in found if row["camera"] == "hall 1")
    assert [anna[k] for k in ("left", "top", "right", "bottom", "score")] == [5, 10, 25, 60, 0.5]
    assert (anna["identity"], anna["name"], anna["track_id"], anna["frame"]) == (1, "Anna", 4, 20)
    assert [row["name"] for row in found if row["identity"] == 2] == [None]
    door = [row for row in found if row["camera"] == "door"]
    assert door == sorted(door, key=lambda row: (row["time_s"], row["track_id"]))


def test_links_say_why_and_identities_who(tmp_path: Path) -> None:
    write_parquet(tmp_path / "parquet", [ANNA, OTHER], {1: "3f9a01c2"}, ORIGIN)
    links = {(row["camera"], row["track_id"]): row for row in rows(tmp_path / "parquet" / "links")}
    joined = links["hall 1", 4]
    assert (joined["to_camera"], joined["to_track_id"], joined["distance"]) == ("door", 1, 0.25)
    assert (joined["margin"], joined["probability"], joined["decision"]) == (None, 0.9, "evidence")
    assert dict(joined["terms"]) == {"travel_s": 2.5}
    assert links["door", 1]["to_camera"] is None
    assert links["door", 2]["logged_id"] == 1
    first, second = rows(tmp_path / "parquet" / "identities")
    assert (first["identity"], first["name"], first["person"], first["cameras"]) == (
        1,
        "Anna",
        "3f9a01c2",
        ["door", "hall 1"],
    )
    assert (first["visits"], first["boxes"], first["day"]) == (2, 10, "2026-11-29")
    assert first["last_time"] == ORIGIN + timedelta(seconds=21 / 4)
    assert second["person"] is None


def test_days_are_those_of_utc(tmp_path: Path) -> None:
    east = ORIGIN.astimezone(timezone(timedelta(hours=14)))
    for name, origin in (("a", ORIGIN), ("b", east)):
        write_parquet(tmp_path / name, [ANNA], {}, origin)
    tables = ("sightings", "links", "identities")
    assert all(rows(tmp_path / "a" / table) == rows(tmp_path / "b" / table) for table in tables)


def test_days_are_those_of_the_recorder(tmp_path: Path) -> None:
    """As of the report: one of 25 hours when clocks go back, and times stay in UTC."""
    origin, hour = datetime(2026, 10, 24, 22, tzinfo=UTC), 4 * 3600  # midnight there
    visits = [visit("door", 1 + k, first, 1) for k, first in enumerate((-1, 0, 25 * hour - 1, 25 * hour))]
    people = [Identity(1 + k, (one,), LOOK) for k, one in enumerate(visits)]
    write_parquet(tmp_path / "parquet", people, {}, origin, ZoneInfo("Europe/Berlin"))
    for table in ("sightings", "links", "identities"):
        found = rows(tmp_path / "parquet" / table)
        days = {row["identity"]: row["day"] for row in found}
        assert days == {1: "2026-10-24", 2: "2026-10-25", 3: "2026-10-25", 4: "2026-10-26"}
        moment = "time" if table == "sightings" else "first_time"
        assert {row[moment] for row in found if row["identity"] == 2} == {origin}


@pytest.mark.parametrize("people", [[], [OTHER]])
def test_what_was_there_is_replaced_whole(tmp_path: Path, people: Sequence[Identity]) -> None:
    context = OutputContext(["door", "hall 1"], ["door", "hall 1"], parquet=True, origin=ORIGIN)
    (tmp_path / ".parquet-unfinished" / "links").mkdir(parents=True)  # of one that was killed
    write_outputs(tmp_path, [ANNA, OTHER], context)
    again = replace(context, parquet=False)  # where there are tables, they follow
    write_outputs(tmp_path, people, again)
    files = list((tmp_path / "parquet" / "sightings").rglob("*.parquet"))
    assert len(files) == len(people)
    assert not (tmp_path / ".parquet-unfinished").exists()


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine").touch()
    (tmp_path / ".parquet-unfinished").symlink_to(elsewhere)
    write_parquet(tmp_path / "parquet", [ANNA], {}, ORIGIN)
    assert [path.name for path in elsewhere.iterdir()] == ["mine"]
    assert not (tmp_path / "parquet").is_symlink() and rows(tmp_path / "parquet" / "identities")


def test_none_are_written_unasked(tmp_path: Path) -> None:
    write_outputs(tmp_path, [ANNA], OutputContext(["door"], ["door"], origin=ORIGIN))
    assert not (tmp_path / "parquet").exists()


def test_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    context = OutputContext(["door"], ["door"], parquet=True, origin=ORIGIN)
    write_outputs(tmp_path, [ANNA], context)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(DeviceError, match="needs pyarrow"):
        check_parquet()
    with pytest.raises(DeviceError, match="needs pyarrow"):
        write_outputs(tmp_path, [ANNA], context)
    write_outputs(tmp_path, [ANNA], replace(context, parquet=False))
    assert not (tmp_path / "parquet").exists()
    assert "removed" in caplog.text
