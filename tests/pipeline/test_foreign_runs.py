"""The folder of a run that comes from elsewhere: nothing outside it is written, and what is damaged is told."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from outputs import read_json, settled_bytes

from reidtrack.cli.main import main


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished run, in a folder of its own, beside which nothing else lies."""
    return Path(shutil.copytree(finished, tmp_path / "inner" / "run"))


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder that is none of the run's business."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    return folder


def change(run: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    data = read_json(run / "run.json")
    edit(data)
    (run / "run.json").write_text(json.dumps(data))


def rename(old: str, new: str) -> Callable[[dict[str, Any]], None]:
    def edit(data: dict[str, Any]) -> None:
        data["cameras"] = {new if name == old else name: entry for name, entry in data["cameras"].items()}
        for entry in data["inputs"]:
            entry["camera"] = new if entry["camera"] == old else entry["camera"]

    return edit


def everything(folder: Path) -> dict[str, bytes | str]:
    """Every path below a folder: its content, or where it leads."""
    paths = sorted(folder.rglob("*"))
    return {str(p): str(p.readlink()) if p.is_symlink() else p.read_bytes() if p.is_file() else "" for p in paths}


@pytest.mark.parametrize(
    "name",
    [
        "../../outside/x",
        "../x",
        "..",
        ".",
        "/tmp/x",
        "a/b",
        "a\\b",
        "C:x",
        "a\0b",
        "a\nb",
        "\x1b[31m",
        "",
        " x",
        "x.",
        "-x",
        "mosaic",
        "x" * 101,
        "\u6751" * 90,
        "right",
        "RIGHT",
        "\ud800",
    ],
)
def test_names_of_cameras_are_names(run: Path, outside: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    change(run, rename("left", name))
    before = everything(outside.parent)
    for command in (["associate", str(run)], ["name", str(run), "1", "Anna"], ["calibrate", str(run)]):
        assert main(command) == 3
        error = capsys.readouterr().err
        assert error.startswith("error: ")
        assert error.count("\n") == 1
        assert "\x1b" not in error
    assert everything(outside.parent) == before


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        pytest.param(lambda d: d["cameras"].update(x=d["cameras"]["left"]), "'x' is none of its inputs", id="unknown"),
        pytest.param(lambda d: d.update(detections={"../x": "y"}), "is none of its inputs", id="of detections"),
        pytest.param(lambda d: d.update(origin_utc="soon"), "origin_utc is no time", id="no time"),
        pytest.param(lambda d: d.update(origin_utc="2026-01-01T00:00:00"), "origin_utc is no time", id="no zone"),
        pytest.param(lambda d: d["part"].update(stride=0), "part: ", id="part"),
        pytest.param(lambda d: d["cameras"]["left"].update(frames=-1), "cameras.left.frames", id="negative"),
        pytest.param(lambda d: d["inputs"][0].update(size=[0, 5]), "inputs.0.size", id="no size"),
        pytest.param(lambda d: d["inputs"][0].update(nominal_fps=-1), "inputs.0.nominal_fps", id="rate"),
        pytest.param(lambda d: d["inputs"][0].update(offset_s=float("inf")), "is not JSON", id="infinity"),
        pytest.param(lambda d: d.update(config=[]), "config", id="settings that are none"),
        pytest.param(lambda d: d["config"].update(associate=[]), "associate", id="a section that is none"),
        pytest.param(lambda d: d.update(inputs=[]), "is none of its inputs", id="no inputs"),
        pytest.param(lambda d: d["cameras"]["left"].update(boxes=7), "expected the 7 that were counted", id="boxes"),
        pytest.param(lambda d: d["cameras"]["left"].update(frames=99), "expected the 99 that were read", id="frames"),
    ],
)
def test_what_a_manifest_may_not_say(
    run: Path, capsys: pytest.CaptureFixture[str], edit: Callable[[dict[str, Any]], object], said: str
) -> None:
    change(run, edit)
    assert main(["associate", str(run), "--quiet"]) in (2, 3)
    error = capsys.readouterr().err
    assert said in error
    assert error.startswith("error: ")
    assert error.count("\n") == 1


