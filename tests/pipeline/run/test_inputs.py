"""`reidtrack run` on recordings of every kind: parts, rates, sizes, lengths, folders of images, one camera, sixteen."""

from __future__ import annotations

import itertools
from pathlib import Path

import av
import numpy as np
import pytest
from builders import even_times
from outputs import check_agreement, read_json, read_lines
from scene import Scene, Shot, build_scene

from reidtrack.cli.main import main
from reidtrack.types import ImageArray


def frames_of(folder: Path, camera: str) -> list[tuple[int, float]]:
    """Number and time of each frame that was read."""
    lines = read_lines(folder / "detections.jsonl")
    return [(line["frame"], line["time_s"]) for line in lines if line["camera"] == camera]


def people_of(folder: Path) -> tuple[int, int]:
    """How many people there are, and how many of them were seen by several cameras."""
    record = read_json(folder / "run.json")
    return record["people"], record["people_in_several_cameras"]


@pytest.mark.parametrize(
    ("words", "numbers", "first_s"),
    [
        pytest.param([], {"left": range(40), "right": range(40)}, {"left": 0.0, "right": 0.0}, id="all"),
        pytest.param(
            ["--offsets", "0", "1.25"], {"left": range(40), "right": range(40)}, {"left": 0.0, "right": 1.25}, id="late"
        ),
        pytest.param(
            ["--offsets", "-0.5", "100"],
            {"left": range(40), "right": range(40)},
            {"left": -0.5, "right": 100.0},
            id="before the origin and long after",
        ),
        pytest.param(
            ["--start", "1", "--end", "3"],
            {"left": range(10, 30), "right": range(10, 30)},
            {"left": 1.0, "right": 1.0},
            id="part",
        ),
        pytest.param(
            ["--stride", "2"], {"left": range(0, 40, 2), "right": range(0, 40, 2)}, {"left": 0, "right": 0}, id="stride"
        ),
        pytest.param(
            ["--start", "1", "--end", "3.05", "--stride", "3", "--offsets", "0", "0.1"],
            {"left": range(12, 31, 3), "right": range(12, 31, 3)},
            {"left": 1.2, "right": 1.3},
            id="all together",
        ),
    ],
)
def test_parts_and_clocks(
    scene: Scene, tmp_path: Path, words: list[str], numbers: dict[str, range], first_s: dict[str, float]
) -> None:
    folder = tmp_path / "run"
    assert main(scene.arguments("--out", folder, "--quiet", *words)) == 0
    check_agreement(folder)
    for camera in ("left", "right"):
        frames = frames_of(folder, camera)
        assert [number for number, _ in frames] == list(numbers[camera])
        steps_s = [time_s - first_s[camera] for _, time_s in frames]
        np.testing.assert_allclose(steps_s, [(n - numbers[camera][0]) / 10 for n in numbers[camera]], atol=1e-5)
    times = [line["time_s"] for line in read_lines(folder / "sightings.jsonl")]
    assert min(times) == pytest.approx(min(first_s.values()), abs=0.2)
    assert people_of(folder)[0] == 4


