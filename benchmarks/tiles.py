r"""What tiles find in very large pictures, and what they cost: a table of docs/results/detection.md.

    python benchmarks/tiles.py --shared ../shared --page docs/results/detection.md

Pictures of four times the size are made in memory of real ones side by side, a recording at several of its times: every
person has the pixels of the original and is small in the whole. Frames that lie on the seams are as artificial as they
look. Scored are the sure boxes, those of 0.5 and more, at an overlap of 0.5. Milliseconds are processor time of the
detector for a picture, networks compiled before.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
from page import put

from reidtrack.benchmark.tracking import score_tracking
from reidtrack.config.run import DetectConfig
from reidtrack.detect.fit import SIZES, SURE, Choice, FittedSize, choices, fit_size
from reidtrack.detect.network import NetworkDetector
from reidtrack.engines.names import EngineName
from reidtrack.mot import MotRows, read_mot
from reidtrack.networks.build import make_detector
from reidtrack.types import Detections, Frame, ImageArray
from reidtrack.video.file import VideoFile

SURE_SCORE = 0.5


@dataclass(frozen=True)
class Mosaic:
    """A recording beside itself.

    Attributes:
        label: For the table.
        video: In the data of ../shared; its truth and its boxes to ignore beside it.
        columns: Pictures side by side.
        rows: And one below the other.
        stagger: Frames between the beginning of one and of the next.
    """

    label: str
    video: str
    truth: tuple[str, str]
    columns: int
    rows: int
    stagger: int


MOSAICS = (
    Mosaic("MOT16-11, 2 x 2", "mot/MOT16-11.mp4", ("mot/MOT16-11_gt_eval.txt", "mot/MOT16-11_ignore.txt"), 2, 2, 100),
    Mosaic(
        "PETS View_001, 5 x 4",
        "pets-s2l1/View_001.mp4",
        ("pets-s2l1/gt_View_001.txt", "pets-s2l1/ignore_View_001.txt"),
        5,
        4,
        18,
    ),
)


def pictures(mosaic: Mosaic, data: Path, count: int) -> tuple[list[ImageArray], float]:
    """The large pictures, and how many there are in a second."""
    with VideoFile(data / mosaic.video, "camera") as source:
        width, height = source.size
        cells = mosaic.columns * mosaic.rows
        canvas = np.zeros((count, mosaic.rows * height, mosaic.columns * width, 3), np.uint8)
        for frame in source:
            if frame.index >= count + (cells - 1) * mosaic.stagger:
                break  # in no picture
            for cell in range(cells):
                number = frame.index - cell * mosaic.stagger
                if 0 <= number < count:
                    y, x = cell // mosaic.columns * height, cell % mosaic.columns * width
                    canvas[number, y : y + height, x : x + width] = frame.image
        return list(canvas), source.nominal_fps


def truth(mosaic: Mosaic, path: Path, size: tuple[int, int], count: int) -> MotRows:
    """Rows of the large pictures; the same person at another time is another one."""
    rows, parts = read_mot(path), []
    width, height = size[0] // mosaic.columns, size[1] // mosaic.rows
    for cell in range(mosaic.columns * mosaic.rows):
        frame = rows.frame - cell * mosaic.stagger
        here = (frame >= 0) & (frame < count)
        corner = np.array([cell % mosaic.columns * width, cell // mosaic.columns * height] * 2)
        inside = np.clip(rows.xyxy[here], 0, [width, height, width, height]) + corner
        parts.append((frame[here], rows.id[here] + 10_000 * cell, inside, rows.score[here], rows.class_id[here]))
    return MotRows.of(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def look(detector: NetworkDetector, images: list[ImageArray], choice: Choice) -> tuple[list[Detections], float]:
    """What is found, and the milliseconds that a picture takes."""
    fitted = detector.with_sizes({"camera": FittedSize(choice.imgsz, "", choice.tiles)})
    frames = [Frame("camera", i, 0.0, image) for i, image in enumerate(images)]
    fitted.detect(frames[:1])  # compiles
    began = time.process_time()
    found = [fitted.detect([frame])[0] for frame in frames]
    return found, 1000 * (time.process_time() - began) / len(frames)


def sure_rows(found: list[Detections]) -> MotRows:
    """Sure boxes, each with an id of its own."""
    sure = [one.xyxy[one.score >= SURE_SCORE] for one in found]
    frame = np.repeat(np.arange(len(found)), [len(one) for one in sure])
    return MotRows.of(frame, np.arange(len(frame)), np.concatenate(sure), np.ones(len(frame)))


def measure(mosaic: Mosaic, data: Path, count: int, offered: list[Choice], engine: EngineName = "auto") -> list[str]:
    images, fps = pictures(mosaic, data, count)
    size = images[0].shape[1], images[0].shape[0]
    gt, ignore = (truth(mosaic, data / name, size, count) for name in mosaic.truth)
    detector, _ = make_detector(DetectConfig(), "cpu", engine)
    found, cells = {}, []
    for choice in offered:
        found[choice] = look(detector, images, choice)
        s = score_tracking(gt, sure_rows(found[choice][0]), ignore)
        cells.append(f"{100 - 100 * s.fn / s.gt_boxes:.1f} % / {s.fp / count:.1f} | {found[choice][1]:.0f}")
        print(f"{mosaic.label}, {choice}: {cells[-1]}", flush=True)
    last = choices(size, None, None)
    heights = np.concatenate([one.xyxy[one.score >= SURE] for one in found[last[-1]][0][:: max(1, round(fps / 2))]])
    chosen = fit_size(size, heights[:, 3] - heights[:, 1], last)
    print(f"{mosaic.label}: {chosen.said(size)} ({chosen.reason})", flush=True)
    return [f"{mosaic.label}, {count} pictures of {size[0]}x{size[1]}", *cells, f"{chosen.said(size)} |"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True, help="the folder of real material")
    parser.add_argument("--frames", type=int, default=8, help="pictures of each mosaic")
    parser.add_argument("--engine", default="auto", choices=get_args(EngineName), help="what runs the detector")
    parser.add_argument("--page", type=Path, help="docs/results/detection.md, to replace its table")
    args = parser.parse_args()
    offered = [*(Choice(imgsz) for imgsz in SIZES), Choice(640, 4), Choice(1280, 2), Choice(1280, 3)]
    columns = [measure(mosaic, args.shared / "data", args.frames, offered, args.engine) for mosaic in MOSAICS]
    names = [f"{one.imgsz}" + (f", {one.tiles} tiles along" if one.tiles > 1 else "") for one in offered]
    lines = [" | ".join(line) for line in zip(["size", *names, "`auto` takes"], *columns, strict=True)]
    head = [f"| size | {' | ms | '.join(column[0] for column in columns)} | ms |", "| --- " + "| --- | ---: " * 2 + "|"]
    table = "\n".join([*head, *(f"| {line} |" for line in lines[1:])])
    print(table)
    if args.page is not None:
        put(args.page, "tiles", table)


if __name__ == "__main__":
    main()
