"""Whether a disk has room for another result."""

from __future__ import annotations

from pathlib import Path

import pytest

from reidtrack.distributed import room
from reidtrack.distributed.room import LEAST_FREE_BYTES, Room
from reidtrack.errors import OutputError

MB = 1 << 20


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What is free beyond what is always kept free, in MB."""
    free = [0]
    monkeypatch.setattr(Room, "free_bytes", property(lambda _: LEAST_FREE_BYTES + free[0] * MB))
    monkeypatch.setattr(room, "_GUESS_BYTES", 4 * MB)
    return free


@pytest.mark.parametrize(
    ("free", "under_way", "expected"),
    [
        pytest.param(4, 0, True, id="just enough"),
        pytest.param(12, 2, True, id="and for those under way"),
        pytest.param(11, 2, False, id="not for those: wait for one"),
    ],
)
def test_room(tmp_path: Path, disk: list[int], free: int, under_way: int, expected: bool) -> None:
    disk[0] = free
    assert Room(tmp_path).for_another(under_way) is expected


def test_no_room_and_nothing_to_wait_for(tmp_path: Path, disk: list[int]) -> None:
    disk[0] = 3
    with pytest.raises(OutputError, match="no room"):
        Room(tmp_path).for_another(0)


def test_others_may_be_as_large_as_the_largest(tmp_path: Path, disk: list[int]) -> None:
    path = tmp_path / "a"
    with path.open("wb") as file:
        file.truncate(10 * MB)
    disk[0] = 9
    here = Room(tmp_path)
    assert here.for_another(1)
    here.note(path)
    here.note(tmp_path / "gone")
    assert not here.for_another(1)
