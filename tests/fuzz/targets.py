"""What is fuzzed: for each kind of input, how it is made odd, and the commands that are given it."""

from __future__ import annotations

import csv
import io
import json
import shutil
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from builders import even_times, write_video
from hypothesis import strategies as st
from scene import Scene

from fuzz.harness import Place
from fuzz.mutate import (
    NUMBERS,
    TOKENS,
    VALUES,
    byte_steps,
    cell_steps,
    change_bytes,
    change_cells,
    change_json,
    change_text,
    fill,
    json_steps,
    text_steps,
)


@dataclass(frozen=True)
class World:
    """Good material, made once.

    Attributes:
        scene: Recordings.
        finished: A run of them.
        gallery: A gallery with the people of that run.
        media: Name of a small picture or video to its bytes.
    """

    scene: Scene
    finished: Path
    gallery: Path
    media: dict[str, bytes]


@dataclass(frozen=True)
class Target:
    """One kind of input.

    Attributes:
        strategy: What is drawn.
        attempt: Tries what was drawn.
        examples: How many are tried in CI.
    """

    strategy: st.SearchStrategy[Any]
    attempt: Callable[[World, Place, Any], None]
    examples: int


def make_world(scene: Scene, finished: Path, folder: Path) -> World:
    """Make the material that is not there yet in `folder`."""
    import cv2

    from reidtrack.cli.main import main

    run = folder / "run"
    shutil.copytree(finished, run)
    gallery = folder / "people.db"
    assert main(["associate", str(run), "--gallery", str(gallery), "--quiet"]) == 0
    picture = np.random.default_rng(3).integers(0, 255, (48, 24, 3)).astype(np.uint8)
    media = {
        f"picture.{kind}": cv2.imencode(f".{kind}", picture)[1].tobytes() for kind in ("png", "jpg", "bmp", "webp")
    }
    for suffix, codec in (("mp4", "libx264"), ("mkv", "libx264"), ("avi", "mpeg4")):
        path = write_video(folder / f"small.{suffix}", even_times(6, 10.0), codec=codec, fps=10)
        media[path.name] = path.read_bytes()
    return World(scene, finished, gallery, media)


# --- settings ---------------------------------------------------------------------------------------------------------


def _sections() -> dict[str, Any]:
    from reidtrack.config.benchmark import BenchmarkConfig
    from reidtrack.config.run import RunConfig, TrackConfig
    from reidtrack.config.train import TrainConfig

    return {"run": RunConfig, "track": TrackConfig, "train": TrainConfig, "benchmark": BenchmarkConfig}


def _plain(model: Any) -> Any:
    found = {}
    for name, info in model.model_fields.items():
        default = info.get_default(call_default_factory=True)
        found[name] = default.model_dump(mode="json") if hasattr(default, "model_dump") else default
    return json.loads(json.dumps(found, default=str))


def _settings(world: World, place: Place, drawn: Any) -> None:
    from reidtrack.config.load import document, load

    name, how, steps = drawn
    model = _sections()[name]
    path = place.inputs / "settings.yaml"
    good = yaml.safe_dump(_plain(model))
    if how == "json":
        text = yaml.safe_dump(change_json(_plain(model), steps, place.parent))
    else:
        text = change_text(good, steps, place.parent)
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    if name == "run":
        place.run("config", "--config", path)
    else:
        place.call(lambda: document(load(model, path)))


def _overrides(world: World, place: Place, drawn: Any) -> None:
    words = []
    for number, value, token in drawn:
        keys = _keys(_plain(_sections()["run"]))
        text = (
            f"{keys[number % len(keys)]}={fill(value, place.parent) if isinstance(value, str) else json.dumps(value)}"
        )
        words.append(f"{text[: number % (len(text) + 1)]}{token}" if number % 3 == 0 else text)
    place.run("config", "--set", *words)


def _keys(document: Any, prefix: str = "") -> list[str]:
    found = []
    for key, value in document.items():
        found += [f"{prefix}{key}", *(_keys(value, f"{prefix}{key}.") if isinstance(value, dict) else [])]
    return found


