"""The records that pass between the rooms: frozen, checked on construction, arrays side by side.

Boxes are `xyxy` in pixels (left, top, right, bottom; right and bottom exclusive), frames are 0-based, times are seconds
since the run's origin from real time stamps. Equality is identity (`eq=False`): arrays have no single truth value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
DoubleArray = NDArray[np.float64]
HalfArray = NDArray[np.float16]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
ImageArray = NDArray[np.uint8]

Outputs = tuple[FloatArray, ...]
"""What a network gives for N pictures: one array or several, each (N, ...) float32."""

ChannelOrder = Literal["RGB", "BGR"]
"""In which order a network takes the channels of a picture."""


@dataclass(frozen=True)
class PixelFormat:
    """How the pixels of a picture, uint8 BGR, become the input of a network.

    Attributes:
        channels: The order in which the network takes them.
        pixel_max: What a full channel counts before it is normalised, 1 or 255.
        mean: Taken off each channel, in the order of `channels` and in 0..`pixel_max`.
        std: What each channel is divided by then.
    """

    channels: ChannelOrder = "RGB"
    pixel_max: float = 1.0
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)

    @property
    def is_normalised(self) -> bool:
        """Whether a mean is taken off or a deviation divided by."""
        return any(self.mean) or any(value != 1 for value in self.std)


def check_array(owner: str, name: str, value: Any, shape: tuple[int | None, ...], dtype: type[np.generic]) -> None:
    """Raise ValueError unless `value` is an array of `dtype` whose shape matches `shape` (None matches any length)."""
    if not isinstance(value, np.ndarray):
        raise ValueError(f"{owner}.{name}: expected a numpy array, got {type(value).__name__}")
    fits = value.ndim == len(shape) and all(e is None or e == a for e, a in zip(shape, value.shape, strict=True))
    if not fits:
        wanted = "(" + ", ".join("any" if e is None else str(e) for e in shape) + ")"
        raise ValueError(f"{owner}.{name}: expected shape {wanted}, got {value.shape}")
    if value.dtype != dtype:
        raise ValueError(f"{owner}.{name}: expected dtype {np.dtype(dtype)}, got {value.dtype}")


def _check_boxes(owner: str, xyxy: FloatArray, score: FloatArray) -> None:
    """Raise ValueError unless boxes are finite and ordered and scores lie in 0..1."""
    if not np.isfinite(xyxy).all():
        raise ValueError(f"{owner}.xyxy: expected finite coordinates")
    if (xyxy[:, 2:] < xyxy[:, :2]).any():
        raise ValueError(f"{owner}.xyxy: expected left <= right and top <= bottom")
    if not ((score >= 0) & (score <= 1)).all():
        raise ValueError(f"{owner}.score: expected values in 0..1")


@dataclass(frozen=True, eq=False, slots=True)
class Frame:
    """One picture of one camera.

    Attributes:
        camera: Name of the camera.
        index: Number of the frame within its source, 0-based; skipped frames (stride) keep their numbers.
        time_s: Seconds since the run's origin, from real time stamps plus the camera's offset.
        image: (H, W, 3) uint8, BGR.
        begins_anew: Whether the recording becomes another one here: another program or codec, another shape.
    """

    camera: str
    index: int
    time_s: float
    image: ImageArray
    begins_anew: bool = False

    def __post_init__(self) -> None:
        check_array("Frame", "image", self.image, (None, None, 3), np.uint8)
        if self.index < 0:
            raise ValueError(f"Frame.index: expected 0 or more, got {self.index}")

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.image.shape[1], self.image.shape[0]


@dataclass(frozen=True, eq=False, slots=True)
class Detections:
    """Persons found in one frame.

    Attributes:
        xyxy: (N, 4) float32, pixels.
        score: (N,) float32 in 0..1.
    """

    xyxy: FloatArray
    score: FloatArray

    def __post_init__(self) -> None:
        check_array("Detections", "xyxy", self.xyxy, (None, 4), np.float32)
        check_array("Detections", "score", self.score, (len(self.xyxy),), np.float32)
        _check_boxes("Detections", self.xyxy, self.score)

    @classmethod
    def empty(cls) -> Detections:
        """Record without detections."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))

    def __len__(self) -> int:
        return len(self.xyxy)

    def __getitem__(self, index: slice | IntArray | BoolArray) -> Detections:
        """Select rows by slice, integer or boolean array."""
        return Detections(self.xyxy[index], self.score[index])


