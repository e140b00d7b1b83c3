from __future__ import annotations

import gc
import itertools
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from builders import SIZE, counter_image, even_times, overwrite, read_counter, set_display_matrix, write_video

from reidtrack.errors import DeviceError, InputError
from reidtrack.types import Frame
from reidtrack.video.rates import median_step_s
from reidtrack.video.source import Part, Source, VideoFile, open_source

UNEVEN = [0.0, 0.04, 0.1, 0.11, 0.5, 0.52, 2.0, 2.3, 2.31, 5.0]


def read(path: Path, start_s: float = 0.0, *, offset_s: float = 0.0) -> list[Frame]:
    with open_source(path, "cam", part=Part(start_s), offset_s=offset_s) as source:
        return list(source)


def test_a_file_tells_what_it_is(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", even_times(20, 10), fps=10)
    with VideoFile(path, "cam") as source:
        assert isinstance(source, Source)
        assert (source.camera, source.size, source.nominal_fps) == ("cam", SIZE, 10.0)
        assert (source.frame_count, source.duration_s, source.damaged) == (20, pytest.approx(2.0), 0)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts", "a.avi", "a.mov"])
def test_frames_keep_number_and_time(tmp_path: Path, name: str) -> None:
    codec = "mpeg4" if name == "a.avi" else "libx264"
    frames = read(write_video(tmp_path / name, even_times(30, 10), fps=10, codec=codec))
    assert [f.index for f in frames] == [read_counter(f.image) for f in frames] == list(range(30))
    assert [f.time_s for f in frames] == pytest.approx(even_times(30, 10), abs=1e-3)


@pytest.mark.parametrize("first_s", [0.0, 7.5])
def test_uneven_times_are_the_real_ones(tmp_path: Path, first_s: float) -> None:
    frames = read(write_video(tmp_path / "a.mp4", [first_s + t for t in UNEVEN]), offset_s=100.0)
    assert [f.time_s for f in frames] == pytest.approx([100 + t for t in UNEVEN], abs=1e-4)
    assert [read_counter(f.image) for f in frames] == list(range(len(UNEVEN)))


@pytest.mark.parametrize(
    ("start_s", "end_s", "stride"),
    [
        pytest.param(0, None, 1, id="all"),
        pytest.param(0, None, 3, id="stride"),
        pytest.param(1.0, 2.0, 1, id="start and end, start decoded through"),
        pytest.param(1.05, 2.05, 4, id="between frames"),
        pytest.param(5.0, None, 1, id="start skipped to, at a keyframe"),
        pytest.param(7.3, 9.1, 1, id="start skipped to, between keyframes"),
        pytest.param(7.31, None, 7, id="start skipped to, stride"),
        pytest.param(9.9, None, 1, id="last frame"),
        pytest.param(10.5, None, 1, id="start after the end"),
        pytest.param(0, 0.05, 1, id="first frame"),
        pytest.param(0, 99, 1, id="end after the end"),
    ],
)
@pytest.mark.parametrize("bframes", ["0", "3"])
def test_a_part_is_exactly_what_the_whole_has_there(
    tmp_path: Path, start_s: float, end_s: float | None, stride: int, bframes: str
) -> None:
    options = {"g": "25", "bf": bframes}
    path = write_video(tmp_path / "a.mp4", [3 + t for t in even_times(100, 10)], fps=10, options=options)
    with VideoFile(path, "cam", Part(start_s, end_s, stride), offset_s=50.0) as source:
        estimate, frames = source.frame_count, list(source)
    limit = end_s if end_s is not None else 1e9
    wanted = [i for i in range(0, 100, stride) if start_s - 1e-9 <= i / 10 < limit]
    assert [f.index for f in frames] == [read_counter(f.image) for f in frames] == wanted
    assert [f.time_s for f in frames] == pytest.approx([50 + i / 10 for i in wanted], abs=1e-4)
    assert estimate == pytest.approx(len(wanted), abs=1)


def test_skipping_gives_the_pictures_of_decoding_through(tmp_path: Path) -> None:
    options = {"x264-params": "open-gop=1:bframes=3:keyint=20:min-keyint=20:scenecut=0"}
    path = write_video(tmp_path / "a.mp4", even_times(100, 10), fps=10, options=options)
    whole, part = read(path)[70:], read(path, start_s=7.0)
    assert [(f.index, f.time_s) for f in part] == [(f.index, f.time_s) for f in whole]
    assert all((a.image == b.image).all() for a, b in zip(part, whole, strict=True))


def test_a_loop_that_is_left_goes_on_in_the_next(tmp_path: Path) -> None:
    with VideoFile(write_video(tmp_path / "a.mp4", even_times(10, 10)), "cam") as source:
        assert [f.index for f in itertools.islice(source, 4)] == [0, 1, 2, 3]
        assert [f.index for f in source] == [4, 5, 6, 7, 8, 9]
        assert list(source) == []


def test_nothing_comes_after_close(tmp_path: Path) -> None:
    source = VideoFile(write_video(tmp_path / "a.mp4", even_times(10, 10)), "cam")
    next(iter(source))
    source.close()
    source.close()
    assert list(source) == []
    assert (source.frame_count, source.damaged) == (10, 0)


@pytest.mark.parametrize(
    ("matrix", "turn"),
    [
        pytest.param((1, 0, 0, 1), lambda i: i, id="upright"),
        pytest.param((0, 1, -1, 0), lambda i: np.rot90(i, -1), id="90 clockwise"),
        pytest.param((-1, 0, 0, -1), lambda i: np.rot90(i, 2), id="180"),
        pytest.param((0, -1, 1, 0), lambda i: np.rot90(i, 1), id="90 anticlockwise"),
        pytest.param((-1, 0, 0, 1), lambda i: i[:, ::-1], id="mirrored"),
    ],
)
def test_pictures_come_upright(tmp_path: Path, matrix: tuple[int, int, int, int], turn: object) -> None:
    path = write_video(tmp_path / "a.mp4", even_times(3, 10), images=[counter_image(0b1011)] * 3)
    flat = read(path)
    set_display_matrix(path, matrix)
    with VideoFile(path, "cam") as source:
        frames = list(source)
        assert source.size == frames[0].size
    assert (frames[0].image == turn(flat[0].image)).all()  # type: ignore[operator]
    assert frames[0].image.flags.c_contiguous


@pytest.mark.parametrize(
    ("codec", "pix_fmt", "size"),
    [
        pytest.param("libx264", "yuv420p10le", SIZE, id="10 bits"),
        pytest.param("libx264", "yuv444p", (97, 65), id="odd size"),
        pytest.param("ffv1", "yuv420p", (97, 65), id="odd size, halved chroma"),
        pytest.param("ffv1", "gray", SIZE, id="grey"),
        pytest.param("ffv1", "gray16le", SIZE, id="grey, 16 bits"),
        pytest.param("ffv1", "yuva420p", SIZE, id="alpha"),
        pytest.param("png", "rgba", SIZE, id="png with alpha"),
        pytest.param("mjpeg", "yuvj420p", SIZE, id="full range"),
    ],
)
def test_every_kind_of_picture_becomes_bgr(tmp_path: Path, codec: str, pix_fmt: str, size: tuple[int, int]) -> None:
    path = write_video(
        tmp_path / ("a.mov" if codec == "png" else "a.mkv"), even_times(5, 10), size=size, codec=codec, pix_fmt=pix_fmt
    )
    frames = read(path)
    assert [read_counter(f.image) for f in frames] == [0, 1, 2, 3, 4]
    assert all(f.size == size for f in frames)
    assert np.abs(frames[3].image.astype(int) - counter_image(3, size)).mean() < 12


def test_a_change_of_size_is_scaled_to_the_first(tmp_path: Path) -> None:
    a = write_video(tmp_path / "a.h264", even_times(5, 10))
    b = write_video(tmp_path / "b.h264", even_times(5, 10), size=(192, 128))
    both = tmp_path / "both.h264"
    both.write_bytes(a.read_bytes() + b.read_bytes())
    frames = read(both)
    assert [read_counter(f.image) for f in frames] == [0, 1, 2, 3, 4] * 2
    assert {f.size for f in frames} == {SIZE}


def test_a_stream_without_stamps_runs_at_its_nominal_rate(tmp_path: Path) -> None:
    frames = read(write_video(tmp_path / "a.h264", even_times(10, 10), fps=10))
    assert [f.time_s for f in frames] == pytest.approx(even_times(10, 10))


def test_recordings_joined_end_to_end_go_on_in_time(tmp_path: Path) -> None:
    part = write_video(tmp_path / "a.ts", even_times(40, 10), fps=10).read_bytes()
    both = tmp_path / "both.ts"
    both.write_bytes(part + part)
    frames = read(both)
    times = [f.time_s for f in frames]
    assert [read_counter(f.image) for f in frames] == list(range(40)) * 2
    assert all(b > a for a, b in itertools.pairwise(times))
    assert times[-1] - times[45] == pytest.approx(3.4, abs=1e-3)


@pytest.mark.parametrize("name", ["a.ts", "a.mp4"])
def test_damage_in_the_middle_is_counted_and_passed_over(tmp_path: Path, name: str) -> None:
    images = np.random.default_rng(1).integers(0, 256, (60, SIZE[1], SIZE[0], 3), np.uint8)
    path = write_video(tmp_path / name, even_times(60, 10), fps=10, images=images, options={"g": "10"})
    overwrite(path, 0.4, path.stat().st_size // 20)
    with VideoFile(path, "cam") as source:
        frames = list(source)
        assert source.damaged > 0
    assert len(frames) >= 40
    assert all(b.time_s > a.time_s for a, b in itertools.pairwise(frames))
    assert frames[-1].time_s == pytest.approx(5.9, abs=0.25)


def test_a_cut_off_end_is_counted(tmp_path: Path) -> None:
    path = write_video(
        tmp_path / "a.mp4", even_times(60, 10), container_options={"movflags": "faststart"}, options={"bf": "0"}
    )
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 4])
    with VideoFile(path, "cam") as source:
        frames = list(source)
        assert 20 < len(frames) < 60
        assert len(frames) + source.damaged == pytest.approx(60, abs=1)
    assert [read_counter(f.image) for f in frames[:20]] == list(range(20))