def _options(world: World, place: Place, drawn: Any) -> None:
    number, value, more = drawn
    text = str(fill(value, place.parent))
    run, out = _copy_run(world, place), place.given / "out.txt"
    det = world.scene.detections["left"]
    commands: list[list[object]] = [
        ["track", "--detections", det, "--out", out, "--fps", text],
        ["track", "--detections", text, "--out", out],
        ["calibrate", run, "--threshold", text],
        ["calibrate", run, "--false-accept", text],
        ["calibrate", text],
        ["merge", run, text, str(more), "--no-associate"],
        ["split", run, "left", text, "--at", str(more), "--no-associate"],
        ["split", run, text, "--no-associate"],
        ["name", run, "1", text, "--no-associate"],
        ["name", run, text, "Anna", "--no-associate"],
        ["lock", run, text, "--no-associate"],
        ["ignore", run, f"left/{text}", "--no-associate"],
        ["evaluate", run, "--gt", f"left={text}"],
        ["evaluate", run, "--gt", text],
        ["associate", run, "--homography", f"left={text}", "--quiet"],
        ["associate", run, "--threshold", text, "--quiet"],
        ["gallery", _copy_gallery(world, place), "--keep-days", text],
        ["gallery", _copy_gallery(world, place), "--remove", text],
        ["gallery", _copy_gallery(world, place), "--rename", text, str(more)],
        ["export", "--reid", text, "--out", place.given / "net.onnx"],
        ["embed", text, "--out", place.given / "features.npz"],
        [text, str(more)],
    ]
    for start in (["--offsets", text, "0"], ["--start", text], ["--end", text], ["--stride", text], ["--origin", text]):
        # The camera is not there: nothing is read, but all that was said is checked.
        commands.append(["run", "--videos", place.inputs / "no.mp4", "--out", place.given / "new", *start])
    place.run(*commands[number % len(commands)])


# --- tables -----------------------------------------------------------------------------------------------------------


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", errors="surrogatepass", newline="")
    return path


def _tracked(world: World, place: Place, drawn: Any) -> None:
    kind, steps, overrides = drawn
    folder = place.inputs / "seq"
    text = "".join(world.scene.detections["left"].read_text(encoding="utf-8").splitlines(keepends=True)[:60])
    info = "[Sequence]\nname=seq\nframeRate=10\nseqLength=40\nimWidth=224\nimHeight=160\nimDir=img1\n"
    if kind == "det":
        text = change_text(text, steps, place.parent)
    elif kind == "ini":
        info = change_text(info, steps, place.parent)
    det = _write(folder / "det/det.txt", text)
    _write(folder / "seqinfo.ini", info)
    words = ["--set", *(f"{key}={json.dumps(value)}" for key, value in overrides)] if overrides else []
    place.run("track", "--detections", det, "--out", place.given / "tracks.txt", *words)


_TRACK_KEYS = ["max_age", "min_hits", "iou_threshold", "fill_gap", "smooth", "time_unit", "cascade.low", "cascade.high"]
_TRACK_KEYS += ["cascade.start", "cascade.gate", "cascade.acceleration_noise", "cascade.min_confirmation_time", "kind"]


def _evaluated(world: World, place: Place, drawn: Any) -> None:
    kind, steps = drawn
    folder = place.inputs / "mot"
    truth = "".join(world.scene.truth["left"].read_text(encoding="utf-8").splitlines(keepends=True)[:80])
    tracks = truth
    info = "[Sequence]\nname=MOT17-01\nframeRate=10\nseqLength=40\nimWidth=224\nimHeight=160\n"
    if kind == "gt":
        truth = change_text(truth, steps, place.parent)
    elif kind == "tracks":
        tracks = change_text(tracks, steps, place.parent)
    else:
        info = change_text(info, steps, place.parent)
    _write(folder / "MOT17-01/gt/gt.txt", truth)
    _write(folder / "MOT17-01/seqinfo.ini", info)
    _write(place.inputs / "out/MOT17-01.txt", tracks)
    place.run("evaluate", "--mot", folder, "--tracks", place.inputs / "out")


