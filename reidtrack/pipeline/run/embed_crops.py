"""The last stage of a tracking pass: chosen crops are embedded in batches, and tracklets made whole."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from reidtrack.embed.embedder import Embedder
from reidtrack.embed.select import Candidate
from reidtrack.pipeline.run.observers import RunObserver
from reidtrack.pipeline.run.resumed import ResumedState
from reidtrack.runs.features import round_feature
from reidtrack.runs.logs import round_tracks
from reidtrack.runtime.stage_times import StageTimes
from reidtrack.track.tracklets import TrackletBuilder
from reidtrack.types import FloatArray, Tracks


@dataclass
class TrackedBatch:
    """What a batch of frames gave.

    Attributes:
        crops: Chosen to be embedded.
        tracks: Camera and what its tracker said, for each frame; left empty where no tracklets are made.
        ended: Camera and track id of tracks of which no more boxes and crops will come; likewise.
    """

    crops: list[Candidate] = field(default_factory=list)
    tracks: list[tuple[str, Tracks]] = field(default_factory=list)
    ended: list[tuple[str, int]] = field(default_factory=list)


class CropEmbedding:
    """Embeds crops as soon as there are enough for a batch.

    Batches are the same in a run that goes on after an interruption as in one that was never interrupted, since the
    last bit of a feature depends on the size of its batch: one of which any feature was not logged is computed whole.

    Args:
        embedder: Turns crops into features.
        batch: How many at once.
        resumed: Features that need not be computed again.
        observers: Told of crops, features, and tracklets that have ended.
        tracklets: Makes tracklets, of the numbers that the logs hold; None makes none.
        times: Told of the work.
        at_once: Embed what there is with each batch of frames: live, features are wanted now, and nothing is resumed.

    Attributes:
        embedded: How many crops are embedded.
    """

    def __init__(
        self,
        embedder: Embedder,
        batch: int,
        resumed: ResumedState,
        observers: Sequence[RunObserver],
        tracklets: TrackletBuilder | None,
        times: StageTimes,
        *,
        at_once: bool = False,
    ) -> None:
        self._embedder, self._batch, self._resumed = embedder, batch, resumed
        self._observers, self._tracklets, self._times = observers, tracklets, times
        self._least = 1 if at_once else batch
        self._waiting: list[Candidate] = []
        self._crops = self.embedded = 0
        self._ended: deque[tuple[int, str, int]] = deque()
        """Tracks that have ended, behind how many crops."""

    def take(self, batch: TrackedBatch) -> None:
        """Take what a batch of frames gave, and embed what makes whole batches of crops."""
        with self._times.measure("embed"):
            self._add(batch)
            while len(self._waiting) >= self._least:
                self._embed()
            self._tell_ended()
        for observer in self._observers:
            observer.on_batch_embedded()

    def finish(self, crops: Sequence[Candidate]) -> None:
        """Take the last crops and embed all that wait; every tracklet ends."""
        with self._times.measure("embed"):
            self._add(TrackedBatch(list(crops)))
            while self._waiting:
                self._embed()
            self._tell_ended()
            for tracklet in [] if self._tracklets is None else self._tracklets.end_all():
                for observer in self._observers:
                    observer.on_tracklet_ended(tracklet)

    def _add(self, batch: TrackedBatch) -> None:
        for crop in batch.crops:
            for observer in self._observers:
                observer.on_crop(crop)
        self._waiting += batch.crops
        self._crops += len(batch.crops)
        self._ended += [(self._crops, *key) for key in batch.ended]
        if self._tracklets is not None:
            for camera, tracks in batch.tracks:
                self._tracklets.add_tracks(camera, round_tracks(tracks))

    def _embed(self) -> None:
        crops, self._waiting = self._waiting[: self._batch], self._waiting[self._batch :]
        features = self._features_of(crops)
        for observer in self._observers:
            observer.on_features(crops, features)
        self.embedded += len(crops)
        if self._tracklets is not None:
            for crop, feature in zip(crops, features, strict=True):
                if feature is not None:
                    self._tracklets.add_feature(*crop.key, crop.quality, round_feature(feature))

    def _features_of(self, crops: Sequence[Candidate]) -> list[FloatArray | None]:
        """The feature (D,) of each crop: logged, if all of them are, else computed; None where a crop gives none."""
        if all(crop.key in self._resumed.rows for crop in crops):
            return [self._resumed.feature(crop.key) for crop in crops]
        result = self._embedder.embed([crop.crop for crop in crops])
        features: list[FloatArray | None] = [None] * len(crops)
        for row, feature in zip(result.rows.tolist(), result.features, strict=True):
            features[row] = feature
        return features

    def _tell_ended(self) -> None:
        """Give away the tracklets whose last crop is embedded."""
        while self._tracklets is not None and self._ended and self._ended[0][0] <= self.embedded:
            _, camera, track_id = self._ended.popleft()
            tracklet = self._tracklets.end(camera, track_id)
            for observer in self._observers:
                observer.on_tracklet_ended(tracklet)
