from __future__ import annotations

from collections import namedtuple
from pathlib import Path

import pytest
from scene import Scene

from reidtrack.cli.main import main
from reidtrack.config.run import OutputConfig
from reidtrack.errors import OutputError
from reidtrack.pipeline.run import space
from reidtrack.pipeline.run.space import LEAST_BYTES, USUAL_BYTES, check_space
from reidtrack.runtime.progress import Silent

Usage = namedtuple("Usage", "total used free")


class Told(Silent):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def warn(self, text: str) -> None:
        self.lines.append(text)


class Recording:
    """As much of a source as its size."""

    def __init__(self, frames: int | None, size: tuple[int, int] = (100, 80)) -> None:
        self.frame_count, self.size, self.camera = frames, size, "a"


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch):
    def have(count: int) -> None:
        monkeypatch.setattr(space.shutil, "disk_usage", lambda path: Usage(count, 0, count))

    return have


@pytest.mark.parametrize(
    ("frames", "there", "video", "refused", "warned"),
    [
        pytest.param([], 0, True, False, False, id="no camera"),
        pytest.param([None], 0, True, False, False, id="a stream"),
        pytest.param([0], 0, True, False, False, id="no frame"),
        pytest.param([1000], 1000 * LEAST_BYTES - 1, False, True, False, id="not even that nobody is there"),
        pytest.param([1000], 1000 * LEAST_BYTES, False, False, True, id="just that"),
        pytest.param([1000], 1000 * USUAL_BYTES - 1, False, False, True, id="less than usual"),
        pytest.param([1000], 1000 * USUAL_BYTES, False, False, False, id="the usual"),
        pytest.param([500, None, 500], 1000 * USUAL_BYTES - 1, False, False, True, id="over cameras"),
        pytest.param([1000], 1000 * USUAL_BYTES, True, False, True, id="and videos"),
        pytest.param([1000], 1000 * USUAL_BYTES + 100_000, True, False, False, id="room for videos"),
    ],
)
def test_room(
    tmp_path: Path, free, frames: list[int | None], there: int, video: bool, refused: bool, warned: bool
) -> None:
    free(there)
    told, sources = Told(), [Recording(count) for count in frames]
    out = tmp_path / "not" / "there"
    if refused:
        with pytest.raises(
            OutputError, match=r"0.1 MB are free, and this run writes at least 0.1 MB \(1 camera, 1,000"
        ):
            check_space(out, sources, OutputConfig(video=video), told)
    else:
        check_space(out, sources, OutputConfig(video=video), told)
    assert bool(told.lines) == warned


def test_what_is_replaced_is_room(tmp_path: Path, free) -> None:
    (tmp_path / "old.mp4").write_bytes(bytes(1000 * LEAST_BYTES))
    free(0)
    with pytest.raises(OutputError):
        check_space(tmp_path, [Recording(1000)], OutputConfig(), Silent())
    check_space(tmp_path, [Recording(1000)], OutputConfig(), Silent(), replaces=True)


def test_a_run_that_cannot_fit_ends_before_it_begins(
    scene: Scene, tmp_path: Path, free, capsys: pytest.CaptureFixture[str]
) -> None:
    free(100)
    assert main(scene.arguments("--out", tmp_path / "run", "--quiet")) == 5
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "(2 cameras, 80 frames); make room, or choose another --out" in error
    assert not (tmp_path / "run").exists()
