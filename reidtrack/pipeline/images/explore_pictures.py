"""Pictures of a data set's page: mean pictures of cameras, persons side by side, unusual images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from reidtrack.datasets.explore import people_over_cameras
from reidtrack.datasets.pixels import PixelFigures, mean_picture, quantiles
from reidtrack.datasets.record import JUNK_ID, UNKNOWN_CAMERA, ReidDataset, Sample
from reidtrack.errors import InputError
from reidtrack.image import read_image, resize
from reidtrack.report.dataset.page_data import CameraRow, Picture
from reidtrack.types import ImageArray, IntArray

STRIP_LENGTH = 16
_LARGEST_HW = (128, 64)


def camera_name(dataset: ReidDataset, camera: int) -> str:
    """Name of a camera, or its id."""
    return dataset.camera_names.get(camera, str(camera))


def camera_rows(
    dataset: ReidDataset, cameras: Sequence[int], people: Sequence[Sample], pixels: PixelFigures
) -> list[CameraRow]:
    """Figures and mean picture of each camera."""
    taken = np.array([sample.camera_id for sample in dataset.samples], np.int64)
    opened = np.array([sample.camera_id for sample in pixels.samples], np.int64)
    known = opened != UNKNOWN_CAMERA
    overall = pixels.colour_bgr[known].mean(axis=0) if known.any() else np.zeros(3, np.float32)
    rows = []
    for camera in cameras:
        mine = np.flatnonzero(opened == camera)
        seen = {sample.person_id for sample in people if sample.camera_id == camera}
        colour = pixels.colour_bgr[mine].mean(axis=0) if len(mine) else overall
        blue, green, red = (colour - overall).tolist()
        rows.append(
            CameraRow(
                name=camera_name(dataset, camera),
                images=int((taken == camera).sum()),
                people=len(seen),
                mean_picture=_jpeg(mean_picture(pixels.small[mine])) if len(mine) else b"",
                rgb=(round(float(colour[2])), round(float(colour[1])), round(float(colour[0]))),
                cast=(red, green, blue),
                brightness=quantiles(pixels.brightness[mine]) if len(mine) else np.zeros(5),
                contrast=float(pixels.contrast[mine].mean()) if len(mine) else 0.0,
            )
        )
    return rows


def side_by_side(
    dataset: ReidDataset, people: Sequence[Sample], cameras: Sequence[int], rows: int, generator: np.random.Generator
) -> list[tuple[str, list[Picture | None]]]:
    """Pictures of some persons by each camera; one picture each where no camera is known."""
    columns = list(cameras) or [UNKNOWN_CAMERA]
    return [
        (_person_name(dataset, person), [_picture(dataset, found[c]) if c in found else None for c in columns])
        for person, found in people_over_cameras(people, cameras, rows, generator)
    ]


def strips(dataset: ReidDataset, pixels: PixelFigures, generator: np.random.Generator) -> dict[str, list[Picture]]:
    """Strips of random images of each kind, and of the darkest, brightest and flattest of those that were opened."""
    person = np.array([sample.person_id for sample in pixels.samples], np.int64)
    junk, distractor = person == JUNK_ID, np.isin(person, list(dataset.distractors))
    named = np.flatnonzero(~(junk | distractor))
    groups = {
        "Random": _some(named, generator),
        "Darkest": named[np.argsort(pixels.brightness[named], kind="stable")[:STRIP_LENGTH]],
        "Brightest": named[np.argsort(-pixels.brightness[named], kind="stable")[:STRIP_LENGTH]],
        "Least contrast": named[np.argsort(pixels.contrast[named], kind="stable")[:STRIP_LENGTH]],
        "Junk: neither right nor wrong": _some(np.flatnonzero(junk), generator),
        "Distractors: wrong for every query": _some(np.flatnonzero(distractor), generator),
    }
    if len(np.unique(pixels.size_wh, axis=0)) > 1:
        area = pixels.size_wh.prod(axis=1)
        groups["Smallest"] = named[np.argsort(area[named], kind="stable")[:STRIP_LENGTH]]
    return {
        title: [picture for row in rows.tolist() if (picture := _picture(dataset, pixels.samples[row])) is not None]
        for title, rows in groups.items()
        if len(rows)
    }


def _some(rows: IntArray, generator: np.random.Generator) -> IntArray:
    return np.sort(generator.choice(rows, size=min(STRIP_LENGTH, len(rows)), replace=False)) if len(rows) else rows


def _person_name(dataset: ReidDataset, person: int) -> str:
    return dataset.person_names.get(person, str(person))


def _picture(dataset: ReidDataset, sample: Sample) -> Picture | None:
    """A sample as a small JPEG; None where its file cannot be read."""
    try:
        image = read_image(sample.path)
    except InputError:
        return None
    camera = "" if sample.camera_id == UNKNOWN_CAMERA else f" · {camera_name(dataset, sample.camera_id)}"
    caption = _person_name(dataset, sample.person_id) + camera
    size = f"{image.shape[1]} × {image.shape[0]}"
    return Picture(_jpeg(_fitted(image)), caption, f"{_short_path(sample.path)}, {size}")


def _fitted(image: ImageArray) -> ImageArray:
    """The image, shrunk to at most 128 x 64 with its proportions."""
    scale = min(1.0, _LARGEST_HW[0] / image.shape[0], _LARGEST_HW[1] / image.shape[1])
    size_hw = max(1, round(image.shape[0] * scale)), max(1, round(image.shape[1] * scale))
    return image if scale == 1.0 else resize(image, size_hw)


def _short_path(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _jpeg(image: ImageArray) -> bytes:
    import cv2

    return bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 82])[1].tobytes())
