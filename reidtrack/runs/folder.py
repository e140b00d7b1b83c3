"""The folder of a run: what lies where in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from reidtrack.errors import InputError, param
from reidtrack.files import write_whole
from reidtrack.runs.day_pages import DAY_PAGES
from reidtrack.runs.json_file import read_json
from reidtrack.runs.manifest import RunManifest

MOST_BYTES = 1 << 26
"""Of `run.json`; one of a thousand cameras has less than a megabyte."""


@dataclass(frozen=True)
class RunFolder:
    """Paths within the folder of a run.

    Attributes:
        path: The folder.
    """

    path: Path

    @property
    def run_json(self) -> Path:
        """Inputs, settings, counts and timings."""
        return self.path / "run.json"

    @property
    def detections(self) -> Path:
        """What was detected in each frame, appended while reading."""
        return self.path / "detections.jsonl"

    @property
    def tracks(self) -> Path:
        """What the trackers made of it, appended while reading."""
        return self.path / "tracks.jsonl"

    @property
    def features_part(self) -> Path:
        """Features so far; becomes `tracklets.npz`."""
        return self.path / "features.part"

    @property
    def tracklets(self) -> Path:
        """Features and indices of all tracklets."""
        return self.path / "tracklets.npz"

    @property
    def calibration(self) -> Path:
        """How the threshold was found, and what others would do."""
        return self.path / "calibration.json"

    @property
    def corrections(self) -> Path:
        """What a person says about the identities; written by hand and by `reidtrack merge` and its like."""
        return self.path / "corrections.yaml"

    @property
    def crops(self) -> Path:
        """Pictures of people, by identity."""
        return self.path / "crops"

    def video(self, camera: str) -> Path:
        """The annotated video of a camera."""
        return self.path / f"{camera}.mp4"

    @property
    def mosaic(self) -> Path:
        """The tiled video of all cameras."""
        return self.path / "mosaic.mp4"

    @property
    def report(self) -> Path:
        """The page that shows the run."""
        return self.path / "report.html"

    @property
    def day_pages(self) -> Path:
        """Folder of the pages of days, where `report.html` is the front page of several."""
        return self.path / DAY_PAGES

    @property
    def evaluation(self) -> Path:
        """How good the run is, where ground truth was given."""
        return self.path / "evaluation.json"

    @property
    def blame(self) -> Path:
        """Which stage, tracklets and links lost the points; `blame.html` shows the same."""
        return self.path / "blame.json"

    @property
    def identities(self) -> Path:
        """Who was where, tracklet by tracklet."""
        return self.path / "identities.json"

    def read_manifest(self) -> RunManifest:
        """What `run.json` says.

        Raises:
            InputError: If the folder holds no run, or one of another version.
        """
        if not self.run_json.is_file():
            raise InputError("holds no run", where=self.path, expected="the folder of a run")
        try:
            data = read_json(self.run_json, MOST_BYTES)
        except InputError as error:
            hint = f"run again with {param('overwrite', True)}"
            raise InputError(error.what, where=self.run_json, expected=error.expected, hint=hint) from error
        return RunManifest.from_json(data, self.run_json)

    def write_manifest(self, manifest: RunManifest) -> None:
        """Write `run.json`, whole or not at all.

        Raises:
            OutputError: If it cannot be written.
        """
        write_whole(self.run_json, json.dumps(manifest.to_json(), indent=1) + "\n")
