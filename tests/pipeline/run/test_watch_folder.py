"""A run whose folder goes, or whose disk fills, ends at once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from reidtrack.errors import OutputError
from reidtrack.pipeline.run.observers import WatchFolder
from reidtrack.runs.folder import RunFolder

END = float("inf")


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path / "run")
    folder.path.mkdir()
    folder.detections.write_text("")
    return folder


def replaced(path: Path) -> None:
    path.rename(path.with_name("old"))
    path.mkdir()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(shutil.rmtree, id="removed"),
        pytest.param(replaced, id="replaced"),
        pytest.param(lambda path: (path / "detections.jsonl").unlink(), id="its log removed"),
    ],
)
def test_a_folder_that_goes(folder: RunFolder, change: Callable[[Path], None]) -> None:
    watch = WatchFolder(folder)
    watch.on_watermark(END)
    change(folder.path)
    with pytest.raises(OutputError, match="was removed or replaced during the run"):
        watch.on_watermark(END)


def test_a_disk_that_fills(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = WatchFolder(folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(total=1 << 30, free=5 << 20))
    watch.on_watermark(1.0)  # it was looked at a moment ago
    with pytest.raises(OutputError, match=r"the disk is full: 5 MiB are free.*resume"):
        watch.on_watermark(END)
