"""The tracking pass: the same bytes whatever is late, and cameras that fail on the way."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from outputs import check_agreement, read_json, settled_bytes
from scene import Scene

from reidtrack.cli.main import main
from reidtrack.detect.replay import ReplayDetector
from reidtrack.embed.embedder import Embedder
from reidtrack.errors import InputError
from reidtrack.pipeline.run import track_cameras as reading
from reidtrack.pipeline.run.track_cameras import TrackingPass
from reidtrack.types import Frame
from reidtrack.video import inputs
from reidtrack.video.file import VideoFile
from reidtrack.video.merge import MergePolicy
from reidtrack.video.source import Source, open_source


@pytest.mark.parametrize(
    ("batches", "decoded", "unembedded"), [pytest.param(1, 1, 1, id="narrow"), pytest.param(4, 9, 30, id="wide")]
)
def test_results_do_not_depend_on_timing(
    scene: Scene,
    finished: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    batches: int,
    decoded: int,
    unembedded: int,
) -> None:
    """With any number of threads and any stage late, the same bytes."""
    late, luck = threading.Lock(), random.Random(batches)

    def slow(work: Callable[..., Any]) -> Callable[..., Any]:
        def wait(*args: Any) -> Any:
            with late:
                seconds = luck.choice((0, 0, 0.03))
            time.sleep(seconds)
            return work(*args)

        return wait

    monkeypatch.setattr(reading, "_DETECTED_AT_ONCE", batches)
    defaults = TrackingPass.__init__.__kwdefaults__
    monkeypatch.setitem(defaults, "policy", MergePolicy("by_time", waiting=decoded))
    monkeypatch.setattr(reading, "_UNEMBEDDED", unembedded)
    monkeypatch.setattr(ReplayDetector, "detect", slow(ReplayDetector.detect))
    monkeypatch.setattr(Embedder, "embed", slow(Embedder.embed))
    monkeypatch.setattr(VideoFile, "__iter__", lambda source: iter(map(slow(lambda frame: frame), source._frames)))
    folder = tmp_path / "run"
    assert main(scene.arguments("--out", folder, "--quiet")) == 0
    assert settled_bytes(folder) == settled_bytes(finished)
    for name in ("left.mp4", "right.mp4"):
        assert (folder / name).read_bytes() == (finished / name).read_bytes()


class Failing:
    """A source that cannot be read any further after some frames."""

    def __init__(self, source: Source, after: int) -> None:
        self._source, self._after = source, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)

    def __iter__(self) -> Iterator[Frame]:
        for frame in self._source:
            if frame.index >= self._after:
                raise InputError("reading stopped: Input/output error", where=self._source.camera)
            yield frame

    def __enter__(self) -> Failing:
        return self

    def __exit__(self, *fault: object) -> None:
        self._source.close()


@pytest.mark.parametrize("more", [[], ["--mosaic"]])
def test_a_recording_that_breaks_off(
    scene: Scene,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    more: list[str],
) -> None:
    """What was read of it counts, the others finish, and the error is told once though it is read twice."""

    def open_failing(source: str, camera: str, **options: Any) -> Any:
        opened = open_source(source, camera, **options)
        return Failing(opened, 15) if camera == "left" else opened

    monkeypatch.setattr(inputs, "open_source", open_failing)
    folder = tmp_path / "run"
    assert main(scene.arguments("--out", folder, *more)) == 3
    errors = [line for line in capsys.readouterr().err.splitlines() if "Input/output error" in line]
    assert errors == ["error: left: reading stopped: Input/output error"]
    record = read_json(folder / "run.json")
    assert [entry["frames"] for entry in record["cameras"].values()] == [15, 40]
    assert "Input/output error" in record["inputs"][0]["error"]
    assert record["status"] == "done"
    check_agreement(folder)
    monkeypatch.undo()
    assert main(scene.arguments("--out", folder, "--resume", "--quiet")) == 0
    assert [entry["frames"] for entry in read_json(folder / "run.json")["cameras"].values()] == [40, 40]
    check_agreement(folder)
