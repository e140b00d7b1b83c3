from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from builders import SIZE, counter_image, even_times, read_counter

from reidtrack.errors import OutputError
from reidtrack.video.sink import VideoSink
from reidtrack.video.source import VideoFile

SCRIPT = """
import sys, time
sys.path[:0] = [{tests!r}, {root!r}]
from builders import SIZE, counter_image
from reidtrack.video.sink import VideoSink
{setup}
sink = VideoSink({path!r}, SIZE, fps_hint=10)
for number in range({count}):
    sink.write(counter_image(number), number / 10)
    print(number, flush=True)
{end}
"""


def script(path: Path, count: int, *, setup: str = "", end: str = "") -> list[str]:
    tests = Path(__file__).resolve().parents[1]
    code = SCRIPT.format(tests=str(tests), root=str(tests.parent), path=str(path), count=count, setup=setup, end=end)
    return [sys.executable, "-c", code]


def write(path: Path, times_s: list[float], size: tuple[int, int] = SIZE, **options: float) -> None:
    with VideoSink(path, size, **options) as sink:  # type: ignore[arg-type]
        for number, time_s in enumerate(times_s):
            sink.write(counter_image(number, size), time_s)


def read(path: Path) -> tuple[list[int], list[float]]:
    with VideoFile(path, "cam") as source:
        frames = list(source)
    return [read_counter(f.image) for f in frames], [f.time_s for f in frames]


@pytest.mark.parametrize(
    "times_s",
    [
        pytest.param([0.0], id="one frame"),
        pytest.param(even_times(40, 7), id="7 fps"),
        pytest.param([0.0, 0.04, 0.1, 0.11, 0.5, 2.0, 2.3, 2.31, 5.0], id="uneven"),
        pytest.param([100 + t for t in even_times(10, 29.97)], id="late origin"),
        pytest.param([-2.0, -1.5, 0.25], id="before the origin"),
    ],
)
def test_times_come_back(tmp_path: Path, times_s: list[float]) -> None:
    write(tmp_path / "a.mp4", times_s)
    numbers, times = read(tmp_path / "a.mp4")
    assert numbers == list(range(len(times_s)))
    assert times == pytest.approx([t - times_s[0] for t in times_s], abs=1e-5)
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]


def test_times_that_do_not_advance_are_moved_on(tmp_path: Path) -> None:
    write(tmp_path / "a.mp4", [0.0, 0.1, 0.1, 0.05, 0.2])
    numbers, times = read(tmp_path / "a.mp4")
    assert numbers == [0, 1, 2, 3, 4]
    assert times == pytest.approx([0, 0.1, 0.1, 0.1, 0.2], abs=1e-4)
    assert all(b > a for a, b in itertools.pairwise(times))


