"""Good material that is made odd, and what a kind of odd input is."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from builders import even_times, write_video
from hypothesis import strategies as st
from scene import Scene

from fuzz.harness import Place


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


def copy_run(world: World, place: Place) -> Path:
    run = place.given / "run"
    if not run.exists():
        shutil.copytree(world.finished, run)
    return run


def copy_gallery(world: World, place: Place) -> Path:
    path = place.given / "people.db"
    shutil.copyfile(world.gallery, path)
    return path


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", errors="surrogatepass", newline="")
    return path


def one_of(*names: str) -> st.SearchStrategy[str]:
    return st.sampled_from(names)