@dataclass(frozen=True, eq=False, slots=True)
class Tracks:
    """Rows that a tracker gives after one frame: boxes with ids.

    Most rows are of the current frame; rows of earlier frames are those of a track that has only now been confirmed.

    Attributes:
        track_id: (N,) int64 from 1, unique within a camera.
        frame: (N,) int64, 0-based.
        time_s: (N,) float64, seconds since the run's origin.
        xyxy: (N, 4) float32, pixels.
        score: (N,) float32 in 0..1, of the detection the row was matched with.
    """

    track_id: IntArray
    frame: IntArray
    time_s: DoubleArray
    xyxy: FloatArray
    score: FloatArray

    def __post_init__(self) -> None:
        n = len(self.track_id)
        check_array("Tracks", "track_id", self.track_id, (None,), np.int64)
        check_array("Tracks", "frame", self.frame, (n,), np.int64)
        check_array("Tracks", "time_s", self.time_s, (n,), np.float64)
        check_array("Tracks", "xyxy", self.xyxy, (n, 4), np.float32)
        check_array("Tracks", "score", self.score, (n,), np.float32)
        _check_boxes("Tracks", self.xyxy, self.score)

    @classmethod
    def empty(cls) -> Tracks:
        """Record without rows."""
        ints = np.zeros(0, np.int64)
        return cls(ints, ints, np.zeros(0, np.float64), np.zeros((0, 4), np.float32), np.zeros(0, np.float32))

    def __len__(self) -> int:
        return len(self.track_id)

    def __getitem__(self, index: slice | IntArray | BoolArray) -> Tracks:
        """Select rows by slice, integer or boolean array."""
        return Tracks(self.track_id[index], self.frame[index], self.time_s[index], self.xyxy[index], self.score[index])


TrackletKey = tuple[str, int]
"""Camera and track id: what names a tracklet within a run."""


@dataclass(frozen=True, eq=False, slots=True)
class Tracklet:
    """Boxes of one person in one camera, without a gap that the tracker could not bridge.

    Attributes:
        camera: Name of the camera.
        track_id: Id within the camera.
        frame: (T,) int64, 0-based, strictly increasing.
        time_s: (T,) float64, seconds since the run's origin.
        xyxy: (T, 4) float32, pixels.
        score: (T,) float32 in 0..1; 0 marks a box interpolated between two detections.
        features: (K, D) float32, rows of unit norm, of the embedded crops.
        feature_frame: (K,) int64, the frame each feature was taken from.
        feature_quality: (K,) float32 in 0..1.
        split_from: Track id in the tracker's log, where association cut this part off a track; None elsewhere.
    """

    camera: str
    track_id: int
    frame: IntArray
    time_s: DoubleArray
    xyxy: FloatArray
    score: FloatArray
    features: FloatArray
    feature_frame: IntArray
    feature_quality: FloatArray
    split_from: int | None = None

    def __post_init__(self) -> None:
        n, k = len(self.frame), len(self.features)
        check_array("Tracklet", "frame", self.frame, (None,), np.int64)
        check_array("Tracklet", "time_s", self.time_s, (n,), np.float64)
        check_array("Tracklet", "xyxy", self.xyxy, (n, 4), np.float32)
        check_array("Tracklet", "score", self.score, (n,), np.float32)
        check_array("Tracklet", "features", self.features, (None, None), np.float32)
        check_array("Tracklet", "feature_frame", self.feature_frame, (k,), np.int64)
        check_array("Tracklet", "feature_quality", self.feature_quality, (k,), np.float32)
        if n == 0:
            raise ValueError("Tracklet.frame: expected at least one box")
        if (np.diff(self.frame) <= 0).any():
            raise ValueError("Tracklet.frame: expected strictly increasing frames")

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def key(self) -> TrackletKey:
        """Camera and track id, which name the tracklet within a run."""
        return self.camera, self.track_id

    def part(self, rows: BoolArray, features: slice | BoolArray) -> Tracklet:
        """Tracklet of some boxes, `rows` (T,) bool, and of some features, `features` (K,)."""
        return replace(
            self,
            frame=self.frame[rows],
            time_s=self.time_s[rows],
            xyxy=self.xyxy[rows],
            score=self.score[rows],
            features=self.features[features],
            feature_frame=self.feature_frame[features],
            feature_quality=self.feature_quality[features],
        )

    @property
    def logged_id(self) -> int:
        """Track id in the tracker's log."""
        return self.track_id if self.split_from is None else self.split_from

    @property
    def first_time_s(self) -> float:
        """Time of the first box, seconds."""
        return float(self.time_s[0])

    @property
    def last_time_s(self) -> float:
        """Time of the last box, seconds."""
        return float(self.time_s[-1])