@pytest.mark.parametrize("text", ["", "[", "[" * 100_000, "{}", '{"schema_version": 1', "\0", "null", "1e999"])
def test_a_manifest_that_is_none(run: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    (run / "run.json").write_text(text)
    assert main(["associate", str(run), "--quiet"]) == 3
    assert capsys.readouterr().err.startswith("error: ")


def test_a_manifest_that_never_ends(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run / "run.json").unlink()
    os.mkfifo(run / "run.json")
    assert main(["associate", str(run), "--quiet"]) == 3
    assert "holds no run" in capsys.readouterr().err


OUTPUTS = [
    "run.json",
    "identities.json",
    "sightings.jsonl",
    "mtmc.txt",
    "site.json",
    "calibration.json",
    "report.html",
    "left.mp4",
    "mosaic.mp4",
    "tracks/left.txt",
    "mot/right.txt",
    "evaluation.json",
]


@pytest.mark.parametrize("name", OUTPUTS)
@pytest.mark.parametrize("there", [True, False], ids=["to a file", "to nothing"])
def test_outputs_are_not_written_through_links(
    run: Path, outside: Path, capsys: pytest.CaptureFixture[str], name: str, there: bool
) -> None:
    target = outside / "target"
    if there:
        target.write_bytes((run / name).read_bytes() if (run / name).is_file() else b"mine")
    (run / name).unlink(missing_ok=True)
    (run / name).symlink_to(target)
    before = everything(outside)
    assert main(["associate", str(run), "--quiet"]) in (3, 5)
    assert capsys.readouterr().err.count("\n") == 1
    assert everything(outside) == before


@pytest.mark.parametrize("name", ["tracks", "mot", "crops", "crops/1", "crops/unsettled"])
def test_outputs_are_not_written_into_linked_folders(
    run: Path, outside: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    if (run / name).is_dir():
        shutil.copytree(run / name, outside / "target")
        shutil.rmtree(run / name)
    else:
        (outside / "target").mkdir()
    (run / name).symlink_to(outside / "target", target_is_directory=True)
    before = everything(outside)
    for command in (["associate", str(run)], ["merge", str(run), "1", "2"]):
        assert main([*command, "--quiet"]) == 5
        assert "is a symbolic link" in capsys.readouterr().err
    assert everything(outside) == before


@pytest.mark.parametrize("name", ["identities.json", "tracks/left.txt", "run.json", "calibration.json", "report.html"])
def test_other_names_of_a_file_keep_what_it_has(run: Path, outside: Path, name: str) -> None:
    os.link(run / name, outside / "other")
    before = everything(outside)
    assert main(["associate", str(run), "--quiet", "--set", "associate.threshold=0.9"]) == 0
    assert everything(outside) == before


def test_corrections_are_not_written_through_a_link(run: Path, outside: Path) -> None:
    (run / "corrections.yaml").symlink_to(outside / "mine.txt")
    before = everything(outside)
    assert main(["merge", str(run), "1", "2", "--quiet"]) == 5
    assert everything(outside) == before


def test_pictures_behind_links_are_not_shown(run: Path, outside: Path) -> None:
    crop = next((run / "crops" / "1").iterdir())
    shutil.copy(crop, outside / "secret.jpg")
    crop.unlink()
    crop.symlink_to(outside / "secret.jpg")
    before = everything(outside)
    assert main(["associate", str(run), "--quiet"]) == 0
    assert everything(outside) == before


@pytest.mark.parametrize("there", ["nothing", "text", "gallery", "linked"])
def test_a_gallery_that_a_folder_names_has_to_know_it(
    scene: Any, run: Path, outside: Path, capsys: pytest.CaptureFixture[str], there: str
) -> None:
    path = outside / "people.db"
    if there == "text":
        path.write_text("mine")
    elif there != "nothing":
        other = run.with_name("other")
        shutil.copytree(run, other)
        change(other, lambda d: d.update(origin_utc="2020-01-01T00:00:00+00:00"))
        assert main(["associate", str(other), "--gallery", str(path), "--quiet"]) == 0
    named = path
    if there == "linked":
        named = run / "people.db"
        named.symlink_to(path)
    change(run, lambda d: d["config"]["gallery"].update(path=str(named)))
    before = everything(outside)
    assert main(["associate", str(run), "--quiet"]) in (2, 3)
    error = capsys.readouterr().err
    assert "people.db" in error
    assert error.count("\n") == 1
    assert everything(outside) == before
    assert main(["associate", str(run), "--quiet", "--set", "gallery.path=null"]) == 0
    assert everything(outside) == before


def test_a_gallery_that_knows_a_run_goes_on_to(run: Path, outside: Path) -> None:
    assert main(["associate", str(run), "--quiet", "--gallery", str(outside / "people.db")]) == 0
    moved = run.rename(run.with_name("moved"))
    assert main(["name", str(moved), "1", "Anna", "--quiet"]) == 0


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/x.mp4", "rtsp://127.0.0.1:9/x", "HTTP://127.0.0.1:9/x"])
def test_addresses_that_a_folder_names_are_not_asked(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], address: str
) -> None:
    import av

    opened: list[str] = []
    monkeypatch.setattr(av, "open", lambda place, *_, **__: opened.append(str(place)))
    change(run, lambda d: [entry.update(source=address) for entry in d["inputs"]])
    assert main(["associate", str(run), "--video"]) == 0
    assert "no video of it is rendered" in capsys.readouterr().err
    assert opened == []


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.99])
@pytest.mark.parametrize("name", ["tracks.jsonl", "detections.jsonl"])
def test_half_a_log_is_not_half_the_people(
    run: Path, capsys: pytest.CaptureFixture[str], name: str, keep: float
) -> None:
    lines = (run / name).read_bytes().splitlines(keepends=True)
    (run / name).write_bytes(b"".join(lines[: int(keep * len(lines))]))
    before = settled_bytes(run)
    assert main(["associate", str(run), "--quiet"]) == 3
    assert name in capsys.readouterr().err
    assert settled_bytes(run) == before


