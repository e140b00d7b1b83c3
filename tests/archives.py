"""Recordings cut into files of uneven length, as a recorder writes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import cycle
from pathlib import Path
from typing import Any

import av

from reidtrack.types import Frame
from reidtrack.video.source import open_source

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


def cut_recording(
    source: Path,
    folder: Path,
    lengths_s: Sequence[float],
    *,
    start: datetime = NOON,
    times: int = 1,
    end_s: float = float("inf"),
    name: str = "%Y%m%dT%H%M%SZ.mp4",
    lossless: bool = False,
) -> list[Path]:
    """Write a recording, several times over, into files whose lengths (whole seconds) take turns.

    Args:
        source: A video or folder of images.
        folder: Where the files go, and folders that their names hold.
        lengths_s: Lengths of the files, again and again.
        start: Of the first file.
        times: How often the recording is played.
        end_s: Second of the recording from which it is played anew.
        name: `strftime` pattern of the files' paths.
        lossless: Whether pictures are the same wherever a file begins.
    """
    written, lengths, length, begins = list[Path](), cycle(lengths_s), 0.0, -1.0
    container: Any = None
    for frame, now_s, fps in _frames(source, times, end_s):
        if container is None or now_s >= begins + length - 1e-6:
            if container is not None:
                _finish(container)
            begins, length = (0.0 if container is None else begins + length), next(lengths)
            path = folder / (start + timedelta(seconds=begins)).strftime(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            container = _begin(path, frame, fps, "0" if lossless else "16")
            written.append(path)
        picture = av.VideoFrame.from_ndarray(frame.image, format="bgr24")
        picture.pts = round((now_s - begins) * 90_000)
        picture.time_base = Fraction(1, 90_000)
        container.mux(container.streams.video[0].encode(picture))
    _finish(container)
    return written


def archive_words(archive: Path, out: Path, *who: str) -> list[str]:
    """Words of `archive run` in tasks of 5 s of which every sixth frame is looked at.

    Args:
        archive: The list.
        out: Where all goes.
        who: Options that say who does it.
    """
    settings = ["detect.every=6", "embed.weights=osnet_x0_25"]
    options = ["--task", "5s", "--lead", "2s", *who, "--set", *settings, "--quiet"]
    return ["archive", "run", str(archive), "--out", str(out), *options]


def results(out: Path) -> dict[str, bytes]:
    """Results of the tasks of an archive by their names."""
    return {path.name: path.read_bytes() for path in (out / "tasks").rglob("*.npz")}


def _frames(source: Path, times: int, end_s: float) -> Iterator[tuple[Frame, float, float]]:
    for turn in range(times):
        with open_source(source, "cam") as opened:
            whole_s = min(end_s, opened.duration_s or 0.0)
            for frame in opened:
                if frame.time_s < whole_s - 1e-6:
                    yield frame, turn * whole_s + frame.time_s, opened.nominal_fps


def _begin(path: Path, frame: Frame, fps: float, crf: str) -> Any:
    container = av.open(str(path), "w")
    stream: Any = container.add_stream("libx264", rate=round(fps), options={"preset": "ultrafast", "crf": crf})
    stream.width, stream.height, stream.pix_fmt = *frame.size, "yuv420p"
    stream.codec_context.time_base = Fraction(1, 90_000)
    return container


def _finish(container: Any) -> None:
    container.mux(container.streams.video[0].encode())
    container.close()