def _table(world: World, place: Place, drawn: Any) -> None:
    kind, steps, encoding = drawn
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["path", "person", "camera", "split", "sequence", "frame"])
    for person in range(4):
        for camera in range(2):
            name = f"{person}_{camera}.png"
            (place.inputs / name).write_bytes(world.media["picture.png"])
            writer.writerow([name, person, camera, "train", 0, camera])
    path = place.inputs / "table.csv"
    path.write_bytes(change_text(out.getvalue(), steps, place.parent).encode(encoding, "replace"))
    if kind == "bytes":
        path.write_bytes(change_bytes(path.read_bytes(), [("flip", 0.5, 200), ("flip", 0.1, 129)]))
    place.run("explore", "csv", "--root", path, "--out", place.given / "page.html", "--quiet")


# --- runs -------------------------------------------------------------------------------------------------------------


def _copy_run(world: World, place: Place) -> Path:
    run = place.given / "run"
    if not run.exists():
        shutil.copytree(world.finished, run)
    return run


def _copy_gallery(world: World, place: Place) -> Path:
    path = place.given / "people.db"
    shutil.copyfile(world.gallery, path)
    return path


CORRECTIONS = """- merge: [left 1, right 1]
- apart: [left 2, right 3]
- apart: [left 1, [right 2, right 3]]
- {split: left 4, at_s: 1.5}
- lock: [left 3]
- {name: Anna, tracklet: left 2}
- ignore: right 4
- {name: Bea, tracklet: {camera: left, track_id: 4, time_s: 2.5}}
- merge: [left 4@0.5, right 2]
"""
SITE = """cameras:
  left:
    homography: [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
  right:
    points:
    - {image: [0, 0], plan: [0, 0]}
    - {image: [224, 0], plan: [10, 0]}
    - {image: [224, 160], plan: [10, 8]}
    - {image: [0, 160], plan: [0, 8]}
connections:
- {from: left, to: right, min_s: 0, max_s: 30}
not_connected: []
complete: false
"""


def _again(place: Place, run: Path, number: int, *more: object) -> None:
    commands: list[list[object]] = [
        ["associate", run, "--quiet", *more],
        ["calibrate", run, "--threshold", "0.5"],
        ["merge", run, "1", "2", "--no-associate"],
        ["name", run, "2", "Anna"],
        ["split", run, "1", "--no-associate"],
        ["evaluate", run],
        ["associate", run, "--quiet", "--json", *more],
    ]
    place.run(*commands[number % len(commands)])


def _run_json(world: World, place: Place, drawn: Any) -> None:
    name, steps, number = drawn
    run = _copy_run(world, place)
    path = run / name
    if name.endswith(".jsonl"):
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()[:400]]
        changed = change_json(lines, steps, place.parent)
        changed = changed if isinstance(changed, list) else [changed]
        path.write_text("".join(json.dumps(line) + "\n" for line in changed), encoding="utf-8")
    else:
        changed = change_json(json.loads(path.read_text(encoding="utf-8")), steps, place.parent)
        path.write_text(json.dumps(changed), encoding="utf-8")
    _again(place, run, number)


def _run_text(world: World, place: Place, drawn: Any) -> None:
    name, steps, number = drawn
    run = _copy_run(world, place)
    path = run / name
    _write(path, change_text(path.read_text(encoding="utf-8"), steps, place.parent))
    _again(place, run, number)


def _run_bytes(world: World, place: Place, drawn: Any) -> None:
    steps, number = drawn
    run = _copy_run(world, place)
    path = run / "tracklets.npz"
    path.write_bytes(change_bytes(path.read_bytes(), steps))
    _again(place, run, number)


def _resumed(world: World, place: Place, drawn: Any) -> None:
    name, steps = drawn
    run = _copy_run(world, place)
    path = run / name
    if name == "run.json":
        document = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps(change_json(document, steps, place.parent)), encoding="utf-8")
    else:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        changed = change_json(lines, steps, place.parent)
        changed = changed if isinstance(changed, list) else [changed]
        path.write_text("".join(json.dumps(line) + "\n" for line in changed), encoding="utf-8")
    place.run(*world.scene.arguments("--out", run, "--quiet", "--resume", "--no-video"))


