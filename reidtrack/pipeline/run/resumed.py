"""What an interrupted run left in its logs, from which a resumed one goes on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from reidtrack.pipeline.run.observers import CropKey
from reidtrack.runs.crops import remove_crops
from reidtrack.runs.features import FeatureTable, read_feature_log
from reidtrack.runs.folder import RunFolder
from reidtrack.runs.logs import read_detection_log
from reidtrack.types import Detections, FloatArray


@dataclass(frozen=True, eq=False)
class ResumedState:
    """Detections and features that need not be computed again; none at all for a run that begins.

    Attributes:
        detections: Camera to frame number (0-based) to its detections.
        detections_end: Bytes of the detections' log that hold whole lines.
        features: Features of crops, or None if there is no log of them.
        rows: Camera, track id and frame of a crop to its row in `features`.
    """

    detections: Mapping[str, Mapping[int, Detections]] = field(default_factory=dict)
    detections_end: int = 0
    features: FeatureTable | None = None
    rows: Mapping[CropKey, int] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: RunFolder) -> ResumedState:
        """Read back what an interrupted run logged.

        Raises:
            InputError: If a log cannot be read.
        """
        detections = read_detection_log(folder.detections)
        features = read_feature_log(folder.features_part) if folder.features_part.exists() else None
        rows = {} if features is None else features.rows_by_crop()
        return cls(detections.frames, detections.end, features, rows)

    def feature(self, key: CropKey) -> FloatArray | None:
        """Feature (D,) of a crop, if it was logged."""
        row = self.rows.get(key)
        return None if row is None or self.features is None else self.features.feature[row]


def forget_crops(folder: RunFolder, cameras: Collection[str]) -> None:
    """Remove the pictures that an interrupted run of these cameras kept: they are kept anew as its logs are read."""
    remove_crops(folder.crops, cameras)