@pytest.mark.parametrize(
    "line",
    [
        '{"camera": "../x", "frame": 0, "time_s": 0.0, "track_id": 1, "xyxy": [0, 0, 9, 9], "score": 0.5}',
        '{"camera": "left", "frame": 99999999999999999999, "time_s": 0, "track_id": 1, "xyxy": [0,0,9,9], "score": 1}',
        '{"camera": "left", "frame": 0, "time_s": 0.0, "track_id": 1, "xyxy": [0, 0, 9], "score": 0.5}',
        '{"camera": "left", "frame": 0, "time_s": NaN, "track_id": 1, "xyxy": [0, 0, 9, 9], "score": 0.5}',
        '{"camera": "left", "frame": 0, "time_s": 0, "track_id": 1, "xyxy": [0, 0, 9, 1e999], "score": 0.5}',
        '{"camera": ["left"], "frame": 0, "time_s": 0, "track_id": 1, "xyxy": [0, 0, 9, 9], "score": 0.5}',
        "[" * 100_000,
        "7",
    ],
)
def test_lines_of_a_log_that_no_run_writes(run: Path, capsys: pytest.CaptureFixture[str], line: str) -> None:
    with (run / "tracks.jsonl").open("a") as file:
        file.write(line + "\n")
    assert main(["associate", str(run), "--quiet"]) == 3
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert len(error) < 600


def test_files_of_killed_commands_go(run: Path) -> None:
    left = [run / ".identities.json.abcd1234.unfinished", run / "tracks" / ".left.txt.abcd_234.unfinished"]
    left += [run / ".run.json.a1b2c3d4", run / ".left.mp4.joining", run / ".tracklets.npz.part"]
    kept = [run / ".run.json.swp", run / ".notes.unfinished"]
    for path in [*left, *kept]:
        path.write_text("Anna")
    assert main(["name", str(run), "1", "Anna", "--no-associate", "--quiet"]) == 0
    assert [path for path in left if path.exists()] == []
    assert [path for path in kept if not path.exists()] == []


