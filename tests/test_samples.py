"""The shipped sample scene: its ground truth agrees with its videos, its calibration and with itself."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
import yaml

from reidtrack.geometry import area, inside
from reidtrack.mot import read_mot

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
CAMERAS = ("entrance", "plaza", "alley")
WIDTH, HEIGHT, FPS, FRAMES = 640, 360, 12, 168
PEOPLE = set(range(1, 11))


def table(path: Path) -> np.ndarray:
    """All nine columns of a ground-truth file: frame, id, left, top, width, height, flag, class, visibility."""
    return np.loadtxt(path, delimiter=",").reshape(-1, 9)


def plan() -> np.ndarray:
    """frame, time_s, id, x_m, y_m."""
    return np.loadtxt(SAMPLES / "plan.csv", delimiter=",", skiprows=1)


@pytest.fixture(scope="module")
def calibration() -> dict[str, dict[str, np.ndarray]]:
    content = yaml.safe_load((SAMPLES / "calibration.yaml").read_text())
    return {camera: {key: np.array(value) for key, value in entry.items()} for camera, entry in content.items()}


@pytest.mark.parametrize("camera", CAMERAS)
def test_video_is_what_the_readme_says(camera: str) -> None:
    path = SAMPLES / f"{camera}.mp4"
    assert path.stat().st_size < 1_000_000
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (WIDTH, HEIGHT)
        assert stream.codec_context.name == "h264"
        times = [float(frame.time or 0) for frame in container.decode(stream)]
    np.testing.assert_allclose(times, np.arange(FRAMES) / FPS, atol=1e-3)


@pytest.mark.parametrize("camera", CAMERAS)
def test_boxes_lie_in_the_picture_and_frames_in_the_video(camera: str) -> None:
    rows = read_mot(SAMPLES / "gt" / f"{camera}.txt")
    assert 0 <= rows.frame[0] <= rows.frame[-1] < FRAMES
    assert rows.xyxy.min() >= 0
    assert (rows.xyxy <= np.array([WIDTH, HEIGHT, WIDTH, HEIGHT]) + 0.02).all()  # left and width are rounded apart
    assert (area(rows.xyxy) > 0).all()


@pytest.mark.parametrize("camera", CAMERAS)
def test_nobody_stands_twice_in_a_frame(camera: str) -> None:
    rows = read_mot(SAMPLES / "gt" / f"{camera}.txt")
    pairs = np.stack([rows.frame, rows.id], axis=1)
    assert len(np.unique(pairs, axis=0)) == len(pairs)


@pytest.mark.parametrize("camera", CAMERAS)
def test_flag_says_whether_enough_is_visible_and_the_rest_is_ignored(camera: str) -> None:
    rows = table(SAMPLES / "gt" / f"{camera}.txt")
    flag, visibility = rows[:, 6], rows[:, 8]
    assert set(rows[:, 7]) == {1}
    assert ((visibility > 0) | (flag == 0)).all()
    assert visibility[flag == 1].min() >= 0.4
    assert visibility[flag == 0].max() < 0.4
    np.testing.assert_array_equal(table(SAMPLES / "gt" / f"ignore_{camera}.txt"), rows[flag == 0])


def test_story_of_the_scene() -> None:
    seen = {camera: table(SAMPLES / "gt" / f"{camera}.txt") for camera in CAMERAS}
    seen = {camera: rows[rows[:, 6] == 1] for camera, rows in seen.items()}
    people = {camera: set(rows[:, 1].astype(int)) for camera, rows in seen.items()}
    assert set.union(*people.values()) == PEOPLE
    assert len(people["entrance"] & people["plaza"]) >= 7
    assert len(people["alley"] & (people["entrance"] | people["plaza"])) == 5
    shared_frames = {(f, i) for f, i in seen["entrance"][:, :2]} & {(f, i) for f, i in seen["plaza"][:, :2]}
    assert len(shared_frames) > 100  # these two overlap
    elsewhere = np.concatenate([seen["entrance"], seen["plaza"]])
    assert not {(f, i) for f, i in seen["alley"][:, :2]} & {(f, i) for f, i in elsewhere[:, :2]}
    absences = [np.diff(np.unique(seen["entrance"][seen["entrance"][:, 1] == i, 0])).max(initial=0) for i in PEOPLE]
    assert max(absences) > 2 * FPS  # somebody leaves and returns


@pytest.mark.parametrize("camera", CAMERAS)
def test_people_hide_each_other_somewhere(camera: str) -> None:
    rows = table(SAMPLES / "gt" / f"{camera}.txt")
    assert (rows[:, 8] < 0.8).sum() > 10


def test_plan_has_everybody_in_every_frame() -> None:
    rows = plan()
    assert len(rows) == FRAMES * len(PEOPLE)
    np.testing.assert_allclose(rows[:, 1], (rows[:, 0] - 1) / FPS, atol=1e-3)
    places = rows[:, 3:].reshape(FRAMES, len(PEOPLE), 2)
    apart = np.linalg.norm(places[:, :, None] - places[:, None], axis=-1) + 9 * np.eye(len(PEOPLE))
    assert apart.min() > 0.6  # nobody walks through anybody
    assert np.linalg.norm(np.diff(places, axis=0), axis=-1).max() * FPS < 3.5  # metres a second


@pytest.mark.parametrize("camera", CAMERAS)
def test_homography_takes_foot_points_to_the_plan(camera: str, calibration: dict[str, dict[str, np.ndarray]]) -> None:
    entry = calibration[camera]
    assert entry["image_size"].tolist() == [WIDTH, HEIGHT]
    np.testing.assert_allclose(entry["R"] @ entry["R"].T, np.eye(3), atol=1e-9)
    world = np.column_stack([plan()[:, 3:], np.zeros(len(plan()))])
    foot = (entry["R"] @ world.T).T + entry["t"]
    before = foot[:, 2] > 1
    pixel = foot[before] @ entry["K"].T
    on_plan = np.column_stack([pixel[:, :2] / pixel[:, 2:], np.ones(len(pixel))]) @ entry["image_to_plan"].T
    np.testing.assert_allclose(on_plan[:, :2] / on_plan[:, 2:], world[before, :2], atol=0.01)


@pytest.mark.parametrize("camera", CAMERAS)
def test_boxes_stand_where_the_plan_says(camera: str, calibration: dict[str, dict[str, np.ndarray]]) -> None:
    rows = table(SAMPLES / "gt" / f"{camera}.txt")
    whole = (
        inside(read_mot(SAMPLES / "gt" / f"{camera}.txt").xyxy, np.array([[1.0, 1, WIDTH - 1, HEIGHT - 1]]))[:, 0] == 1
    )
    rows = rows[whole]
    foot = np.column_stack([rows[:, 2] + rows[:, 4] / 2, rows[:, 3] + rows[:, 5], np.ones(len(rows))])
    on_plan = foot @ calibration[camera]["image_to_plan"].T
    places = {(frame, person): place for frame, _, person, *place in plan().tolist()}
    true = np.array([places[frame, person] for frame, person in rows[:, :2]])
    error = np.linalg.norm(on_plan[:, :2] / on_plan[:, 2:] - true, axis=1)
    assert np.median(error) < 0.45  # the foremost toe, half a step before the hips
    assert error.max() < 1.5
