"""One live camera by BoxMOT or by Ultralytics: a process that `live_capacity.py` starts in their environment.

    python other_live.py boxmot|ultralytics VIDEO FPS DETECTOR REID TOLD.json

It imports nothing of reidtrack. A thread plays the file over and over at the given pace and keeps the newest picture,
as the stream loader of Ultralytics does; the tracker takes the newest there is, and what it never took is missed. Each
second the counts so far are written to TOLD.json.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Camera:
    """Plays a file in real time and keeps the newest picture.

    Attributes:
        came: How many pictures there were.
        missed: How many of them nobody took.
    """

    def __init__(self, video: str, fps: float) -> None:
        self.came = self.missed = 0
        self._video, self._fps = video, fps
        self._newest: Any = None
        self._changed = threading.Condition()
        threading.Thread(target=self._play, daemon=True).start()

    def take(self) -> tuple[Any, float]:
        """The newest picture and when it came; waits for one that was not taken."""
        with self._changed:
            self._changed.wait_for(lambda: self._newest is not None)
            newest, self._newest = self._newest, None
            return newest

    def _play(self) -> None:
        import cv2

        capture, due_s = cv2.VideoCapture(self._video), time.monotonic()
        while True:
            there, picture = capture.read()
            if not there:
                capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
                continue
            due_s += 1 / self._fps
            time.sleep(max(0.0, due_s - time.monotonic()))
            with self._changed:
                self.came += 1
                self.missed += self._newest is not None
                self._newest = picture, time.monotonic()
                self._changed.notify()


def by_ultralytics(detector: str, reid: str) -> Callable[[Any], int]:
    """`model.track(persist=True)`, which follows by motion and overlap alone."""
    from ultralytics import YOLO

    del reid
    model = YOLO(detector, task="detect")

    def follow(picture: Any) -> int:
        return len(model.track(picture, persist=True, classes=[0], device="cpu", verbose=False)[0].boxes)

    return follow


def by_boxmot(detector: str, reid: str) -> Callable[[Any], int]:
    """Detection by Ultralytics, BoT-SORT of BoxMOT with looks."""
    import numpy as np
    import torch
    from boxmot import BotSort
    from ultralytics import YOLO

    model = YOLO(detector, task="detect")
    tracker = BotSort(reid_weights=Path(reid), device=torch.device("cpu"), half=False)

    def follow(picture: Any) -> int:
        found = model.predict(picture, classes=[0], device="cpu", verbose=False)[0].boxes.data.cpu().numpy()
        return len(tracker.update(found.astype(np.float32), picture))

    return follow


METHODS = {"boxmot": by_boxmot, "ultralytics": by_ultralytics}


def main() -> None:
    method, video, fps, detector, reid, told = sys.argv[1:]
    follow = METHODS[method](detector, reid)
    camera, seen, boxes, delays = Camera(video, float(fps)), 0, 0, list[float]()
    said_s = 0.0
    while True:
        picture, came_s = camera.take()
        boxes += follow(picture)
        seen += 1
        delays = [*delays[-299:], time.monotonic() - came_s]
        if time.monotonic() - said_s >= 1:
            said_s = time.monotonic()
            counts = {
                "seen": seen,
                "missed": camera.missed,
                "boxes": boxes,
                "delay_p95_s": sorted(delays)[int(0.95 * len(delays))],
            }
            part = Path(f"{told}.part")
            part.write_text(json.dumps(counts))
            part.replace(told)


if __name__ == "__main__":
    main()