def test_the_finished_file_plays_in_a_browser_and_seeks(tmp_path: Path) -> None:
    import av

    write(tmp_path / "a.mp4", even_times(50, 10), fps_hint=10)
    data = (tmp_path / "a.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    assert b"moof" not in data
    with av.open(str(tmp_path / "a.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert container.duration == pytest.approx(5e6, abs=1e4)
        keys = [float(p.pts * p.time_base) for p in container.demux(stream) if p.is_keyframe]
    assert all(b - a <= 1.0 + 1e-6 for a, b in itertools.pairwise([*keys, 5.0]))


@pytest.mark.parametrize("size", [(97, 65), (97, 64), (96, 65)])
def test_odd_sizes_grow_by_a_pixel(tmp_path: Path, size: tuple[int, int]) -> None:
    write(tmp_path / "a.mp4", even_times(5, 10), size)
    with VideoFile(tmp_path / "a.mp4", "cam") as source:
        assert source.size == (size[0] + size[0] % 2, size[1] + size[1] % 2)
    assert read(tmp_path / "a.mp4")[0] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("bgr", [(0, 0, 255), (0, 255, 0), (255, 0, 0), (200, 100, 50), (255, 255, 255), (0, 0, 0)])
def test_colours_are_kept(tmp_path: Path, bgr: tuple[int, int, int]) -> None:
    with VideoSink(tmp_path / "a.mp4", SIZE) as sink:
        sink.write(np.full((SIZE[1], SIZE[0], 3), bgr, np.uint8), 0)
    with VideoFile(tmp_path / "a.mp4", "cam") as source:
        image = next(iter(source)).image
    assert np.abs(image.astype(int) - bgr).max() <= 6


def test_a_better_quality_is_a_larger_file(tmp_path: Path) -> None:
    write(tmp_path / "a.mp4", even_times(20, 10), crf=10)
    write(tmp_path / "b.mp4", even_times(20, 10), crf=40)
    assert (tmp_path / "a.mp4").stat().st_size > (tmp_path / "b.mp4").stat().st_size


def test_a_killed_writer_leaves_a_video_up_to_its_last_frames(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with subprocess.Popen(script(path, 65, end="time.sleep(60)"), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == "64":
                break
        process.send_signal(signal.SIGKILL)
    numbers, times = read(path)
    assert numbers == list(range(len(numbers)))
    assert len(numbers) >= 63
    assert times == pytest.approx(even_times(len(numbers), 10), abs=1e-4)


def test_an_error_within_still_finishes_the_file(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), VideoSink(tmp_path / "a.mp4", SIZE) as sink:
        sink.write(counter_image(0), 0)
        sink.write(counter_image(1), 0.1)
        raise KeyboardInterrupt
    assert read(tmp_path / "a.mp4")[0] == [0, 1]
    assert b"moof" not in (tmp_path / "a.mp4").read_bytes()


def test_without_a_frame_there_is_no_file(tmp_path: Path) -> None:
    write(tmp_path / "a.mp4", [])
    assert list(tmp_path.iterdir()) == []


def test_an_image_of_another_size_is_a_mistake(tmp_path: Path) -> None:
    with (
        VideoSink(tmp_path / "a.mp4", SIZE) as sink,
        pytest.raises(ValueError, match=r"expected an image of \(96, 64\)"),
    ):
        sink.write(counter_image(0, (64, 64)), 0)


def test_a_folder_that_is_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"a\.mp4: cannot be written: (File exists|Not a directory)"):
        VideoSink(tmp_path / "file" / "a.mp4", SIZE)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on file sizes")
def test_a_full_disk_is_an_output_error_and_leaves_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    setup = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))"
    done = subprocess.run(script(path, 5000, setup=setup), capture_output=True, text=True, check=False)
    assert f"OutputError: {path}: cannot be written: File too large; free some space and run again" in done.stderr
    assert len(read(path)[0]) > 50


def test_without_a_gpu_the_processor_encodes(tmp_path: Path) -> None:
    """Where there is one the bytes may differ, but all else holds."""
    write(tmp_path / "gpu.mp4", even_times(12, 10), gpu=True)
    assert read(tmp_path / "gpu.mp4")[0] == list(range(12))


@pytest.mark.parametrize(("encoder", "by_gpu"), [("libx264", True), ("mpeg4", False)])
def test_the_encoder_of_a_gpu_is_taken_unless_it_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoder: str, by_gpu: bool
) -> None:
    """Another encoder stands for the GPU's, so that this runs everywhere; MPEG-4 knows no times as fine as ours."""
    monkeypatch.setattr("reidtrack.video.sink._GPU", encoder)
    monkeypatch.setattr("reidtrack.video.sink._NVENC", {"tune": "zerolatency", "preset": "ultrafast"})
    for name, gpu in (("gpu.mp4", True), ("cpu.mp4", False)):
        write(tmp_path / name, even_times(25, 10), gpu=gpu)
        assert read(tmp_path / name)[0] == list(range(25))
    assert ((tmp_path / "gpu.mp4").read_bytes() != (tmp_path / "cpu.mp4").read_bytes()) == by_gpu


@pytest.mark.parametrize("aspect", [1.0, 4 / 3, 8 / 9])
def test_players_are_told_the_shape_of_pixels(tmp_path: Path, aspect: float) -> None:
    write(tmp_path / "a.mp4", even_times(3, 10), pixel_aspect=aspect)
    with VideoFile(tmp_path / "a.mp4", "cam") as source:
        assert source.pixel_aspect == pytest.approx(aspect)


@pytest.mark.parametrize(
    ("pause_h", "shown_h"),
    [
        pytest.param(1, 1, id="as long as it is"),
        pytest.param(5.9, 5.9, id="just short enough"),
        pytest.param(8, 6, id="a night"),
        pytest.param(100, 6, id="days"),
    ],
)
def test_a_pause_of_hours(tmp_path: Path, pause_h: float, shown_h: float) -> None:
    times = [0.0, 0.1, 0.1 + 3600 * pause_h, 0.2 + 3600 * pause_h, 0.3 + 3600 * pause_h]
    write(tmp_path / "a.mp4", times)
    with VideoFile(tmp_path / "a.mp4", "cam") as source:
        frames = list(source)
    assert [read_counter(f.image) for f in frames] == [0, 1, 2, 3, 4]
    steps = np.diff([f.time_s for f in frames])
    assert steps.tolist() == pytest.approx([0.1, 3600 * shown_h, 0.1, 0.1], abs=2e-3)


def test_a_name_that_is_no_utf8(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9")
    try:
        path.mkdir()
    except OSError:
        pytest.skip("this file system takes UTF-8 alone")
    write(path / "a.mp4", even_times(3, 10))
    (path / "a.mp4").rename(tmp_path / "b.mp4")
    with VideoFile(tmp_path / "b.mp4", "cam") as source:
        assert [read_counter(f.image) for f in source] == [0, 1, 2]
