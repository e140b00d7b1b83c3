"""Cut the people out of labelled pictures: unlabelled images for `data.unlabelled` of `reidtrack train`.

    python -m tools.cut_people pennfudan-person coco128-person --out people_nobody_named

Each folder holds `images/` and, in YOLO's format, `labels/`: class, centre, width and height as fractions of the
picture, class 0 a person. Who is small, wider than high, or hidden by others for the most part, is left out. Of
recordings, `reidtrack run --crops` makes such pictures.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from reidtrack.datasets.layout import images
from reidtrack.geometry import inside
from reidtrack.image import read_image
from reidtrack.types import FloatArray, ImageArray

LEAST_HEIGHT_PX = 64
"""Half of the network's input: of less there is little to see."""
MOST_COVERED = 0.5
PERSON = 0


def main() -> None:
    """Parse the command line and cut."""
    parser = argparse.ArgumentParser(prog="python -m tools.cut_people", description=__doc__.partition("\n")[0])
    parser.add_argument("folders", type=Path, nargs="+", help="folders with images/ and labels/")
    parser.add_argument("--out", type=Path, required=True, help="folder of the pictures")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for folder in args.folders:
        print(f"{folder}: {cut_folder(folder, args.out)} pictures in {args.out}")


def cut_folder(folder: Path, out: Path) -> int:
    """Write `FOLDER-PICTURE-NUMBER.jpg` of everybody who is seen well; how many.

    Raises:
        InputError: If a picture cannot be read.
    """
    written = 0
    for path in images(folder / "images", deep=True):
        label = folder / "labels" / path.relative_to(folder / "images").with_suffix(".txt")
        if not label.is_file():
            continue
        picture = read_image(path)
        for number, crop in enumerate(cut(picture, read_boxes(label, picture.shape[1], picture.shape[0])), start=1):
            cv2.imwrite(str(out / f"{folder.name}-{path.stem}-{number}.jpg"), crop)
            written += 1
    return written


def read_boxes(label: Path, width: int, height: int) -> FloatArray:
    """Boxes of people (N, 4), xyxy in pixels, of a file in YOLO's format."""
    rows = [[float(word) for word in line.split()[:5]] for line in label.read_text().splitlines() if line.strip()]
    kind, x, y, w, h = np.array(rows, np.float64).reshape(-1, 5).T
    xyxy = np.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], axis=1) * [width, height, width, height]
    return np.asarray(xyxy[kind == PERSON].clip(0, [width, height, width, height]), np.float32)


def cut(picture: ImageArray, xyxy: FloatArray) -> list[ImageArray]:
    """Pictures of the people who are large enough, upright and not hidden by others."""
    covered = inside(xyxy, xyxy)
    np.fill_diagonal(covered, 0)
    width, height = xyxy[:, 2] - xyxy[:, 0], xyxy[:, 3] - xyxy[:, 1]
    seen = (covered.max(axis=1, initial=0) <= MOST_COVERED) & (height >= LEAST_HEIGHT_PX) & (height >= width)
    whole = xyxy[seen].round().astype(int)
    return [picture[top:bottom, left:right] for left, top, right, bottom in whole if right > left]


if __name__ == "__main__":
    main()
