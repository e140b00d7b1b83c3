"""Odd files of bytes: galleries, weights, pictures and videos."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from fuzz.harness import Place
from fuzz.mutate import (
    byte_steps,
    cell_steps,
    change_bytes,
    change_cells,
    change_json,
    json_steps,
)
from fuzz.world import Target, World, copy_gallery, copy_run, one_of, write


def _gallery(world: World, place: Place, drawn: Any) -> None:
    how, steps, number = drawn
    path = copy_gallery(world, place)
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
        lambda: ["associate", copy_run(world, place), "--gallery", path, "--quiet"],
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
    det = write(place.inputs / "odd.txt", "1,-1,2,2,20,40,0.9,-1,-1,-1\n2,-1,2,2,20,40,0.9,-1,-1,-1\n")
    network = ["--reid", world.scene.reid, "--engine", "torch", "--device", "cpu"]
    place.run(
        *("run", "--videos", world.scene.videos["left"], path, "--out", place.given / "run", "--quiet", "--end", "1"),
        *("--detections", f"left={world.scene.detections['left']}", f"odd={det}", *network),
        *(["--no-video"] if number % 2 else []),
    )
    assert (place.given / "run/tracks/left.txt").is_file()


_number = st.integers(0, 1 << 10)
TARGETS = {
    "gallery's cells": Target(st.tuples(st.just("cells"), cell_steps(), _number), _gallery, 40),
    "gallery's bytes": Target(st.tuples(st.just("bytes"), byte_steps(), _number), _gallery, 20),
    "weights' card": Target(st.tuples(one_of("card", "card", "header"), json_steps()), _weights, 25),
    "weights' bytes": Target(st.tuples(st.just("bytes"), byte_steps()), _weights, 15),
    "picture": Target(
        st.tuples(one_of("picture.png", "picture.jpg", "picture.bmp", "picture.webp"), byte_steps()), _picture, 80
    ),
    "video": Target(st.tuples(one_of("small.mp4", "small.mkv", "small.avi"), byte_steps()), _video, 60),
    "recording": Target(st.tuples(one_of("small.mp4", "small.mkv", "small.avi"), byte_steps(), _number), _recording, 4),
}
