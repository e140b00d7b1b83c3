"""The pictures that the detector learns from and is judged by, with their boxes in pixels."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import cv2
import numpy as np

from reidtrack.errors import InputError
from reidtrack.geometry import clip, xywh_to_xyxy
from reidtrack.types import FloatArray, ImageArray
from reidtrack.video.file import VideoFile

ARCHIVES = ("coco128-person.tar.gz", "pennfudan-person.tar.gz")


def no_boxes() -> FloatArray:
    """(0, 4) float32."""
    return np.zeros((0, 4), np.float32)


@dataclass(frozen=True)
class Picture:
    """One picture with the people in it.

    Attributes:
        name: Unique: source and file, or camera and frame.
        image: (H, W, 3) uint8, BGR.
        xyxy: (N, 4) float32 pixels, who is to be found.
        ignored: (M, 4) float32 pixels, who need not be found and is no false alarm where found.
    """

    name: str
    image: ImageArray
    xyxy: FloatArray = field(default_factory=no_boxes)
    ignored: FloatArray = field(default_factory=no_boxes)


def read_yolo_archive(path: Path) -> list[Picture]:
    """Read `images/*.jpg` with `labels/*.txt` (YOLO: class, centre and size as shares of the picture; 0 is a person).

    Returns:
        The pictures in the order of their names.

    Raises:
        InputError: If the archive is missing, or a picture in it is damaged.
    """
    if not path.is_file():
        raise InputError("no such archive", where=path, expected="a YOLO detection set, .tar.gz")
    with tarfile.open(path) as archive:
        content = {PurePosixPath(m.name): _bytes(archive, m) for m in archive if m.isfile()}
    names = sorted(name for name in content if name.suffix == ".jpg")
    return [_picture(name, content) for name in names]


def parse_yolo_labels(text: str, width: int, height: int) -> FloatArray:
    """The people of one label file: (N, 4) xyxy in pixels of a `width` x `height` picture."""
    rows = np.array([line.split()[:5] for line in text.splitlines() if line.strip()], np.float32).reshape(-1, 5)
    centre, size = rows[rows[:, 0] == 0, 1:3], rows[rows[:, 0] == 0, 3:5]
    xyxy = np.concatenate([centre - size / 2, centre + size / 2], axis=1) * np.float32([width, height, width, height])
    return clip(xyxy.astype(np.float32), width, height)


def read_rendered(folder: Path) -> list[Picture]:
    """Read what `tools.render_sample --out` made: decoded frames of each camera, with their exact boxes.

    Raises:
        InputError: If there are no videos.
    """
    videos = sorted(folder.glob("*.mp4"))
    if not videos:
        raise InputError("holds no videos", where=folder, expected="what tools.render_sample --out made")
    return [picture for video in videos for picture in _frames(video, folder.name)]


def split(pictures: Sequence[Picture], held_out: int, seed: int) -> tuple[list[Picture], list[Picture]]:
    """Leave `held_out` pictures out of training, with and without people in the proportion of the whole.

    Returns:
        Training and held-out pictures, each in the order given.
    """
    rng = np.random.default_rng(seed)
    with_people = [p.name for p in pictures if len(p.xyxy)]
    without = [p.name for p in pictures if not len(p.xyxy)]
    count = round(held_out * len(with_people) / max(1, len(pictures)))
    kept = {*rng.permutation(with_people)[:count], *rng.permutation(without)[: held_out - count]}
    return [p for p in pictures if p.name not in kept], [p for p in pictures if p.name in kept]


def _bytes(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    opened = archive.extractfile(member)
    return opened.read() if opened else b""


def _picture(name: PurePosixPath, content: dict[PurePosixPath, bytes]) -> Picture:
    image: Any = cv2.imdecode(np.frombuffer(content[name], np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise InputError("a damaged picture", where=str(name))
    label = content.get(name.parents[1] / "labels" / f"{name.stem}.txt", b"").decode("ascii")
    return Picture(f"{name.parts[0]}/{name.stem}", image, parse_yolo_labels(label, image.shape[1], image.shape[0]))


def _frames(video: Path, scene: str) -> Iterator[Picture]:
    rows = np.loadtxt(video.parent / "gt" / f"{video.stem}.txt", delimiter=",", ndmin=2)
    xyxy = xywh_to_xyxy(rows[:, 2:6]).astype(np.float32)
    with VideoFile(video, video.stem) as frames:
        for frame in frames:
            here, counts = rows[:, 0] == frame.index + 1, rows[:, 6] > 0
            yield Picture(
                f"{scene}/{video.stem}/{frame.index:04d}", frame.image, xyxy[here & counts], xyxy[here & ~counts]
            )
