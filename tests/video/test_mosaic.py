from __future__ import annotations

import numpy as np
import pytest

from reidtrack.video.mosaic import MosaicLayout, mosaic


@pytest.mark.parametrize(
    ("count", "size", "grid"),
    [
        pytest.param(1, (1920, 1080), (1, 1), id="one"),
        pytest.param(2, (1920, 1080), (2, 1), id="two wide: side by side"),
        pytest.param(2, (768, 576), (2, 1), id="two 4:3"),
        pytest.param(3, (1920, 1080), (2, 2), id="three"),
        pytest.param(4, (1920, 1080), (2, 2), id="four"),
        pytest.param(4, (1080, 1920), (4, 1), id="four upright"),
        pytest.param(9, (1920, 1080), (3, 3), id="nine"),
        pytest.param(16, (1920, 1080), (4, 4), id="sixteen"),
    ],
)
def test_the_grid_is_near_16_to_9(count: int, size: tuple[int, int], grid: tuple[int, int]) -> None:
    layout = MosaicLayout.of([size] * count)
    width, height = layout.cells[0][2], layout.cells[0][3]
    assert (layout.size[0] // width, layout.size[1] // height) == grid


@pytest.mark.parametrize("count", [1, 2, 3, 5, 16, 23])
def test_pictures_lie_in_their_cells_and_cells_apart(count: int) -> None:
    sizes = [(1920, 1080), (768, 576), (333, 999), (1, 1)]
    layout = MosaicLayout.of([sizes[i % 4] for i in range(count)])
    assert layout.size[0] <= 1920
    assert layout.size[1] <= 1080
    assert layout.size[0] % 2 == layout.size[1] % 2 == 0
    used = np.zeros((layout.size[1], layout.size[0]), int)
    for cell, place in zip(layout.cells, layout.places, strict=True):
        used[cell[1] : cell[3], cell[0] : cell[2]] += 1
        assert cell[0] <= place[0] < place[2] <= cell[2]
        assert cell[1] <= place[1] < place[3] <= cell[3]
    assert used.max() == 1


def test_nothing_is_enlarged() -> None:
    assert MosaicLayout.of([(96, 64), (96, 64)]).size == (192, 64)


def test_pictures_are_tiled_letterboxed_and_black_when_ended() -> None:
    layout = MosaicLayout.of([(96, 64), (64, 64), (96, 64)])
    red, green = np.full((64, 96, 3), (0, 0, 255), np.uint8), np.full((64, 64, 3), (0, 255, 0), np.uint8)
    canvas = mosaic([red, green, None], layout)
    assert canvas.shape == (128, 192, 3)
    assert (canvas[:64, :96] == (0, 0, 255)).all()
    assert (canvas[:64, 112:176] == (0, 255, 0)).all()
    assert not canvas[:64, 96:112].any()
    assert not canvas[64:].any()


def test_the_name_of_an_ended_camera_is_shown() -> None:
    layout = MosaicLayout.of([(320, 180)] * 2)
    canvas = mosaic([None, None], layout, ["Hall", "Gate"])
    assert 100 < canvas.max() < 200
