from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reidtrack.types import ImageArray
from reidtrack.video.draw import Annotator, Style, clock_text, place_label
from reidtrack.video.palette import UNDECIDED, Colour, colour_of, ink_on
from reidtrack.video.text import blend, can_write, render

SIZES = [(640, 360), (768, 576), (1920, 1080), (1080, 1920), (3840, 2160)]


def draw(image: ImageArray, boxes: list[list[float]], ids: list[int], **options: float) -> ImageArray:
    annotator = Annotator(image.shape[1], image.shape[0], "cam", **options)
    xyxy = np.array(boxes, np.float32).reshape(-1, 4)
    return annotator.draw(image, 1.0, xyxy, np.array(ids, np.int64))


def blank(width: int = 640, height: int = 360) -> ImageArray:
    return np.zeros((height, width, 3), np.uint8)


def has(image: ImageArray, colour: Colour) -> bool:
    return bool((image == colour).all(axis=2).any())


def contrast(a: Colour, b: Colour) -> float:
    light, dark = sorted(
        sum(w * (v / 255) ** 2.2 for w, v in zip((0.0722, 0.7152, 0.2126), c, strict=True)) for c in (a, b)
    )[::-1]
    return (light + 0.05) / (dark + 0.05)


def test_the_first_colours_are_far_apart() -> None:
    bgr = np.array([[colour_of(i) for i in range(1, 25)]], np.float32) / 255
    lab = cv2.cvtColor(bgr, cv2.COLOR_BGR2Lab)[0]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(lab, 2)) > 25


def test_a_colour_belongs_to_the_identity_alone() -> None:
    assert colour_of(7) == colour_of(7) != colour_of(8)
    assert len({colour_of(i) for i in range(1, 41)}) == 40
    assert colour_of(-1) == colour_of(0) == UNDECIDED


@pytest.mark.parametrize("identity", [-1, *range(1, 41)])
def test_letters_stand_out_from_their_label(identity: int) -> None:
    colour = colour_of(identity)
    assert contrast(ink_on(colour), colour) >= 4.5


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_boxes_and_labels_have_the_colour_of_their_identity(width: int, height: int) -> None:
    image = blank(width, height)
    picture = draw(image, [[0.3 * width, 0.4 * height, 0.4 * width, 0.8 * height]], [5])
    assert not image.any()
    assert tuple(picture[round(0.6 * height), round(0.3 * width)]) == colour_of(5)
    assert has(picture[: round(0.39 * height)], colour_of(5))


def test_without_people_only_the_caption_is_drawn() -> None:
    picture = draw(np.full((360, 640, 3), 128, np.uint8), [], [])
    rows, columns = np.nonzero((picture != 128).any(axis=2))
    assert rows.max() < 40
    assert columns.max() < 200
    assert len(rows) > 500


@pytest.mark.parametrize("background", [0, 128, 255])
def test_the_caption_is_readable_on_every_background(background: int) -> None:
    picture = draw(np.full((360, 640, 3), background, np.uint8), [], [])
    plate = picture[8:28, 8:90]
    assert contrast(tuple(plate.reshape(-1, 3).max(0)), tuple(np.median(plate.reshape(-1, 3), 0))) > 4.5


def test_boxes_beyond_the_picture_are_cut() -> None:
    picture = draw(blank(), [[-50, -50, 20, 100], [600, 300, 900, 700], [-99, -99, -9, -9]], [1, 2, 3])
    assert picture.shape == (360, 640, 3)
    assert has(picture, colour_of(2))


def test_an_undecided_person_is_grey_and_leaves_no_trail() -> None:
    annotator = Annotator(640, 360, "cam")
    for step in range(5):
        box = np.array([[100 + 20 * step, 100, 140 + 20 * step, 200]], np.float32)
        picture = annotator.draw(blank(), step / 10, box, np.array([-1]))
    assert has(picture, UNDECIDED)
    assert not picture[190:210, 100:175].any()


def walk(annotator: Annotator, places: list[tuple[float, float]]) -> ImageArray:
    for time_s, x in places:
        picture = annotator.draw(blank(), time_s, np.array([[x, 100, x + 20, 200]], np.float32), np.array([1]))
    return picture


def trail_brightness(picture: ImageArray, x: int) -> int:
    return int(picture[197:204, x - 1 : x + 2].max())


def test_a_trail_follows_the_feet_and_fades() -> None:
    picture = walk(Annotator(640, 360, "cam"), [(i / 10, 100 + 20 * i) for i in range(11)])
    bright = [trail_brightness(picture, x) for x in (140, 200, 260)]
    assert 0 < bright[0] < bright[1] < bright[2]


