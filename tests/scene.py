"""A small drawn world: walkers in distinct clothes before several cameras, with exact boxes, as a run's input.

Each camera sees everybody who is there, walking along a lane of their own, under a colour cast of the camera's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from builders import even_times, write_video

from reidtrack.mot import MotRows, write_mot
from reidtrack.types import DoubleArray, ImageArray

SIZE = (224, 160)
FPS = 10.0
CLOTHES = [
    ((40, 40, 220), (200, 200, 200)),
    ((220, 120, 30), (30, 30, 30)),
    ((60, 200, 60), (140, 40, 140)),
    ((30, 210, 230), (90, 60, 20)),
]
"""Upper and lower half of each walker, BGR."""
CASTS = [(1.0, 1.0, 1.0), (1.15, 0.95, 0.85), (0.85, 1.0, 1.1)]
"""What each camera does to blue, green and red."""


@dataclass(frozen=True)
class Scene:
    """Recordings with all that is known about them.

    Attributes:
        folder: Where they lie.
        videos: Camera to its recording.
        detections: Camera to the boxes of everybody in sight, as a `det.txt`.
        truth: Camera to the same boxes with the walker's number, from 1, as id.
        reid: A checkpoint that tells the walkers apart.
    """

    folder: Path
    videos: dict[str, Path]
    detections: dict[str, Path]
    truth: dict[str, Path]
    reid: Path

    def arguments(self, *more: object, cameras: Sequence[str] = ()) -> list[str]:
        """The words of `reidtrack run` for some cameras (all if none are named)."""
        names = list(cameras) or list(self.videos)
        words: list[object] = ["run", "--videos", *(self.videos[name] for name in names)]
        words += ["--detections", *(f"{name}={self.detections[name]}" for name in names)]
        words += ["--reid", self.reid, "--engine", "torch", "--device", "cpu", *more]
        return [str(word) for word in words]


@dataclass(frozen=True)
class Shot:
    """How one camera films.

    Attributes:
        times_s: Of its frames, on its own clock.
        size: Width and height, pixels.
        late_s: How much later than the others it was started.
        walkers: Who is in sight, from 1.
    """

    times_s: Sequence[float] = field(default_factory=lambda: even_times(40, FPS))
    size: tuple[int, int] = SIZE
    late_s: float = 0.0
    walkers: Sequence[int] = (1, 2, 3, 4)


def save_reid(path: Path) -> Path:
    """An untrained OSNet x0.25 for small crops: enough to tell colours apart."""
    import torch

    from reidtrack.models.card import ModelCard
    from reidtrack.models.checkpoint import save_checkpoint
    from reidtrack.models.zoo import build_model

    with torch.random.fork_rng():
        torch.manual_seed(7)
        save_checkpoint(path, build_model("osnet_x0_25").eval(), ModelCard("osnet_x0_25", size_hw=(64, 32)))
    return path


def build_scene(folder: Path, reid: Path, shots: dict[str, Shot] | None = None) -> Scene:
    """Draw a scene: two cameras that see four walkers for four seconds, unless told otherwise."""
    shots = {"left": Shot(), "right": Shot()} if shots is None else shots
    folder.mkdir(parents=True, exist_ok=True)
    videos, detections, truth = {}, {}, {}
    for number, (camera, shot) in enumerate(shots.items()):
        boxes = [visible_boxes(number, shot, time_s) for time_s in shot.times_s]
        images = [draw(number, shot, found) for found in boxes]
        chroma = "yuv444p" if any(side % 2 for side in shot.size) else "yuv420p"
        path = folder / f"{camera}.mp4"
        videos[camera] = write_video(path, shot.times_s, size=shot.size, images=images, pix_fmt=chroma)
        detections[camera], truth[camera] = folder / f"{camera}_det.txt", folder / f"{camera}_gt.txt"
        rows = [(frame, who, *xyxy) for frame, found in enumerate(boxes) for who, xyxy in found.items()]
        table = np.array(rows, np.float64).reshape(-1, 6)
        write_mot(
            detections[camera], MotRows.of(table[:, 0], -np.ones(len(table)), table[:, 2:], 0.9 + 0 * table[:, 0])
        )
        write_mot(truth[camera], MotRows.of(table[:, 0], table[:, 1], table[:, 2:], 1 + 0 * table[:, 0]))
    return Scene(folder, videos, detections, truth, reid)


def visible_boxes(camera: int, shot: Shot, time_s: float) -> dict[int, DoubleArray]:
    """Walker to their box in a camera, `time_s` on its own clock; those who have left are not there."""
    width, height = shot.size
    now_s, boxes = time_s + shot.late_s, {}
    for who in shot.walkers:
        speed = (10 + 4 * who) * (1 if (who + camera) % 2 else -1)
        x = width * (0.1 + 0.2 * who) + speed * (now_s - 2) - 10
        bottom = height * (0.5 + 0.11 * who)
        box = np.array([x, bottom - 66, x + 22, bottom])
        if box[0] >= 0 and box[2] <= width and box[1] >= 0 and box[3] <= height:
            boxes[who] = box
    return boxes


def draw(camera: int, shot: Shot, boxes: dict[int, DoubleArray]) -> ImageArray:
    """A picture of the walkers before a textured wall."""
    width, height = shot.size
    noise = np.random.default_rng(camera).integers(90, 150, (height // 8 + 1, width // 8 + 1, 1))
    image = np.repeat(np.repeat(noise, 8, axis=0), 8, axis=1)[:height, :width].repeat(3, axis=2).astype(np.float64)
    for who, xyxy in sorted(boxes.items(), key=lambda item: item[1][3]):
        x1, y1, x2, y2 = np.round(xyxy).astype(int)
        upper, lower = CLOTHES[(who - 1) % len(CLOTHES)]
        image[y1:y2, x1:x2] = lower
        image[y1 : y1 + 36, x1:x2] = upper
        image[y1 : y1 + 12, x1 + 5 : x2 - 5] = (140, 170, 210)
    return np.clip(image * CASTS[camera % len(CASTS)], 0, 255).astype(np.uint8)
