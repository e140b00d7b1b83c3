"""How a camera was looked at, and who was seen: what is drawn into its recordings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from reidtrack.errors import InputError
from reidtrack.runs.live_history import LiveHistory
from reidtrack.runs.manifest import RunManifest
from reidtrack.runs.sightings import CameraSightings
from reidtrack.types import FloatArray, ImageArray, IntArray
from reidtrack.video.boxes_at import BoxesAt


@dataclass
class Look:
    """How a camera was looked at, and who was seen.

    Attributes:
        turns: Quarter turns clockwise by which its recorded pictures are turned.
        names: Identity to what the person is called.
        boxes: As shares of the turned picture.
    """

    turns: int
    names: Mapping[int, str]
    boxes: BoxesAt

    @classmethod
    def of(
        cls,
        manifest: RunManifest,
        camera: str,
        history: LiveHistory,
        seen: CameraSightings | None,
        names: Mapping[int, str],
    ) -> Look:
        """What is known of a camera."""
        entry = next((entry for entry in manifest.inputs if entry.camera == camera), None)
        turns = int(getattr(entry, "rotate", None) or 0) // 90 % 4
        noted = getattr(entry, "looked_at", None) or getattr(entry, "size", None)
        if seen is None:
            none = np.zeros(0, np.int64)
            return cls(turns, names, BoxesAt(np.zeros(0), none, none, np.zeros((0, 4), np.float32)))
        sizes = history.sizes(camera, seen.time_s)
        if sizes is None and noted is not None:
            sizes = np.array([noted], np.int64)
        if sizes is None:
            what = f"neither run.json nor events.jsonl tells the size of the pictures of {camera}"
            raise InputError(what, where=camera, hint="its people cannot be drawn: leave it out")
        shares = (seen.xyxy / sizes[:, [0, 1, 0, 1]]).astype(np.float32)
        return cls(turns, names, BoxesAt(seen.time_s, seen.track_id, seen.identity, shares))

    def turned(self, image: ImageArray) -> ImageArray:
        """A recorded picture as it was looked at."""
        return np.ascontiguousarray(np.rot90(image, -self.turns)) if self.turns else image

    def people(self, time_s: float, size: tuple[int, int]) -> tuple[FloatArray, IntArray]:
        """Boxes (N, 4) in pixels of a picture of that size, and identities (N,), of a moment."""
        xyxy, identity = self.boxes.at(time_s)
        return xyxy * np.array([*size, *size], np.float32), identity