LinkDecision = Literal["appearance", "evidence", "cluster", "must_link"]
"""What decided that two tracklets are one person.

`appearance`: their distance lies within the threshold. `evidence`: beyond it, but evidence of space and time makes up
for that. `cluster`: neither; the person's other tracklets outweigh it. `must_link`: a user said so.
"""


@dataclass(frozen=True, slots=True)
class Link:
    """Why one tracklet was joined to another.

    Attributes:
        a: Camera and track id of the tracklet that was joined.
        b: Camera and track id of the tracklet it was joined to.
        distance: Appearance distance of the two, 0 (same) to 2.
        margin: By how much the runner-up was farther away; infinity where there was none.
        runner_up: Camera and track id of the nearest tracklet of somebody else, or None.
        terms: Further named terms of the decision (space-time, plan view).
        probability: Calibrated probability that both are one person, or None while nothing is calibrated.
        decision: What decided it.
    """

    a: tuple[str, int]
    b: tuple[str, int]
    distance: float
    margin: float
    terms: dict[str, float] = field(default_factory=dict)
    probability: float | None = None
    decision: LinkDecision = "appearance"
    runner_up: tuple[str, int] | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Identity:
    """One person over all cameras.

    Attributes:
        id: From 1, in order of first appearance.
        tracklets: At least one, sorted by time, then camera and track id.
        feature: (D,) float32 of unit norm, the mean over its tracklets; D is 0 where nothing was embedded.
        links: What joined the tracklets; one fewer than tracklets.
        name: What the user calls the person, or None.
    """

    id: int
    tracklets: tuple[Tracklet, ...]
    feature: FloatArray
    links: tuple[Link, ...] = ()
    name: str | None = None

    def __post_init__(self) -> None:
        check_array("Identity", "feature", self.feature, (None,), np.float32)
        if self.id < 1:
            raise ValueError(f"Identity.id: expected 1 or more, got {self.id}")
        if not self.tracklets:
            raise ValueError("Identity.tracklets: expected at least one")

    def __iter__(self) -> Iterator[Tracklet]:
        return iter(self.tracklets)

    @property
    def cameras(self) -> tuple[str, ...]:
        """Names of the cameras that saw the person, sorted."""
        return tuple(sorted({t.camera for t in self.tracklets}))

    @property
    def first_time_s(self) -> float:
        """Time of the first box, seconds."""
        return min(t.first_time_s for t in self.tracklets)

    @property
    def last_time_s(self) -> float:
        """Time of the last box, seconds."""
        return max(t.last_time_s for t in self.tracklets)