@pytest.mark.shared
def test_pets(shared: Path) -> None:
    with VideoFile(shared / "data/pets-s2l1/View_001.mp4", "View_001", Part(stride=10)) as source:
        assert (source.size, source.nominal_fps, source.frame_count) == ((768, 576), 7.0, 40)
        frames = list(source)
    assert [f.index for f in frames] == list(range(0, 400, 10))
    assert [f.time_s for f in frames] == pytest.approx([i / 7 for i in range(0, 400, 10)])


def test_pictures_are_freed_at_once(tmp_path: Path) -> None:
    with VideoFile(write_video(tmp_path / "a.mp4", even_times(60, 10)), "cam") as source:
        gc.collect()
        gc.disable()
        try:
            read_to_the_end = sum(1 for _ in source)
            left = sum(type(thing).__name__ == "VideoFrame" for thing in gc.get_objects())
        finally:
            gc.enable()
    assert read_to_the_end == 60
    assert left < 10


@pytest.mark.parametrize("hwaccel", ["none", "auto"])
def test_frames_are_the_same_whatever_decodes(tmp_path: Path, hwaccel: str) -> None:
    """`auto` takes the CPU where there is no GPU, and says nothing."""
    path = write_video(tmp_path / "a.mp4", even_times(5, 10))
    with open_source(path, "cam") as expected, open_source(path, "cam", hwaccel=hwaccel) as source:
        for one, other in zip(expected, source, strict=True):
            assert one.time_s == other.time_s
            np.testing.assert_allclose(one.image.astype(int), other.image.astype(int), atol=3)


