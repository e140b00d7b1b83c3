"""One reidtrack at a time in a folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from outputs import listing, settled_bytes
from scene import Scene

from reidtrack.cli.main import main
from reidtrack.errors import UsageError
from reidtrack.runs.lock import RunLock


def test_one_at_a_time(tmp_path: Path) -> None:
    with RunLock(tmp_path) as first:
        first.take()  # once more changes nothing
        with pytest.raises(UsageError, match="another reidtrack is at work"), RunLock(tmp_path):
            pass
    with RunLock(tmp_path), RunLock(tmp_path / "other"):
        assert list(tmp_path.iterdir()) == []  # nothing is left, and nothing is made


def test_a_folder_that_comes_later(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with RunLock(folder) as first, RunLock(folder) as second:
        folder.mkdir()
        first.take()
        with pytest.raises(UsageError):
            second.take()


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["associate", "DIR"], id="associate"),
        pytest.param(["calibrate", "DIR"], id="calibrate"),
        pytest.param(["name", "DIR", "1", "Anna"], id="name"),
        pytest.param(["merge", "DIR", "1", "2", "--no-associate"], id="merge"),
    ],
)
def test_commands_are_refused_meanwhile(
    finished: Path, tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(finished, folder)
    with RunLock(folder):
        assert main([str(folder) if word == "DIR" else word for word in words]) == 2
    error = capsys.readouterr().err
    assert "another reidtrack is at work in it" in error
    assert len(error.splitlines()) == 1
    assert (listing(folder), settled_bytes(folder)) == (listing(finished), settled_bytes(finished))


def test_a_run_that_is_going_on_is_not_overwritten(
    scene: Scene, finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(finished, folder)
    with RunLock(folder):
        for way in ("--overwrite", "--resume"):
            assert main(scene.arguments("--out", folder, way, "--quiet")) == 2
            assert "another reidtrack is at work in it" in capsys.readouterr().err
    assert (listing(folder), settled_bytes(folder)) == (listing(finished), settled_bytes(finished))