def save(path: Path, **changes: Any) -> None:
    with np.load(path) as data:
        columns = {name: data[name] for name in data.files}
    write = changes.pop("write", np.savez)
    columns |= {name: edit(columns[name]) for name, edit in changes.items()}
    write(path, **columns)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"camera": lambda c: c + 99}, id="a camera that is not there"),
        pytest.param({"camera": lambda c: c - 99}, id="a camera before the first"),
        pytest.param({"frame": lambda f: f[:-1]}, id="another length"),
        pytest.param({"frame": lambda f: f + 0.5}, id="halves"),
        pytest.param({"feature": lambda f: f * np.nan}, id="no numbers"),
        pytest.param({"feature": lambda f: f[:, 0]}, id="another shape"),
        pytest.param(
            {"feature": lambda f: np.zeros((len(f), 9_000), f.dtype), "write": np.savez_compressed}, id="bomb"
        ),
        pytest.param({"cameras": lambda c: np.array([1, None], object)}, id="objects"),
    ],
)
def test_features_that_no_run_writes(run: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, Any]) -> None:
    save(run / "tracklets.npz", **changes)
    assert main(["associate", str(run), "--quiet"]) == 3
    said = capsys.readouterr().err
    assert re.search(r"tracklets\.npz: (cannot be read|is damaged) \(expected the features of a run\)", said)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[" * 100_000, "7", "null", '[{"id": 1e999}]', '[{"id": 1, "cameras": 5, "tracklets": []}]', "[[]]"],
)
def test_identities_that_no_run_writes(run: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    (run / "identities.json").write_text(text)
    assert main(["name", str(run), "1", "Anna"]) == 3
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert main(["associate", str(run), "--quiet"]) == 0


PLAN = "[[0.02, 0, 1], [0, 0.05, 2], [0, 0, 1]]"


def named(key: str, value: Callable[[Path], object]) -> Callable[[Path, dict[str, Any]], None]:
    """An edit of `run.json` that names a file for the site, given the folder outside."""

    def edit(outside: Path, data: dict[str, Any]) -> None:
        data["config"]["site"][key] = value(outside)

    return edit


@pytest.mark.parametrize(
    ("content", "edit", "said"),
    [
        pytest.param(f"homography: {PLAN}", named("path", lambda o: str(o / "x.yaml")), "may be anybody's", id="site"),
        pytest.param(
            f"homography: {PLAN}",
            named("homographies", lambda o: {"left": str(o / "x.yaml")}),
            "may be anybody's",
            id="homography",
        ),
        pytest.param("", named("path", lambda o: str(o / "lost.yaml")), "lost.yaml", id="not there"),
        pytest.param("secret: 1", named("path", lambda o: "/etc/passwd"), "passwd", id="the system's"),
    ],
)
def test_files_of_a_site_are_not_read_because_a_run_says_so(
    run: Path,
    outside: Path,
    capsys: pytest.CaptureFixture[str],
    content: str,
    edit: Callable[[Path, dict[str, Any]], None],
    said: str,
) -> None:
    (outside / "x.yaml").write_text(content)
    change(run, lambda data: edit(outside, data))
    for command in (["associate", str(run)], ["name", str(run), "1", "Anna"], ["calibrate", str(run)]):
        assert main([*command]) in (2, 3)
        error = capsys.readouterr().err
        assert said in error
        assert "root:" not in error
        assert error.count("\n") == 1


def test_files_that_a_site_in_the_folder_names(run: Path, outside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (outside / "x.yaml").write_text(f"homography: {PLAN}\n")
    site = run / "site.yaml"
    site.write_text(f"cameras: {{left: {{homography: {outside / 'x.yaml'}}}}}\n")
    digest = hashlib.sha256(site.read_bytes()).hexdigest()

    def edit(data: dict[str, Any]) -> None:
        data["config"]["site"]["path"] = str(site)
        data["site_files"] = {str(site): digest}

    change(run, edit)
    assert main(["calibrate", str(run)]) == 2
    assert f"{outside / 'x.yaml'} for the site, which may be anybody's" in capsys.readouterr().err
    assert main(["associate", str(run), "--site", str(site), "--quiet"]) == 0  # the user's word
    assert main(["calibrate", str(run)]) == 0
    (outside / "x.yaml").write_text(f"homography: {PLAN} \n")
    assert main(["calibrate", str(run)]) == 2
    assert "has changed since" in capsys.readouterr().err
