"""Selection of the crops that are embedded: for each track, the best crop of each window of time.

Embedding every box costs much and adds little, since neighbouring frames look alike; the best crop of each window of,
say, half a second covers the track's whole time with its clearest pictures. Windows lie on one grid for all tracks of a
camera, counted from the run's origin, so the choice depends on the frames so far alone: not on batches.
Held in memory are the resized crops of open windows, and one of each recent track that had nothing better to give.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from reidtrack.embed.preprocess import cut_crops
from reidtrack.embed.quality import UsualAspect, box_quality, sharp_quality, visibility
from reidtrack.types import FloatArray, Frame, ImageArray, Tracks

_GOLDEN = (math.sqrt(5) - 1) / 2
"""Multiples of it, without their whole parts, lie far apart from each other however many there are."""


@dataclass(frozen=True, eq=False, slots=True)
class Candidate:
    """A crop that is to be embedded.

    Attributes:
        camera: Name of the camera.
        track_id: Id within the camera.
        frame: 0-based.
        time_s: Seconds since the run's origin.
        quality: In 0..1.
        crop: (H, W, 3) uint8, BGR, of the network's input size.
    """

    camera: str
    track_id: int
    frame: int
    time_s: float
    quality: float
    crop: ImageArray

    @property
    def key(self) -> tuple[str, int, int]:
        """Camera, track id and frame: what names the crop within a run."""
        return self.camera, self.track_id, self.frame


@dataclass(frozen=True, slots=True)
class _Track:
    """State of one track.

    Attributes:
        seen_s: Time of its last box, seconds.
        best: Best crop of its open window.
        fallback: Best crop so far below the least quality; None once there was one above.
        served: Whether it has given a crop.
    """

    seen_s: float
    best: Candidate | None = None
    fallback: Candidate | None = None
    served: bool = False


class CropSelector:
    """Chooses crops while frames pass.

    Args:
        size_hw: Height and width of the crops, pixels.
        every_s: Length of a window, seconds; 0 takes every box.
        min_quality: Crops below it are left out, unless a track has no other.
        forget_s: A track not seen for so long has ended; at least the tracker's own `max_age`.
        staggered: Whether windows of cameras end one after another, not all at once: live, crops of all cameras at the
            same moment would hold up everything else. Each camera's own choice then depends on how many came before.
        eager: Whether a track's first good crop is given at once, besides the best of its window: live, somebody waits
            to know who it is.
    """

    def __init__(
        self,
        size_hw: tuple[int, int],
        *,
        every_s: float = 0.5,
        min_quality: float = 0.0,
        forget_s: float = 10.0,
        staggered: bool = False,
        eager: bool = False,
    ) -> None:
        self._size_hw = size_hw
        self._every_s = every_s
        self._min_quality = min_quality
        self._forget_s = forget_s
        self._tracks: dict[str, dict[int, _Track]] = {}
        self._window: dict[str, float] = {}
        self._staggered, self._eager = staggered, eager
        self._shift_s: dict[str, float] = {}
        self._usual: dict[str, UsualAspect] = {}

    def offer(self, frame: Frame, tracks: Tracks) -> list[Candidate]:
        """Take in the boxes of a frame; frames of a camera come in order, those without boxes too.

        Args:
            frame: The picture.
            tracks: What the tracker said after it; rows of earlier frames are passed over, their pictures are gone.

        Returns:
            Best crops of the windows that have closed, by track.
        """
        chosen = self._turn(frame.camera, frame.time_s)
        held = self._tracks.setdefault(frame.camera, {})
        now = tracks[tracks.frame == frame.index]
        quality = self._rate(frame, now)
        for track_id, xyxy, q in zip(now.track_id.tolist(), now.xyxy, quality.tolist(), strict=True):
            track = replace(held.get(track_id, _Track(frame.time_s)), seen_s=frame.time_s)
            held[track_id] = self._consider(track, frame, track_id, xyxy, q)
            first = held[track_id].best
            if self._eager and not track.served and first is not None:
                chosen.append(first)
                held[track_id] = _Track(frame.time_s, served=True)
        return chosen + (self._close(frame.camera) if self._every_s == 0 else [])

    def flush(self, camera: str | None = None) -> list[Candidate]:
        """End a camera, or all, and return the crops of open windows and the fallbacks of tracks that gave none."""
        chosen = []
        for name in sorted(self._tracks) if camera is None else [camera]:
            chosen += self._close(name)
            chosen += self._end(name, math.inf)
            self._window.pop(name, None)
        return chosen

    def holds(self, camera: str, track_id: int) -> bool:
        """Whether a crop of a track is held that may still be given, though no box of it comes any more."""
        track = self._tracks.get(camera, {}).get(track_id)
        return track is not None and (track.best is not None or track.fallback is not None)

    def _turn(self, camera: str, time_s: float) -> list[Candidate]:
        """Close the camera's windows where `time_s` lies in another one, and end the tracks that are gone."""
        shift_s = self._shift_s.get(camera)
        if shift_s is None:
            part = len(self._shift_s) * _GOLDEN % 1 if self._staggered else 0.0
            shift_s = self._shift_s[camera] = part * self._every_s
        window = math.floor((time_s + shift_s) / self._every_s) if self._every_s > 0 else time_s
        if self._window.get(camera) == window:
            return []
        self._window[camera] = window
        return self._close(camera) + self._end(camera, time_s)

    def _rate(self, frame: Frame, tracks: Tracks) -> FloatArray:
        """Quality of each box (N,), sharpness left out; learn the usual aspect from those in full view."""
        if not len(tracks):
            return np.zeros(0, np.float32)
        usual, visible = self._usual.get(frame.camera, UsualAspect()), visibility(tracks.xyxy, *frame.size)
        self._usual[frame.camera] = usual.after(tracks.xyxy, visible)
        return box_quality(tracks.xyxy, tracks.score, visible, usual.value)

    def _consider(self, track: _Track, frame: Frame, track_id: int, xyxy: FloatArray, promised: float) -> _Track:
        """Cut the crop out if it may be the best so far, and keep it if it is; of equals, the first stays."""
        if not self._may_serve(track, promised):
            return track
        crops, rows = cut_crops(frame.image, xyxy[None], self._size_hw)
        if len(rows) == 0:
            return track
        quality = promised * sharp_quality(crops[0])
        if not self._may_serve(track, quality):
            return track
        found = Candidate(frame.camera, track_id, frame.index, frame.time_s, quality, crops[0])
        return replace(track, best=found) if quality >= self._min_quality else replace(track, fallback=found)

    def _may_serve(self, track: _Track, quality: float) -> bool:
        """Whether a crop of such quality would be held."""
        good = quality >= self._min_quality
        rival = track.best if good else track.fallback
        return (good or not track.served) and (rival is None or rival.quality < quality)

    def _close(self, camera: str) -> list[Candidate]:
        """Take the best crop of each track's open window."""
        held = self._tracks.get(camera, {})
        chosen = [track.best for _, track in sorted(held.items()) if track.best is not None]
        for candidate in chosen:
            held[candidate.track_id] = _Track(held[candidate.track_id].seen_s, served=True)
        return chosen

    def _end(self, camera: str, now_s: float) -> list[Candidate]:
        """Forget tracks that are gone; those that never gave a crop give their fallback."""
        held = self._tracks.get(camera, {})
        gone = sorted(i for i, track in held.items() if now_s - track.seen_s > self._forget_s)
        ended = [held.pop(track_id) for track_id in gone]
        return [track.fallback for track in ended if track.fallback is not None]