def test_a_trail_is_one_second_long() -> None:
    picture = walk(Annotator(640, 360, "cam"), [(i / 10, 100 + 10 * i) for i in range(31)])
    assert trail_brightness(picture, 250) == 0
    assert trail_brightness(picture, 350) > 0


@pytest.mark.parametrize(
    "places",
    [
        pytest.param([(0.0, 50), (0.1, 60), (0.2, 400)], id="a jump is another visit"),
        pytest.param([(0.0, 50), (5.0, 180)], id="a long absence"),
    ],
)
def test_no_trail_is_drawn_across(places: list[tuple[float, float]]) -> None:
    assert trail_brightness(walk(Annotator(640, 360, "cam"), places), 130) == 0


def test_trails_can_be_left_out() -> None:
    picture = walk(Annotator(640, 360, "cam", trail_s=0), [(i / 10, 100 + 20 * i) for i in range(11)])
    assert trail_brightness(picture, 200) == 0


@given(
    box=st.tuples(*[st.floats(-500, 1500)] * 4),
    label=st.tuples(st.integers(1, 200), st.integers(1, 60)),
    size=st.tuples(st.integers(200, 4000), st.integers(60, 4000)),
)
def test_labels_lie_inside_the_picture(box: tuple[float, ...], label: tuple[int, int], size: tuple[int, int]) -> None:
    left, top, right, bottom = place_label(np.array(box), label, size, [])
    assert 0 <= left < right <= size[0]
    assert 0 <= top < bottom <= size[1]
    assert (right - left, bottom - top) == label


def test_a_label_makes_way_for_one_that_is_there() -> None:
    box = np.array([100.0, 100.0, 180.0, 250.0])
    first = place_label(box, (40, 16), (640, 360), [])
    second = place_label(box, (40, 16), (640, 360), [first])
    assert first[3] <= 100
    assert second[0] >= first[2] or second[1] >= first[3] or second[3] <= first[1]


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_sizes_grow_with_the_picture(width: int, height: int) -> None:
    style, small = Style.of(width, height), Style.of(320, 240)
    assert style.text >= small.text == 12
    assert style.line >= small.line == 1


@pytest.mark.parametrize(
    ("time_s", "text"),
    [
        (0.0, "0:00:00.0"),
        (59.96, "0:01:00.0"),
        (61.25, "0:01:01.2"),
        (3599.99, "1:00:00.0"),
        (90061.0, "25:01:01.0"),
        (-1.5, "-0:00:01.5"),
    ],
)
def test_clock_text(time_s: float, text: str) -> None:
    assert clock_text(time_s) == text


def test_letters_have_the_height_asked_for() -> None:
    mask = render("ID 7", 40)
    assert mask.shape[0] == 40
    rows = np.nonzero(mask.max(1) > 128)[0]
    assert rows[0] == pytest.approx(39 - rows[-1], abs=3)
    assert 20 <= len(rows) <= 32


@pytest.mark.parametrize("text", ["", " ", "Ünïcödé", "摄像头"])
def test_every_text_can_be_rendered(text: str) -> None:
    assert render(text, 20).shape[0] == 20


@pytest.mark.parametrize(("left", "top"), [(-3, 0), (0, -3), (8, 8), (50, 50), (-50, 0)])
def test_blending_beyond_the_edge_is_cut(left: int, top: int) -> None:
    image = np.zeros((10, 10, 3), np.uint8)
    blend(image, np.full((5, 5), 255, np.uint8), left, top, (1, 2, 3))
    expected = max(0, min(left + 5, 10) - max(left, 0)) * max(0, min(top + 5, 10) - max(top, 0))
    assert (image == (1, 2, 3)).all(axis=2).sum() == expected


def test_a_name_stands_where_the_number_would() -> None:
    pictures = []
    for names in ({}, {3: "Anna"}, {4: "Anna"}):
        annotator = Annotator(640, 360, "cam", names=names)
        box, number = np.array([[100, 100, 160, 260]], np.float32), np.array([3], np.int64)
        pictures.append(annotator.draw(blank(), 1.0, box, number))
    numbered, named, another = pictures
    assert np.array_equal(numbered, another)
    ink = render("Anna", Style.of(640, 360).text)
    label = (named == colour_of(3)).all(axis=2)[:100].sum() + (ink > 0).sum()
    assert not np.array_equal(numbered, named)
    assert label > (ink.shape[0] * ink.shape[1])


@pytest.mark.parametrize(
    ("text", "written"),
    [
        pytest.param("Anna", True, id="plain"),
        pytest.param("Zoë Müller", True, id="accents"),
        pytest.param("Аня", True, id="Cyrillic"),
        pytest.param("\ue000", False, id="a letter of no alphabet"),
    ],
)
def test_which_names_can_be_written(text: str, written: bool) -> None:
    assert can_write(text) is written
    assert render(text, 20).any() or not written
