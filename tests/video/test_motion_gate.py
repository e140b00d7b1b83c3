"""What opens the motion gate, and what it learns to take for nobody."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from reidtrack.types import FloatArray, ImageArray
from reidtrack.video.motion_gate import MotionGate

SIZE = (320, 240)
FPS = 10
NOBODY: FloatArray = np.zeros((0, 4), np.float32)
Scene = Callable[[int, np.random.Generator], ImageArray]


def background(level: float = 110.0, contrast: float = 50.0) -> FloatArray:
    """Something with edges, slopes and flat parts, (H, W) float32."""
    rng = np.random.default_rng(4)
    coarse = rng.normal(level, contrast, (12, 16)).astype(np.float32)
    picture: FloatArray = cv2.resize(coarse, SIZE, interpolation=cv2.INTER_CUBIC)
    return picture


BACKGROUND, NIGHT = background(), background(30, 10)
NOISE = [np.random.default_rng(seed).normal(0, 1, SIZE[::-1]).astype(np.float32) for seed in range(8)]


def coloured(grey: FloatArray) -> ImageArray:
    picture: ImageArray = np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
    return picture


def with_person(grey: FloatArray, left: float, height: int = 45, contrast: float = 40.0) -> FloatArray:
    changed = grey.copy()
    x = round(left)
    changed[100 : 100 + height, max(x, 0) : max(x + height // 3, 0)] += contrast
    return changed


def noisy(grey: FloatArray, rng: np.random.Generator, sigma: float) -> FloatArray:
    field, shift = NOISE[rng.integers(len(NOISE))], (rng.integers(SIZE[1]), rng.integers(SIZE[0]))
    return grey + sigma * np.roll(field, shift, axis=(0, 1))


def rain(grey: FloatArray, rng: np.random.Generator) -> FloatArray:
    wet = grey.copy()
    for x, y in rng.integers(0, SIZE, (60, 2)).tolist():
        wet[y : y + 15, x : x + 1] += 50
    return noisy(wet, rng, 2)


def pulsing(index: int, rng: np.random.Generator) -> ImageArray:
    """Once in two seconds another quantisation of all that is there, which then fades."""
    since = index % (2 * FPS)
    grain = np.random.default_rng(index // (2 * FPS)).normal(0, 4, (60, 80)).astype(np.float32)
    grown: FloatArray = cv2.resize(grain, SIZE, interpolation=cv2.INTER_NEAREST)
    return coloured(noisy(BACKGROUND + grown * max(0.0, 1 - since / 8), rng, 1))


def flag(index: int, rng: np.random.Generator) -> ImageArray:
    waving = BACKGROUND.copy()
    waving[25:60, 200:280] += 40 * np.sin(index * 1.3 + np.arange(80) / 9).astype(np.float32)
    return coloured(noisy(waving, rng, 1))


EMPTY: dict[str, Scene] = {
    "a clean picture": lambda i, rng: coloured(BACKGROUND),
    "one colour": lambda i, rng: coloured(np.full(SIZE[::-1], 7, np.float32)),
    "usual noise": lambda i, rng: coloured(noisy(BACKGROUND, rng, 3)),
    "night noise": lambda i, rng: coloured(noisy(NIGHT, rng, 14)),
    "rain": lambda i, rng: coloured(rain(BACKGROUND, rng)),
    "flicker of all light": lambda i, rng: coloured(noisy(BACKGROUND * (1 + 0.12 * np.sin(i * 2.1)), rng, 2)),
    "exposure that hunts": lambda i, rng: coloured(noisy(BACKGROUND * 0.8 + 14 * np.sin(i / 3), rng, 2)),
    "dusk": lambda i, rng: coloured(noisy(BACKGROUND * (1 - i / 900), rng, 2)),
    "key frames": pulsing,
    "a flag": flag,
}


def opened(gate: MotionGate, scene: Scene, first: int, count: int, *, looks: bool = True) -> list[bool]:
    """Whether each frame moves; where it does, a detector looks and finds nobody."""
    said = []
    for index in range(first, first + count):
        moves = gate.moves(scene(index, np.random.default_rng(index)), index, index / FPS)
        if looks and (moves or index % (2 * FPS) == 0):
            gate.looked(index, NOBODY, SIZE)
        said.append(moves)
    return said


@pytest.mark.parametrize("name", EMPTY)
def test_an_empty_scene_closes_it(name: str) -> None:
    """After half a minute of learning at most, it opens in one frame of ten at most."""
    said = opened(MotionGate(), EMPTY[name], 0, 40 * FPS)
    assert said[0], "the first picture has nothing to be compared with"
    late = said[25 * FPS :]
    assert sum(late) <= len(late) / 10, f"open in {sum(late)} of {len(late)} frames"


@pytest.mark.parametrize("name", EMPTY)
def test_somebody_who_walks_in_opens_it(name: str) -> None:
    """Within half a second, whatever it has learnt."""
    gate, scene = MotionGate(), EMPTY[name]
    opened(gate, scene, 0, 30 * FPS)

    def visited(index: int, rng: np.random.Generator) -> ImageArray:
        empty = scene(index, rng)[..., 0].astype(np.float32)
        return coloured(with_person(empty, 3.0 * (index - 30 * FPS)))

    said = opened(gate, visited, 30 * FPS, 20, looks=False)
    assert any(said[:6]), "within half a second of stepping into the picture"
    assert sum(said) >= 15


@pytest.mark.parametrize(
    ("height", "contrast", "moves"),
    [
        pytest.param(60, 40.0, True, id="near"),
        pytest.param(10, 40.0, True, id="far, as small as the detector finds"),
        pytest.param(30, 12.0, True, id="little contrast"),
        pytest.param(45, 0.0, False, id="nobody"),
    ],
)
def test_who_is_seen(height: int, contrast: float, moves: bool) -> None:
    gate = MotionGate()
    opened(gate, EMPTY["usual noise"], 0, 5 * FPS)

    def walks(index: int, rng: np.random.Generator) -> ImageArray:
        return coloured(noisy(with_person(BACKGROUND, 100 + 2.0 * (index - 50), height, contrast), rng, 3))

    said = opened(gate, walks, 5 * FPS, FPS, looks=False)
    assert (sum(said) >= 8) == moves
    assert any(said) == moves


def test_people_are_not_learnt() -> None:
    """Who walks to and fro for a minute opens it until the end."""
    gate = MotionGate()
    said = []
    for index in range(60 * FPS):
        left = 100 + 40 * np.sin(index / 7)
        picture = coloured(noisy(with_person(BACKGROUND, left), np.random.default_rng(index), 2))
        said.append(gate.moves(picture, index, index / FPS))
        gate.looked(index, np.array([[left, 100, left + 15, 145]], np.float32), SIZE)
    assert np.mean(said[-100:]) > 0.9


def test_a_light_that_is_switched_on_is_not_held_against_people() -> None:
    """Whoever comes in a few seconds after it is seen, and half a minute later the gate is closed."""
    gate = MotionGate()
    lit = BACKGROUND.copy()
    lit[:, 150:] += 60  # half of the picture: no gain and offset explain it
    opened(gate, EMPTY["usual noise"], 0, 5 * FPS)
    said = opened(gate, lambda i, rng: coloured(noisy(lit, rng, 2)), 5 * FPS, 5 * FPS)
    assert any(said[:3])

    def visited(index: int, rng: np.random.Generator) -> ImageArray:
        return coloured(noisy(with_person(lit, 200 + 3.0 * (index - 10 * FPS)), rng, 2))

    assert sum(opened(gate, visited, 10 * FPS, FPS, looks=False)) >= 8
    assert not any(opened(gate, lambda i, rng: coloured(noisy(lit, rng, 2)), 11 * FPS, 30 * FPS)[-50:])


def test_a_camera_that_sways_stays_open() -> None:
    """Where everything changes all the time people cannot be told from it."""

    def sways(index: int, rng: np.random.Generator) -> ImageArray:
        return coloured(np.roll(background(110, 90), round(5 * np.sin(index * 0.9)), axis=1))

    assert all(opened(MotionGate(), sways, 0, 30 * FPS)[-50:])


@pytest.mark.parametrize(
    ("size", "time_s"),
    [
        pytest.param((240, 180), 3.1, id="another size"),
        pytest.param(SIZE, 60.0, id="after a pause"),
        pytest.param(SIZE, 1.0, id="a clock that was set back"),
    ],
)
def test_it_begins_anew(size: tuple[int, int], time_s: float) -> None:
    gate = MotionGate()
    assert not opened(gate, EMPTY["a clean picture"], 0, 3 * FPS)[-1]
    picture = np.full((size[1], size[0], 3), 90, np.uint8)
    assert gate.moves(picture, 30, time_s)


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (640, 8), (1921, 1081)])
def test_pictures_of_any_size(size: tuple[int, int]) -> None:
    gate = MotionGate()
    for index in range(20):
        gate.moves(np.full((size[1], size[0], 3), 100, np.uint8), index, index / FPS)
        gate.looked(index, np.array([[-5, -5, 700, 700], [0, 0, 0, 0]], np.float32), size)
    assert not gate.moves(np.full((size[1], size[0], 3), 100, np.uint8), 20, 20 / FPS)
