"""Recordings whatever happens to the disk or the process: slow, full, full at any byte, killed at any moment."""

from __future__ import annotations

import errno
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builders import even_times, write_video
from recording import FPS, ORIGIN, Bench, Disk, connected, numbers, start_of, texts

from reidtrack.events import Event
from reidtrack.video.recorder import Recorder
from reidtrack.video.recording_disk import RecordingDisk
from reidtrack.video.recording_writer import NewFile
from reidtrack.video.remux import MATROSKA, MP4, MPEG_TS, FileFormat, Remuxer


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds with a key frame each second, and B-frames."""
    options = {"g": "25", "sc_threshold": "0", "bf": "2"}
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", even_times(100, FPS), options=options)


class Stopped(BaseException):
    """The process ends here, as far as its files tell."""


class Budget:
    """Takes the place of `os.write`: so many bytes, then the last write is cut short and fails."""

    def __init__(self, count: int, error: BaseException) -> None:
        self.left, self.error = count, error

    def __call__(self, handle: int, data: Any) -> int:
        part = bytes(data)[: self.left]
        self.left -= len(part)
        written = WRITE(handle, part)
        if written < len(data):
            raise self.error
        return written


WRITE = os.write


def chunks_of(clip: Path, file_format: FileFormat) -> list[bytes]:
    """What a recorder hands to the disk, piece by piece."""
    with connected(clip) as stream:
        remuxer = Remuxer(stream, file_format, 0.0, ORIGIN)
        pieces = [
            remuxer.add(packet, float(packet.pts * packet.time_base))
            for packet in stream.container.demux(stream)
            if packet.pts is not None
        ]
        return [piece for piece in [*pieces, remuxer.close()] if piece]


def written(folder: Path, pieces: list[bytes], file_format: FileFormat) -> None:
    """Write them in this thread, as the writer's own does."""
    from reidtrack.video.recording_writer import _OpenFile

    file = _OpenFile(folder, NewFile(ORIGIN, file_format))
    for piece in pieces:
        file.append(piece)
    file.close()