def test_a_decoder_that_is_not_there(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", even_times(5, 10))
    with pytest.raises(DeviceError, match="no decoding by 'nonsense' here"):
        open_source(path, "cam", hwaccel="nonsense")


@pytest.mark.parametrize("hwaccel", ["auto", "nonsense"])
def test_what_is_no_video_is_told_first(tmp_path: Path, hwaccel: str) -> None:
    (tmp_path / "a.mp4").write_bytes(b"\x00\x01" * 500)
    with pytest.raises(InputError, match="not a video"):
        open_source(tmp_path / "a.mp4", "cam", hwaccel=hwaccel)


@pytest.mark.parametrize("start_s", [5.0, 6.13, 8.77])
@pytest.mark.parametrize(
    "parameters",
    [
        pytest.param("intra-refresh=1:keyint=20", id="intra refresh"),
        pytest.param("intra-refresh=1:keyint=20:bframes=2", id="intra refresh with B-frames"),
        pytest.param("keyint=infinite:min-keyint=1000", id="one keyframe in all"),
        pytest.param("open-gop=1:bframes=3:keyint=20", id="open groups"),
    ],
)
def test_a_start_is_clean_whatever_is_called_a_keyframe(tmp_path: Path, parameters: str, start_s: float) -> None:
    path = write_video(tmp_path / "a.mp4", even_times(100, 10), fps=10, options={"x264-params": parameters})
    whole = [(f.index, f.time_s) for f in read(path) if f.time_s >= start_s]
    part = read(path, start_s=start_s)
    assert [(f.index, f.time_s) for f in part] == whole
    assert [read_counter(f.image) for f in part] == [index for index, _ in whole]


@pytest.mark.parametrize(
    ("claimed", "actual", "told"),
    [
        pytest.param(10, 10, 10, id="true"),
        pytest.param(1000, 10, 10, id="the unit of the stamps in place of a rate"),
        pytest.param(10, 100, 100, id="far too low"),
        pytest.param(15, 10, 15, id="a varying rate stays as it is told"),
    ],
)
def test_a_rate_that_stamps_belie(tmp_path: Path, claimed: int, actual: int, told: float) -> None:
    path = write_video(tmp_path / "a.mkv", even_times(60, actual), fps=claimed)
    with VideoFile(path, "cam") as source:
        assert source.nominal_fps == pytest.approx(told, rel=0.02)
        count, frames = source.frame_count, list(source)
    assert [f.time_s for f in frames] == pytest.approx(even_times(60, actual), abs=2e-3)
    assert count == pytest.approx(60 * told / actual, rel=0.2)


@pytest.mark.parametrize(
    ("pts", "time_base", "expected"),
    [
        pytest.param([0, 40, 80, 120], Fraction(1, 1000), 0.04, id="even"),
        pytest.param([0, 120, 40, 80], Fraction(1, 1000), 0.04, id="in the order of decoding"),
        pytest.param([0, 40, 9000, 9040, 9080], Fraction(1, 1000), 0.04, id="a pause"),
        pytest.param([7, 7, 7, 7], Fraction(1, 1000), None, id="all equal"),
        pytest.param([None, 0, None, 40], Fraction(1, 1000), None, id="too few"),
        pytest.param([], Fraction(1, 1000), None, id="none"),
        pytest.param([0, 40, 80], None, None, id="without a unit"),
    ],
)
def test_median_step(pts: list[int | None], time_base: Fraction | None, expected: float | None) -> None:
    assert median_step_s(pts, time_base) == expected


@pytest.mark.parametrize(
    ("aspect", "matrix", "told"),
    [
        pytest.param(None, None, 1.0, id="not told"),
        pytest.param(Fraction(4, 3), None, 4 / 3, id="wide pixels"),
        pytest.param(Fraction(8, 9), None, 8 / 9, id="narrow ones"),
        pytest.param(Fraction(50, 1), None, 1.0, id="absurd"),
        pytest.param(Fraction(4, 3), (0, 1, -1, 0), 3 / 4, id="on its side"),
    ],
)
def test_pixels_that_are_not_square(
    tmp_path: Path, aspect: Fraction | None, matrix: tuple[int, int, int, int] | None, told: float
) -> None:
    path = write_video(tmp_path / "a.mp4", even_times(5, 10), fps=10, aspect=aspect)
    if matrix is not None:
        set_display_matrix(path, matrix)
    with VideoFile(path, "cam") as source:
        assert source.pixel_aspect == pytest.approx(told)


def test_a_part_may_be_said_without_a_record(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", even_times(40, 10), fps=10)
    with open_source(path, "cam", start_s=1.0, end_s=2.0, stride=3) as source:
        assert [f.index for f in source] == [12, 15, 18]