def _yaml_of_run(world: World, place: Place, drawn: Any) -> None:
    name, how, steps, number = drawn
    run = _copy_run(world, place)
    good = CORRECTIONS if name == "corrections" else SITE
    if how == "text":
        text = change_text(good, steps, place.parent)
    else:
        text = yaml.safe_dump(change_json(yaml.safe_load(good), steps, place.parent))
    path = _write(run / "corrections.yaml" if name == "corrections" else place.inputs / "site.yaml", text)
    _again(place, run, number, *(["--site", path] if name == "site" else []))


# --- galleries and weights --------------------------------------------------------------------------------------------


def _gallery(world: World, place: Place, drawn: Any) -> None:
    how, steps, number = drawn
    path = _copy_gallery(world, place)
    if how == "cells":
        change_cells(path, steps)
    else:
        path.write_bytes(change_bytes(path.read_bytes(), steps))
    picture = place.inputs / "picture.png"
    picture.write_bytes(world.media["picture.png"])
    network = ["--reid", world.scene.reid, "--engine", "torch", "--device", "cpu"]
    commands: list[Callable[[], list[object]]] = [
        lambda: ["gallery", path],
        lambda: ["gallery", path, "--json"],
        lambda: ["gallery", path, "--keep-days", "1", "--named-too"],
        lambda: ["gallery", path, "--rename", "a", "Anna"],
        lambda: ["associate", _copy_run(world, place), "--gallery", path, "--quiet"],
        lambda: ["search", picture, path, *network],
        lambda: ["enroll", "Anna", picture, "--gallery", path, "--box", "0", "0", "24", "48", *network],
    ]
    place.run(*commands[number % len(commands)]())


CARD = {
    "architecture": "osnet_x0_25",
    "size_hw": [64, 32],
    "mean": [0.485, 0.456, 0.406],
    "std": [0.229, 0.224, 0.225],
    "feature_dim": 512,
    "source": "",
    "data": "",
    "figures": {"rank1": 0.5},
    "channels": "RGB",
    "pixel_max": 1.0,
    "exported_from": "",
    "licence": "",
    "priors": {},
}


def _weights(world: World, place: Place, drawn: Any) -> None:
    how, steps = drawn
    path = place.inputs / "network.safetensors"
    data = world.scene.reid.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header, tensors = data[8 : 8 + length], data[8 + length :]
    if how == "card":
        document = json.loads(header)
        # The priors are mutated too, as they stand in shipped files.
        (key,) = [key for key, text in document["__metadata__"].items() if text.startswith("{")]
        card = {**CARD, **json.loads(document["__metadata__"][key])}
        document["__metadata__"][key] = json.dumps(change_json(card, steps, place.parent))
        header = json.dumps(document).encode()
    elif how == "header":
        header = json.dumps(change_json(json.loads(header), steps, place.parent)).encode()
    else:
        header = change_bytes(header, steps)
    path.write_bytes(struct.pack("<Q", len(header)) + header + tensors)
    picture = place.inputs / "picture.png"
    picture.write_bytes(world.media["picture.png"])
    out = place.given / "features.npz"
    place.run("embed", picture, "--out", out, "--reid", path, "--engine", "torch", "--device", "cpu")


# --- media ------------------------------------------------------------------------------------------------------------


def _picture(world: World, place: Place, drawn: Any) -> None:
    name, steps = drawn
    path = place.inputs / name
    path.write_bytes(change_bytes(world.media[name], steps))
    from reidtrack.image import read_image

    place.call(partial(read_image, path))


def _video(world: World, place: Place, drawn: Any) -> None:
    name, steps = drawn
    path = place.inputs / name
    path.write_bytes(change_bytes(world.media[name], steps))
    place.call(partial(_read_video, path))


def _read_video(path: Path) -> None:
    from reidtrack.video.source import open_source

    with open_source(str(path), "camera") as source:
        times = [frame.time_s for frame, _ in zip(source, range(1000), strict=False)]
    assert times == sorted(times)
    assert all(np.isfinite(times))


