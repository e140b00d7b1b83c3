"""Odd folders of runs: what `run` wrote, and what people write about it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

from fuzz.harness import Place
from fuzz.mutate import (
    byte_steps,
    change_bytes,
    change_json,
    change_text,
    json_steps,
    text_steps,
)
from fuzz.world import Target, World, copy_run, one_of, write

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
    run = copy_run(world, place)
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
    run = copy_run(world, place)
    path = run / name
    write(path, change_text(path.read_text(encoding="utf-8"), steps, place.parent))
    _again(place, run, number)


def _run_bytes(world: World, place: Place, drawn: Any) -> None:
    steps, number = drawn
    run = copy_run(world, place)
    path = run / "tracklets.npz"
    path.write_bytes(change_bytes(path.read_bytes(), steps))
    _again(place, run, number)


def _resumed(world: World, place: Place, drawn: Any) -> None:
    name, steps = drawn
    run = copy_run(world, place)
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
    run = copy_run(world, place)
    good = CORRECTIONS if name == "corrections" else SITE
    if how == "text":
        text = change_text(good, steps, place.parent)
    else:
        text = yaml.safe_dump(change_json(yaml.safe_load(good), steps, place.parent))
    path = write(run / "corrections.yaml" if name == "corrections" else place.inputs / "site.yaml", text)
    _again(place, run, number, *(["--site", path] if name == "site" else []))


_number = st.integers(0, 1 << 10)
_json_logs = one_of("run.json", "run.json", "identities.json", "detections.jsonl", "tracks.jsonl", "calibration.json")

TARGETS = {
    "run's JSON": Target(st.tuples(_json_logs, json_steps(), _number), _run_json, 40),
    "run's text": Target(st.tuples(_json_logs, text_steps(), _number), _run_text, 20),
    "run's features": Target(st.tuples(byte_steps(), _number), _run_bytes, 12),
    "resumed": Target(st.tuples(one_of("run.json", "detections.jsonl"), json_steps()), _resumed, 6),
    "corrections": Target(st.tuples(st.just("corrections"), st.just("text"), text_steps(), _number), _yaml_of_run, 20),
    "corrections as values": Target(
        st.tuples(st.just("corrections"), st.just("json"), json_steps(), _number), _yaml_of_run, 20
    ),
    "site": Target(st.tuples(st.just("site"), st.just("text"), text_steps(), st.just(0)), _yaml_of_run, 12),
    "site as values": Target(st.tuples(st.just("site"), st.just("json"), json_steps(), st.just(0)), _yaml_of_run, 12),
}
