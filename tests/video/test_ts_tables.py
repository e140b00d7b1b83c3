"""Where the tables of a transport stream say that its pictures become other ones."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from builders import even_times, write_video

from reidtrack.video.ts_tables import Changes

PID = 0x100


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """Two streams of the same number, H.264 and H.265."""
    folder = tmp_path_factory.mktemp("parts")
    made = [write_video(folder / f"{codec}.ts", even_times(10, 25), codec=codec) for codec in ("libx264", "libx265")]
    return made[0].read_bytes(), made[1].read_bytes()


def with_bytes(data: bytes, before: int, after: int) -> bytes:
    """Packets with others' bytes before and after each, which are those of the sync byte too."""
    return b"".join(b"\x47" * before + data[i : i + 188] + b"\x47" * after for i in range(0, len(data), 188))


@pytest.mark.parametrize(
    ("before", "after"),
    [pytest.param(0, 0, id="as broadcast"), pytest.param(4, 0, id="M2TS"), pytest.param(0, 16, id="with check bytes")],
)
def test_the_change_is_found_where_it_is(tmp_path: Path, parts: tuple[bytes, bytes], before: int, after: int) -> None:
    first, second = (with_bytes(part, before, after) for part in parts)
    path, length = tmp_path / "a.ts", 188 + before + after
    path.write_bytes(first + first + second)
    changes = Changes(path, PID)
    assert changes.up_to(2 * len(first) - 1) is None
    assert changes.up_to(math.inf) in (2 * len(first), 2 * len(first) + length)  # of the service, then of the programs
    assert Changes(path, PID, 2 * len(first)).up_to(math.inf) is None
    assert Changes(path, None).up_to(math.inf) == changes.up_to(math.inf)  # where it is not known yet what is read
    path.write_bytes(first + second + first)
    assert (Changes(path, PID).up_to(math.inf) or 0) // length == len(first) // length + 1
    found = Changes(path, PID, len(first)).up_to(math.inf) or 0
    assert found // length == (len(first) + len(second)) // length + 1


@pytest.mark.parametrize("missing", [1, 100, 187, 188, 500])
def test_a_part_that_was_cut_off(tmp_path: Path, parts: tuple[bytes, bytes], missing: int) -> None:
    first, second = parts
    path = tmp_path / "a.ts"
    path.write_bytes(first[:-missing] + second)
    found = Changes(path, PID).up_to(math.inf)
    assert found is not None
    assert abs(found - (len(first) - missing)) <= 2 * 188


@pytest.mark.parametrize(
    ("data", "pid"),
    [
        pytest.param(b"", PID, id="empty"),
        pytest.param(b"\x47" * 100, PID, id="short"),
        pytest.param(b"\x47" * 5000, PID, id="sync bytes alone"),
        pytest.param(bytes(5000), PID, id="zeros"),
        pytest.param(bytes(range(256)) * 40, PID, id="anything"),
        pytest.param(None, PID + 1, id="another stream than the tables know"),
        pytest.param(None, PID, id="one stream"),
    ],
)
def test_no_change(tmp_path: Path, parts: tuple[bytes, bytes], data: bytes | None, pid: int) -> None:
    path = tmp_path / "a.ts"
    path.write_bytes(parts[0] if data is None else data)
    assert Changes(path, pid).up_to(math.inf) is None