@pytest.mark.parametrize("file_format", [MP4, MATROSKA, MPEG_TS], ids=lambda found: found.name)
def test_a_kill_at_any_byte_leaves_every_picture_up_to_the_last_whole_fragment(
    tmp_path: Path, clip: Path, file_format: FileFormat, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces = chunks_of(clip, file_format)
    whole = sum(map(len, pieces))
    generator = random.Random(0)
    ends = [sum(map(len, pieces[:count])) for count in (1, 5)] if file_format is MP4 else []
    edges = [place for end in ends for place in (end, end + 1, end + 40)]
    for number, count in enumerate([*edges, *generator.sample(range(whole // 2, whole), 3)]):
        folder = tmp_path / str(number)
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", Budget(count, Stopped()))
            with pytest.raises(Stopped):
                written(folder, [*pieces, b"one more"], file_format)
        put = [piece for i, piece in enumerate(pieces) if sum(map(len, pieces[: i + 1])) <= count]
        written(tmp_path / f"{number} whole", put, file_format)
        wanted = [numbers(path) for path in (tmp_path / f"{number} whole").iterdir()] if put else []
        found = [numbers(path) for path in folder.iterdir() if not path.name.startswith(".")]
        if file_format is MP4:
            assert found == wanted, count
        else:  # what follows the last whole piece may be read too
            assert [entries[: len(other)] for entries, other in zip(found, wanted, strict=True)] == wanted, count


def test_a_full_disk_at_any_byte_leaves_whole_fragments(
    tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces = chunks_of(clip, MP4)
    for count in random.Random(1).sample(range(sum(map(len, pieces))), 8):
        folder = tmp_path / str(count)
        with monkeypatch.context() as patch, pytest.raises(OSError, match="No space"):
            patch.setattr(os, "write", Budget(count, OSError(errno.ENOSPC, "No space left on device")))
            written(folder, pieces, MP4)
        for path in folder.iterdir():
            assert path.stat().st_size in [sum(map(len, pieces[:i])) for i in range(len(pieces))]


def test_a_full_disk_stops_recording_with_one_line_for_all_and_it_goes_on_where_there_is_room(
    tmp_path: Path, clip: Path
) -> None:
    told: list[Event] = []
    disk = Disk(tmp_path, told)
    cameras = [
        Recorder(tmp_path / name, name, origin=ORIGIN, disk=disk.disk, tell=told.append) for name in ("door", "hall")
    ]
    with connected(clip) as stream:
        packets = [p for p in stream.container.demux(stream) if p.pts is not None]
        for recorder in cameras:
            recorder.begin(stream, 0.0)

        def play(start_s: float) -> None:
            for packet in packets:
                for recorder in cameras:
                    recorder.packet(packet, start_s + float(packet.pts * packet.time_base))

        play(0.0)
        wait(lambda: all(recorder._writer._waiting_bytes == 0 for recorder in cameras))
        assert not disk.disk.was_full
        disk.free, disk.now_s = 999, 4.0
        play(4.0)
        wait(lambda: disk.disk.full)
        play(8.0)
        disk.free, disk.now_s = 1999, 30.0
        disk.disk.try_again()
        assert disk.disk.full, "it is not begun again for a few bytes"
        disk.free, disk.now_s = 2000, 39.9
        disk.disk.try_again()
        assert disk.disk.full, "it is not tried all the time"
        disk.now_s = 40.0
        disk.disk.try_again()
        play(40.0)
    assert all(recorder.close() for recorder in cameras)

    assert disk.disk.was_full
    about_disk = [text for text in texts(told) if "missing" not in text]
    assert about_disk == [
        "the disk is full (0 MB are left, which logs and events need): recording stops, tracking goes on; free some"
        f" space in {tmp_path}, or keep less",
        "there is room on the disk again: recording goes on after 36 s",
    ]
    for recorder in cameras:
        folder = tmp_path / ("door" if recorder is cameras[0] else "hall")
        first, last = sorted(folder.iterdir())
        assert [start_of(first), start_of(last)] == [0.0, 40.0]
        assert len(numbers(first)) >= 85
        assert len(numbers(last)) == 100
        assert 100 <= recorder.dropped <= 200


def wait(true: Any) -> None:
    """Wait for a thread."""
    until = time.monotonic() + 20
    while not true():
        assert time.monotonic() < until
        time.sleep(0.002)


def test_a_slow_disk_never_holds_up_the_reader(tmp_path: Path, clip: Path) -> None:
    bench = Bench(tmp_path / "recordings", most_bytes=1500)
    moving = threading.Event()
    free = bench.disk.disk._free

    def slow(folder: Path) -> tuple[int, int]:
        assert moving.wait(20)
        return free(folder)

    bench.disk.disk._free = slow
    with connected(clip) as stream:
        bench.recorder.begin(stream, 0.0)
        packets = [p for p in stream.container.demux(stream) if p.pts is not None]
        for packet in packets:
            bench.recorder.packet(packet, float(packet.pts * packet.time_base))
        waiting = bench.recorder._writer._waiting_bytes
        assert 1500 <= waiting < 1500 + max(map(len, chunks_of(clip, MP4)))
        moving.set()
        for packet in packets:
            wait(lambda: bench.recorder._writer.has_room)
            bench.recorder.packet(packet, 10 + float(packet.pts * packet.time_base))
        (path,) = bench.files()
    found = numbers(path)
    missing = bench.recorder.dropped
    assert len(found) == bench.recorder.pictures == 200 - missing
    assert 0 < missing < 100
    assert found[-100:] == [(i, pytest.approx(10 + i / FPS, abs=1e-3)) for i in range(100)]
    assert texts(bench.told) == [
        f"door: {missing} pictures are missing from its recording: the disk was too slow or full"
    ]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 100 kB."""
    place = tmp_path / "small"
    place.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=100k", "none", str(place)]
    if sys.platform != "linux" or subprocess.run(mounting, check=False, capture_output=True).returncode:
        pytest.skip("a disk cannot be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_disk_that_is_really_full(small_disk: Path, clip: Path) -> None:
    told: list[Event] = []
    disk = RecordingDisk(small_disk, tell=told.append, now_s=lambda: 0.0, reserve_bytes=0)
    (small_disk / "else").write_bytes(bytes(90_000))
    recorder = Recorder(small_disk / "door", "door", origin=ORIGIN, disk=disk, tell=told.append)
    with connected(clip) as stream:
        recorder.begin(stream, 0.0)
        packets = [p for p in stream.container.demux(stream) if p.pts is not None]
        for turn in range(10):
            for packet in packets:
                recorder.packet(packet, 4.0 * turn + float(packet.pts * packet.time_base))
        assert recorder.close()
    assert disk.was_full
    (full,) = [
        text for text in texts(told) if "are missing" not in text
    ]  # these come too where the disk is slow to say no
    assert full.startswith("the disk is full (0 MB are left, which logs and events need): recording stops")
    (path,) = (small_disk / "door").iterdir()
    found = numbers(path)
    assert len(found) >= 25
    assert found == [(i % 100, pytest.approx(i / FPS, abs=1e-3)) for i in range(len(found))]


_CHILD = """
import sys, time
from recording import ORIGIN, connected
from reidtrack.video.recorder import Recorder
from reidtrack.video.recording_disk import RecordingDisk
from pathlib import Path

folder, clip = Path(sys.argv[1]), Path(sys.argv[2])
disk = RecordingDisk(folder, tell=print, now_s=time.monotonic)
recorder = Recorder(folder / "door", "door", origin=ORIGIN, disk=disk, tell=print, segment_s=1.5)
with connected(clip) as stream:
    packets = [p for p in stream.container.demux(stream) if p.pts is not None]
    recorder.begin(stream, 0.0)
    begun = time.monotonic()
    for turn in range(100):
        for packet in packets:
            time_s = 4.0 * turn + float(packet.pts * packet.time_base)
            time.sleep(max(0.0, begun + time_s - time.monotonic()))
            recorder.packet(packet, time_s)
            sys.stdout.write(f"{time_s:.3f}\\n")
            sys.stdout.flush()
"""


def test_sigkill_at_a_dozen_moments_loses_a_second_at_most(tmp_path: Path, clip: Path) -> None:
    tests = Path(__file__).resolve().parents[1]
    environment = {**os.environ, "PYTHONPATH": f"{tests.parent}{os.pathsep}{tests}"}
    moments = random.Random(2).sample(range(100, 2500), 12)
    children = []
    for number in range(len(moments)):
        out = (tmp_path / f"{number}.txt").open("w+")
        command = [sys.executable, "-c", _CHILD, str(tmp_path / str(number)), str(clip)]
        children.append((out, subprocess.Popen(command, stdout=out, env=environment)))
    for (out, child), moment in sorted(zip(children, moments, strict=True), key=lambda pair: pair[1]):
        name = Path(out.name)
        wait(lambda name=name, moment=moment: last_line(name) * 1000 >= moment)
        child.kill()
        child.wait()
        out.close()
    for number in range(len(moments)):
        given_s = last_line(tmp_path / f"{number}.txt")
        files = sorted(path for path in (tmp_path / str(number) / "door").glob("*.mp4"))
        newest_s, count = 0.0, 0
        found: list[tuple[int, float]] = []
        for path in files:
            start_s = start_of(path)
            assert start_s is not None
            newest_s, found = start_s, numbers(path)
            newest_s += found[-1][1]
            count += len(found)
        assert given_s - newest_s <= 1.0
        if files:
            check_by_ffprobe(files[-1], len(found))
        assert count >= (newest_s * FPS) - 1


def check_by_ffprobe(path: Path, pictures: int) -> None:
    """Where FFmpeg's own tools are there, they read as many pictures."""
    ffprobe = shutil.which("ffprobe")
    if ffprobe is None:
        return
    asked = ["-v", "error", "-count_packets", "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0"]
    answer = subprocess.run([ffprobe, *asked, str(path)], check=True, capture_output=True, text=True)
    assert int(answer.stdout.strip().strip(",")) == pictures, answer.stderr


def last_line(path: Path) -> float:
    """The last number of a file that is being written."""
    lines = path.read_text().split("\n")[:-1]
    return float(lines[-1]) if lines else 0.0