def _recording(world: World, place: Place, drawn: Any) -> None:
    """A whole run of a good camera and an odd one: the good one's outputs are there."""
    name, steps, number = drawn
    path = place.inputs / f"odd{Path(name).suffix}"
    path.write_bytes(change_bytes(world.media[name], steps))
    det = _write(place.inputs / "odd.txt", "1,-1,2,2,20,40,0.9,-1,-1,-1\n2,-1,2,2,20,40,0.9,-1,-1,-1\n")
    network = ["--reid", world.scene.reid, "--engine", "torch", "--device", "cpu"]
    place.run(
        *("run", "--videos", world.scene.videos["left"], path, "--out", place.given / "run", "--quiet", "--end", "1"),
        *("--detections", f"left={world.scene.detections['left']}", f"odd={det}", *network),
        *(["--no-video"] if number % 2 else []),
    )
    assert (place.given / "run/tracks/left.txt").is_file()


def _one_of(*names: str) -> st.SearchStrategy[str]:
    return st.sampled_from(names)


_value = st.sampled_from([*VALUES, *NUMBERS])
_number = st.integers(0, 1 << 10)
_json_logs = _one_of("run.json", "run.json", "identities.json", "detections.jsonl", "tracks.jsonl", "calibration.json")

TARGETS = {
    "settings as values": Target(st.tuples(_one_of(*_sections()), st.just("json"), json_steps()), _settings, 60),
    "settings as text": Target(st.tuples(_one_of(*_sections()), st.just("text"), text_steps()), _settings, 60),
    "--set": Target(
        st.lists(st.tuples(_number, _value, st.sampled_from(TOKENS)), min_size=1, max_size=3), _overrides, 60
    ),
    "options": Target(st.tuples(_number, _value, _value), _options, 60),
    "detections": Target(
        st.tuples(
            _one_of("det", "ini", "settings"),
            text_steps(),
            st.lists(st.tuples(st.sampled_from(_TRACK_KEYS), _value), max_size=2),
        ),
        _tracked,
        60,
    ),
    "truth": Target(st.tuples(_one_of("gt", "tracks", "ini"), text_steps()), _evaluated, 40),
    "table": Target(
        st.tuples(_one_of("text", "text", "bytes"), text_steps(), _one_of("utf-8", "utf-16", "cp1252")), _table, 25
    ),
    "run's JSON": Target(st.tuples(_json_logs, json_steps(), _number), _run_json, 40),
    "run's text": Target(st.tuples(_json_logs, text_steps(), _number), _run_text, 20),
    "run's features": Target(st.tuples(byte_steps(), _number), _run_bytes, 12),
    "resumed": Target(st.tuples(_one_of("run.json", "detections.jsonl"), json_steps()), _resumed, 6),
    "corrections": Target(st.tuples(st.just("corrections"), st.just("text"), text_steps(), _number), _yaml_of_run, 20),
    "corrections as values": Target(
        st.tuples(st.just("corrections"), st.just("json"), json_steps(), _number), _yaml_of_run, 20
    ),
    "site": Target(st.tuples(st.just("site"), st.just("text"), text_steps(), st.just(0)), _yaml_of_run, 12),
    "site as values": Target(st.tuples(st.just("site"), st.just("json"), json_steps(), st.just(0)), _yaml_of_run, 12),
    "gallery's cells": Target(st.tuples(st.just("cells"), cell_steps(), _number), _gallery, 40),
    "gallery's bytes": Target(st.tuples(st.just("bytes"), byte_steps(), _number), _gallery, 20),
    "weights' card": Target(st.tuples(_one_of("card", "card", "header"), json_steps()), _weights, 25),
    "weights' bytes": Target(st.tuples(st.just("bytes"), byte_steps()), _weights, 15),
    "picture": Target(
        st.tuples(_one_of("picture.png", "picture.jpg", "picture.bmp", "picture.webp"), byte_steps()), _picture, 80
    ),
    "video": Target(st.tuples(_one_of("small.mp4", "small.mkv", "small.avi"), byte_steps()), _video, 60),
    "recording": Target(
        st.tuples(_one_of("small.mp4", "small.mkv", "small.avi"), byte_steps(), _number), _recording, 4
    ),
}
