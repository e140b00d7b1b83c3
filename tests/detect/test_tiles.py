"""Large pictures in tiles: where tiles lie, and that each person is found once and whole."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from reidtrack.detect.families import RTDETR, YOLO
from reidtrack.detect.family import Family
from reidtrack.detect.fit import FittedSize
from reidtrack.detect.network import NetworkDetector
from reidtrack.detect.protocol import DetectorOptions
from reidtrack.detect.tiles import Tile, merge, tiles_of
from reidtrack.types import Detections, Frame, ImageArray, Outputs

SIDE, TILE = 900, 500
"""Two tiles along each side of a square picture, which share what lies between 400 and 500."""


@pytest.mark.parametrize(
    ("size", "count", "tiles"),
    [
        pytest.param((640, 480), 1, [Tile(0, 0, 640, 480)], id="one"),
        pytest.param((1800, 1000), 2, [Tile(0, 0, 1000, 1000), Tile(800, 0, 1800, 1000)], id="side by side"),
        pytest.param((1000, 1800), 2, [Tile(0, 0, 1000, 1000), Tile(0, 800, 1000, 1800)], id="upright"),
        pytest.param(
            (1800, 1001),
            2,
            [Tile(x, y, x + 1000, y + 557) for y in (0, 444) for x in (0, 800)],
            id="higher than a tile: two rows",
        ),
        pytest.param((3, 2), 8, None, id="smaller than its tiles"),
        pytest.param((3841, 2163), 3, None, id="odd"),
    ],
)
def test_tiles_cover_the_picture_and_overlap(size: tuple[int, int], count: int, tiles: list[Tile] | None) -> None:
    found = tiles_of(size, count)
    assert tiles is None or found == tiles
    assert len({one.size for one in found}) == 1
    seen = np.zeros(size[::-1], np.int64)
    for one in found:
        assert 0 <= one.left < one.right <= size[0] and 0 <= one.top < one.bottom <= size[1]
        seen[one.top : one.bottom, one.left : one.right] += 1
    assert seen.all()
    columns = sorted({(one.left, one.right) for one in found})
    overlaps = [a[1] - b[0] for a, b in itertools.pairwise(columns)]
    assert size[0] < 10 or all(overlap >= 0.19 * found[0].size[0] for overlap in overlaps)


class Colours:
    """A network that finds people of one colour each, if they are `least` to `most` pixels high in the input."""

    def __init__(self, least: float = 8, most: float = np.inf, family: Family = YOLO) -> None:
        self.least, self.most, self.family = least, most, family
        self.batches = list[tuple[int, ...]]()

    def __call__(self, batch: ImageArray) -> Outputs:
        self.batches.append(batch.shape)
        return (np.stack([self._found(image[..., 0]) for image in batch]),)

    def _found(self, blue: ImageArray) -> np.ndarray[Any, Any]:
        rows = []
        for colour in range(60, 240, 40):
            here = (blue >= colour - 4) & (blue <= colour + 4)
            (top, bottom), (left, right) = (_extent(here.sum(axis=1 - axis)) for axis in (0, 1))
            if self.least <= bottom - top <= self.most and right - left >= 8:
                rows.append(((left + right) / 2, (top + bottom) / 2, right - left, bottom - top, 0.9))
        out = np.zeros((5, 300), np.float32)
        out[:, : len(rows)] = np.array(rows).reshape(-1, 5).T
        if self.family is YOLO:
            return out
        height, width = blue.shape
        out[:4] /= np.array([[width], [height], [width], [height]])
        return out.T


def _extent(counts: np.ndarray[Any, Any]) -> tuple[int, int]:
    """The longest row of lines with at least half of what the fullest has: edges are blurred, and of other colours."""
    lines = np.flatnonzero((counts >= 0.5 * counts.max()) & (counts > 4))
    runs = np.split(lines, np.flatnonzero(np.diff(lines) > 1) + 1)
    longest = max(runs, key=len)
    return (int(longest[0]), int(longest[-1]) + 1) if len(longest) else (0, 0)


def painted(people: Sequence[tuple[int, int, int, int]], camera: str = "a") -> Frame:
    image = np.zeros((SIDE, SIDE, 3), np.uint8)
    for number, (left, top, right, bottom) in enumerate(people):
        image[top:bottom, left:right] = 60 + 40 * number
    return Frame(camera, 0, 0.0, image)


def detector(network: Colours, tiles: int) -> NetworkDetector:
    options = DetectorOptions(imgsz=TILE, tiles=tiles)
    shape = (-1, 3, -1, -1) if network.family is YOLO else (-1, 3, TILE, TILE)
    return NetworkDetector(network, network.family, options, stride=4, input_shape=shape)


PEOPLE = {
    "in one tile": [(50, 50, 80, 125)],
    "in two": [(425, 50, 455, 125)],
    "in all four": [(425, 410, 455, 485)],
    "cut, whole in the other": [(475, 50, 525, 150)],
    "along a border": [(495, 50, 545, 150)],
    "wider than what both see": [(350, 50, 550, 300)],
    "higher": [(50, 300, 150, 600)],
    "over the corner of all": [(325, 300, 600, 625)],
    "larger than a tile": [(100, 25, 450, 875)],
    "at the picture's own borders": [(0, 0, 40, 100), (860, 800, 900, 900)],
    "several": [(350, 50, 550, 300), (50, 50, 80, 125), (425, 700, 455, 775), (750, 350, 800, 600)],
    "nobody": [],
}


@pytest.mark.parametrize("family", [YOLO, RTDETR], ids=lambda family: family.name)
@pytest.mark.parametrize("people", PEOPLE.values(), ids=PEOPLE)
def test_each_person_is_found_once_and_whole(people: list[tuple[int, int, int, int]], family: Family) -> None:
    (found,) = detector(Colours(family=family), 2).detect([painted(people)])
    assert len(found) == len(people)
    for box in np.array(people, np.float32).reshape(-1, 4):
        assert np.abs(found.xyxy - box).max(axis=1, initial=0).min() <= 3


@pytest.mark.parametrize(
    ("least", "most", "untiled", "tiled"),
    [
        pytest.param(8, np.inf, 2, 2, id="finds everybody"),
        pytest.param(50, np.inf, 1, 2, id="only who is large in its input"),
        pytest.param(8, 200, 2, 2, id="only who is small in it, as large ones are in the whole"),
        pytest.param(175, np.inf, 0, 1, id="only who is whole in no tile"),
    ],
)
def test_who_is_too_small_for_the_whole_picture_is_found_in_a_tile(
    least: float, most: float, untiled: int, tiled: int
) -> None:
    frame = painted([(350, 50, 550, 350), (50, 50, 80, 125)])
    found = [detector(Colours(least, most), tiles).detect([frame])[0] for tiles in (1, 2)]
    assert [len(one) for one in found] == [untiled, tiled]


def test_tiles_of_all_frames_share_batches() -> None:
    network = Colours()
    frames = [painted([(50 * n, 50, 50 * n + 30, 125)], f"camera{n}") for n in range(5)]
    found = detector(network, 2).detect(frames)
    assert network.batches == [(16, TILE, TILE, 3), (4, TILE, TILE, 3), (5, TILE, TILE, 3)]
    assert [float(one.xyxy[0, 0]) for one in found] == pytest.approx([0, 50, 100, 150, 200], abs=2)


def test_one_tile_is_the_picture_and_cameras_have_their_own_number() -> None:
    frames = [painted(PEOPLE["several"], camera) for camera in "ab"]
    network = Colours()
    plain = detector(network, 1)
    tiled = plain.with_sizes({"b": FittedSize(TILE, "", 2)})
    assert len(network.batches) == 0
    a, b = tiled.detect(frames)
    assert sorted(batch[0] for batch in network.batches) == [1, 1, 4]
    np.testing.assert_array_equal(a.xyxy, plain.detect(frames[:1])[0].xyxy)
    np.testing.assert_array_equal(b.xyxy, detector(Colours(), 2).detect(frames[1:])[0].xyxy)


def test_the_surest_are_kept() -> None:
    options = DetectorOptions(imgsz=TILE, tiles=2, max_det=3)
    found = NetworkDetector(Colours(), YOLO, options, stride=4).detect([painted(PEOPLE["several"])])
    assert len(found[0]) == 3


LEFT, RIGHT = Tile(0, 0, 1000, 1000), Tile(800, 0, 1800, 1000)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        pytest.param([], [], [], id="nobody"),
        pytest.param([(850, 0, 900, 99, 0.5)], [(852, 0, 904, 99, 0.8)], [(852, 0, 904, 99, 0.8)], id="twice"),
        pytest.param(
            [(850, 0, 900, 99, 0.9), (865, 0, 915, 99, 0.8)],
            [(851, 0, 901, 99, 0.7), (866, 0, 916, 99, 0.6)],
            [(850, 0, 900, 99, 0.9), (865, 0, 915, 99, 0.8)],
            id="two close to each other, both twice",
        ),
        pytest.param(
            [(850, 0, 900, 99, 0.9)],
            [(851, 0, 901, 99, 0.7), (866, 0, 916, 99, 0.6)],
            [(850, 0, 900, 99, 0.9), (866, 0, 916, 99, 0.6)],
            id="two close, one missed on the left",
        ),
        pytest.param(
            [(950, 0, 1000, 99, 0.9)], [(950, 0, 1050, 99, 0.3)], [(950, 0, 1050, 99, 0.3)], id="a part is surer"
        ),
        pytest.param(
            [(600, 0, 1000, 500, 0.4)], [(800, 9, 1200, 500, 0.7)], [(600, 0, 1200, 500, 0.7)], id="two parts"
        ),
        pytest.param([(600, 0, 1000, 500, 0.4)], [], [(600, 0, 1000, 500, 0.4)], id="one part, the other not found"),
        pytest.param(
            [(600, 0, 1000, 200, 0.4)],
            [(800, 600, 1200, 900, 0.7)],
            [(800, 600, 1200, 900, 0.7), (600, 0, 1000, 200, 0.4)],
            id="parts of two people at different heights",
        ),
        pytest.param(
            [(600, 0, 1000, 500, 0.4), (900, 0, 1000, 500, 0.6)],
            [(800, 0, 1200, 500, 0.7), (900, 0, 1100, 500, 0.8)],
            [(900, 0, 1100, 500, 0.8), (600, 0, 1200, 500, 0.7)],
            id="parts beside somebody whole",
        ),
        pytest.param(
            [(700, 0, 900, 900, 0.9), (810, 500, 890, 850, 0.8)],
            [(810, 500, 890, 850, 0.85)],
            [(700, 0, 900, 900, 0.9), (810, 500, 890, 850, 0.85)],
            id="a child in front of somebody",
        ),
    ],
)
def test_what_is_made_of_two_tiles(
    left: list[tuple[float, ...]], right: list[tuple[float, ...]], expected: list[tuple[float, ...]]
) -> None:
    found = [np.array(rows, np.float32).reshape(-1, 5) for rows in (left, right)]
    merged = merge([Detections(rows[:, :4], rows[:, 4]) for rows in found], [LEFT, RIGHT], (1800, 1000), 6)
    np.testing.assert_allclose(
        np.column_stack([merged.xyxy, merged.score]), np.array(expected).reshape(-1, 5), atol=1e-4
    )
