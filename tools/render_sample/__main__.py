"""Render the sample scene: three cameras, ten people, exact ground truth.

    python -m tools.render_sample --seed 0 --out samples --work /tmp/sample

Needs `pip install "bpy==4.5.*" numpy av opencv-python-headless pyyaml` with Python 3.11, in an environment of its own.
Frames are kept in the work folder, so that an interrupted rendering goes on where it stopped.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tools.render_sample import cast, clips, files, objects, pictures, place, truth
from tools.render_sample.cameras import CAMERAS, Camera
from tools.render_sample.paths import Motion
from tools.render_sample.person import Person

FPS = 12
logger = logging.getLogger("render_sample")


class Scene:
    """The place with its people at any frame."""

    def __init__(self, seed: int, frames: int, work: Path) -> None:
        rng = np.random.default_rng(seed)
        objects.clear()
        place.build(rng)
        self.cameras: dict[Camera, Any] = {camera: camera.make() for camera in CAMERAS}
        self.to_sun = place.to_sun()
        self.standing = {camera: _kept_depth(camera, work / f"{camera.name}_depth.npz") for camera in CAMERAS}
        parts = cast.cast(rng)
        time_s = np.arange(frames) / FPS
        self.motions: list[Motion] = cast.motions([look for look, _ in parts], time_s, rng)
        self.people = [Person(f"P{i}", look, gait, rng) for i, (look, gait) in enumerate(parts, 1)]

    def pose(self, frame: int) -> list[np.ndarray]:
        """Put everybody where they are at a frame (0-based): the vertices of each, (N, 3)."""
        return [
            person.pose(m.place_m[frame], m.heading[frame], m.phase[frame], m.amplitude[frame])
            for person, m in zip(self.people, self.motions, strict=True)
        ]

    def hide(self, hidden: bool) -> None:
        """Take the people out of the pictures, or put them back."""
        for person in self.people:
            for made in person.objects:
                made.hide_render = hidden


def write_truth(scene: Scene, out: Path, frames: Sequence[int], fps: int) -> None:
    """Write everything that is known of `frames` (0-based), of which the clips show `fps` a second."""
    seen: dict[Camera, list[list[truth.Seen]]] = {camera: [] for camera in CAMERAS}
    for frame in frames:
        people = scene.pose(frame)
        for camera in CAMERAS:
            seen[camera].append(truth.look(camera, people, scene.standing[camera]))
    for camera in CAMERAS:
        files.write_boxes(out / "gt", camera.name, seen[camera])
    places_m = np.stack([motion.place_m[frames] for motion in scene.motions], axis=1)
    files.write_plan(out / "plan.csv", places_m, fps)
    files.write_calibration(out / "calibration.yaml", CAMERAS)


def render_frames(scene: Scene, work: Path, frames: Sequence[int], samples: int) -> None:
    """Render what is not there yet: one picture per camera and frame."""
    scene.hide(True)
    empty = {c: pictures.empty_place(c, made, work / f"{c.name}_empty.png") for c, made in scene.cameras.items()}
    scene.hide(False)
    for frame in frames:
        missing = [camera for camera in CAMERAS if not _frame_path(work, camera, frame).is_file()]
        if not missing:
            continue
        started = time.process_time()
        people = scene.pose(frame)
        for camera in missing:
            mask = pictures.changed(camera, people, scene.to_sun)
            scratch = work / "scratch.png"
            made = scene.cameras[camera]
            image = pictures.picture(camera, made, empty[camera], mask, samples, frame, scratch)
            path = _frame_path(work, camera, frame)
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(scratch), image)
            scratch.replace(path)
        logger.info("frame %d: %.1f CPU-seconds", frame, time.process_time() - started)


def main() -> int:
    """Parse, render, encode."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True, help="where videos and ground truth go")
    parser.add_argument("--work", type=Path, required=True, help="where frames are kept, a folder per seed")
    parser.add_argument("--seconds", type=float, default=14.0)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only each Nth frame, for a quick look")
    parser.add_argument("--samples", type=int, default=4, help="rays per pixel")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--stills", type=float, nargs="*", metavar="S", help="render these seconds and stop")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    work = args.work / f"seed-{args.seed}"
    work.mkdir(parents=True, exist_ok=True)
    args.out.mkdir(parents=True, exist_ok=True)
    count = round(args.seconds * FPS)
    scene = Scene(args.seed, count, work)
    pictures.configure(args.threads)
    if args.stills:
        render_frames(scene, work, [round(s * FPS) for s in args.stills], args.samples)
        return 0
    frames, fps = list(range(0, count, args.every)), max(1, FPS // args.every)
    write_truth(scene, args.out, frames, fps)
    render_frames(scene, work, frames, args.samples)
    for camera in CAMERAS:
        shown = [_frame_path(work, camera, frame) for frame in frames]
        clips.encode(args.out / f"{camera.name}.mp4", shown, fps, camera.balance)
    return 0


def _frame_path(work: Path, camera: Camera, frame: int) -> Path:
    return work / camera.name / f"{frame:04d}.png"


def _kept_depth(camera: Camera, path: Path) -> np.ndarray:
    if not path.is_file():
        np.savez_compressed(path, depth=truth.standing_depth(camera))
    depth: np.ndarray = np.load(path)["depth"]
    return depth


if __name__ == "__main__":
    sys.exit(main())