def test_names_of_cameras(scene: Scene, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    words = ["run", "--videos", *scene.videos.values(), "--cameras", "Hall 1", "Dör-2", "--reid", scene.reid]
    words += ["--detections", *scene.detections.values(), "--engine", "torch", "--out", folder, "--quiet"]
    assert main([str(word) for word in words]) == 0
    check_agreement(folder)
    assert list(read_json(folder / "run.json")["cameras"]) == ["Hall 1", "Dör-2"]
    assert (folder / "Dör-2.mp4").is_file()
    assert "Hall 1" in (folder / "report.html").read_text(encoding="utf-8")


def test_one_camera(scene: Scene, tmp_path: Path) -> None:
    assert main(scene.arguments("--out", tmp_path / "run", "--quiet", "--mosaic", cameras=["left"])) == 0
    check_agreement(tmp_path / "run")
    assert people_of(tmp_path / "run") == (4, 0)


def test_two_files_of_one_name_and_one_file_twice(scene: Scene, tmp_path: Path) -> None:
    twin = tmp_path / "copy" / "left.mp4"
    twin.parent.mkdir()
    twin.write_bytes(scene.videos["right"].read_bytes())
    words = ["run", "--videos", scene.videos["left"], twin, scene.videos["left"], "--reid", scene.reid]
    boxes = [scene.detections[name] for name in ("left", "right", "left")]
    words += ["--detections", *boxes, "--engine", "torch", "--out", tmp_path / "run", "--quiet"]
    assert main([str(word) for word in words]) == 0
    check_agreement(tmp_path / "run")
    assert list(read_json(tmp_path / "run" / "run.json")["cameras"]) == ["left", "left_2", "left_3"]
    for person in read_json(tmp_path / "run" / "identities.json"):
        assert person["cameras"] == ["left", "left_2", "left_3"]


def test_sizes_rates_and_lengths_that_differ(reid: Path, tmp_path: Path) -> None:
    uneven = np.cumsum(np.random.default_rng(0).choice([0.04, 0.1, 0.25], 40)).tolist()
    shots = {
        "small": Shot(),
        "odd": Shot(even_times(75, 25), (261, 181)),
        "late": Shot(even_times(12, 5), (320, 180), late_s=1.5),
        "uneven": Shot([time_s - uneven[0] for time_s in uneven]),
    }
    scene = build_scene(tmp_path / "scene", reid, shots)
    folder = tmp_path / "run"
    assert main(scene.arguments("--out", folder, "--quiet", "--mosaic", "--offsets", "0", "0", "1.5", "0")) == 0
    check_agreement(folder)
    for name, shot in shots.items():
        times_s = [time_s - shot.late_s for _, time_s in frames_of(folder, name)]
        np.testing.assert_allclose(times_s, shot.times_s, atol=2e-5)
    assert people_of(folder) == (4, 4)


def test_a_folder_of_images_beside_a_video(scene: Scene, tmp_path: Path) -> None:
    write_images(scene.videos["right"], tmp_path / "right")
    words = ["run", "--videos", scene.videos["left"], tmp_path / "right", "--fps", "10", "--reid", scene.reid]
    words += ["--detections", *scene.detections.values(), "--engine", "torch", "--out", tmp_path / "run", "--quiet"]
    assert main([str(word) for word in words]) == 0
    check_agreement(tmp_path / "run")
    assert frames_of(tmp_path / "run", "right") == [(number, number / 10) for number in range(40)]
    assert people_of(tmp_path / "run") == (4, 4)


def test_patterns_of_images_are_cameras(scene: Scene, tmp_path: Path) -> None:
    for camera in scene.videos:  # both in one folder
        write_images(scene.videos[camera], tmp_path / "cut" / camera)
        for path in sorted((tmp_path / "cut" / camera).iterdir()):
            path.rename(tmp_path / "cut" / f"{camera}_{path.name}")
        (tmp_path / "cut" / camera).rmdir()
    words = ["run", "--videos", tmp_path / "cut" / "left_%d.png", tmp_path / "cut" / "right_*", "--fps", "10"]
    words += ["--detections", *scene.detections.values(), "--reid", scene.reid, "--engine", "torch", "--quiet"]
    folder = tmp_path / "run"
    assert main([str(word) for word in [*words, "--out", folder]]) == 0
    check_agreement(folder)
    assert frames_of(folder, "cut_left") == frames_of(folder, "cut_right") == [(i, i / 10) for i in range(40)]
    assert people_of(folder) == (4, 4)
    assert main([str(word) for word in [*words, "--out", folder, "--resume"]]) == 0
    assert main([str(word) for word in ["associate", folder, "--video", "--quiet"]]) == 0


def recorded(video: Path, path: Path, moment: str | None) -> Path:
    """A copy of a video that says when it was recorded."""
    with av.open(str(video)) as given, av.open(str(path), "w") as copy:
        copy.metadata.update({} if moment is None else {"creation_time": moment})
        stream = copy.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(given.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                copy.mux(packet)
    return path


@pytest.mark.parametrize(
    ("moments", "words", "first_s", "said"),
    [
        pytest.param(["12:00:03", "12:00:01"], [], [2, 0], "left 2, right 0 seconds", id="both say"),
        pytest.param(["12:00:03", "12:00:01"], ["--offsets", "0", "0"], [0, 0], None, id="offsets given win"),
        pytest.param(["12:00:03", None], [], [0, 0], "left say when they were recorded, right not", id="one says"),
        pytest.param([None, None], [], [0, 0], None, id="none says"),
    ],
)
def test_creation_times_are_offsets(
    scene: Scene,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    moments: list[str | None],
    words: list[str],
    first_s: list[float],
    said: str | None,
) -> None:
    stamps = [None if moment is None else f"2026-05-01T{moment}Z" for moment in moments]
    videos = [
        recorded(scene.videos[name], tmp_path / f"{name}.mp4", stamp)
        for name, stamp in zip(scene.videos, stamps, strict=True)
    ]
    given = ["run", "--videos", *videos, "--detections", *scene.detections.values(), "--reid", scene.reid]
    given += ["--engine", "torch", "--no-video", "--out", tmp_path / "run", *words]
    assert main([str(word) for word in given]) == 0
    assert [frames_of(tmp_path / "run", name)[0][1] for name in scene.videos] == first_s
    entries = read_json(tmp_path / "run" / "run.json")["inputs"]
    assert [entry["offset_s"] for entry in entries] == first_s
    assert {entry.get("offset_from") for entry in entries} == {"creation_time" if any(first_s) else None}
    told = capsys.readouterr().err
    assert ("recorded" in told or "creation times" in told) == (said is not None)
    assert said is None or said in told
    assert main([str(word) for word in [*given, "--resume"]]) == 0


def write_images(video: Path, folder: Path) -> None:
    """Each frame of a video as a picture."""
    import cv2

    folder.mkdir(parents=True)
    with av.open(str(video)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            image: ImageArray = frame.to_ndarray(format="bgr24")
            cv2.imwrite(str(folder / f"{number}.png"), image)


def test_sixteen_cameras(reid: Path, tmp_path: Path) -> None:
    shots = {f"cam{number}": Shot(even_times(12, 10), (160, 140), late_s=1.5) for number in range(1, 17)}
    scene = build_scene(tmp_path / "scene", reid, shots)
    folder = tmp_path / "run"
    assert main(scene.arguments("--out", folder, "--quiet", "--mosaic")) == 0
    check_agreement(folder)
    record = read_json(folder / "run.json")
    assert [entry["frames"] for entry in record["cameras"].values()] == [12] * 16
    assert list(record["cameras"]) == list(shots)


@pytest.mark.parametrize("cameras", [["empty"], ["empty", "bare"]])
def test_nobody_at_all(reid: Path, tmp_path: Path, cameras: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    shots = {name: Shot(even_times(6, 10), walkers=()) for name in cameras}
    scene = build_scene(tmp_path / "scene", reid, shots)
    folder = tmp_path / "run"
    assert main(scene.arguments("--out", folder, "--mosaic")) == 0
    check_agreement(folder)
    assert people_of(folder) == (0, 0)
    assert "0 people" in capsys.readouterr().out
    assert (folder / "sightings.jsonl").read_bytes() == (folder / "mtmc.txt").read_bytes() == b""
    assert main(["associate", str(folder), "--quiet"]) == 0


def test_nobody_in_one_camera(reid: Path, tmp_path: Path) -> None:
    shots = {"busy": Shot(), "empty": Shot(walkers=()), "other": Shot(walkers=(1, 2))}
    scene = build_scene(tmp_path / "scene", reid, shots)
    assert main(scene.arguments("--out", tmp_path / "run", "--quiet")) == 0
    check_agreement(tmp_path / "run")
    assert people_of(tmp_path / "run") == (4, 2)


def test_a_person_who_comes_back_keeps_the_identity(reid: Path, tmp_path: Path) -> None:
    scene = build_scene(tmp_path / "scene", reid, {"left": Shot(even_times(90, 10)), "right": Shot(even_times(90, 10))})
    away = range(20, 60)
    for camera, path in scene.detections.items():
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(line for line in lines if int(line.split(",")[0]) not in away or camera == "right"))
    folder = tmp_path / "run"
    assert main(scene.arguments("--out", folder, "--quiet", "--no-video")) == 0
    check_agreement(folder, videos=False)
    assert people_of(folder)[0] == 4
    visits = [part for person in read_json(folder / "identities.json") for part in person["tracklets"]]
    for one, other in itertools.combinations([part for part in visits if part["camera"] == "left"], 2):
        assert one["track_id"] != other["track_id"]
    assert sum(part["camera"] == "left" for part in visits) > 4


def test_a_part_that_one_recording_does_not_reach(reid: Path, tmp_path: Path) -> None:
    scene = build_scene(tmp_path / "scene", reid, {"short": Shot(even_times(10, 10)), "long": Shot()})
    assert main(scene.arguments("--out", tmp_path / "run", "--quiet", "--start", "2", "--mosaic")) == 0
    record = read_json(tmp_path / "run" / "run.json")
    assert [entry["frames"] for entry in record["cameras"].values()] == [0, 20]
    assert not (tmp_path / "run" / "short.mp4").exists()
    check_agreement(tmp_path / "run", videos=False)
