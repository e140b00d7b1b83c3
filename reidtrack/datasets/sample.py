"""One image of a re-identification data set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Sample:
    """One image of a re-identification data set.

    Attributes:
        path: The image file.
        person_id: The person's label in the data set.
        camera_id: The camera's number in the data set.
        sequence: Number of the recording, where the file name tells.
        frame: Number of the frame, where the file name tells.
    """

    path: Path
    person_id: int
    camera_id: int
    sequence: int | None = None
    frame: int | None = None
