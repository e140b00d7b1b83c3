"""Files appear whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from reidtrack.errors import OutputError
from reidtrack.files import write_whole


@pytest.mark.parametrize("text", [pytest.param("", id="empty"), pytest.param("größe\nzwei\n", id="UTF-8, two lines")])
def test_writes_over_what_was_there_and_makes_folders(tmp_path: Path, text: str) -> None:
    path = tmp_path / "new" / "folder" / "a.txt"
    for content in ("before", text):
        write_whole(path, content)
    assert path.read_bytes() == text.encode()
    assert [p.name for p in path.parent.iterdir()] == ["a.txt"]


@pytest.mark.skipif(os.name != "posix", reason="permission bits")
def test_others_may_read_what_the_umask_lets_them(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.txt", "x")
    (tmp_path / "b.txt").write_text("x")
    assert (tmp_path / "a.txt").stat().st_mode == (tmp_path / "b.txt").stat().st_mode


def test_a_full_disk_leaves_the_old_file_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    path.write_text("before")

    def full(self: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OutputError, match=r"a\.txt: cannot be written; No space left on device"):
        write_whole(path, "after")
    assert path.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_file_in_the_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(OutputError, match="taken"):
        write_whole(tmp_path / "taken" / "a.txt", "x")
