"""Files of image features: one NumPy archive with the features, the images' paths and the digest of the weights."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from reidtrack.errors import InputError
from reidtrack.files import write_lines
from reidtrack.plain_file import check_plain
from reidtrack.types import FloatArray

FeatureType = Literal["float32", "float16"]
"""As float16 a file has half the size, and cosine distances change by less than 1e-4."""


@dataclass(frozen=True, eq=False, slots=True)
class ImageFeatures:
    """Features of image files.

    Attributes:
        paths: N paths, as they were given.
        features: (N, D) float32, rows of unit norm (up to rounding, where they were kept as float16).
        sha256: Digest of the checkpoint that made them.
    """

    paths: tuple[str, ...]
    features: FloatArray
    sha256: str

    def __post_init__(self) -> None:
        if self.features.ndim != 2 or len(self.features) != len(self.paths):
            raise ValueError(f"ImageFeatures: expected ({len(self.paths)}, D) features, got {self.features.shape}")


def write_features(path: Path, found: ImageFeatures, dtype: FeatureType = "float32") -> None:
    """Write `path` (N,) text, `feature` (N, D) and `sha256` as an `.npz`, whole or not at all.

    Raises:
        OutputError: If it cannot be written.
    """
    buffer = io.BytesIO()
    names = np.array(found.paths, np.str_)
    np.savez(buffer, path=names, feature=found.features.astype(dtype), sha256=np.array(found.sha256))
    write_lines(path, [buffer.getvalue()])


def read_features(path: Path) -> ImageFeatures:
    """Read a file that `write_features` wrote.

    Raises:
        InputError: If it cannot be read.
    """
    try:
        check_plain(path)
        with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
            names, features = tuple(str(name) for name in data["path"]), data["feature"].astype(np.float32)
            return ImageFeatures(names, features, str(data["sha256"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, zipfile.BadZipFile) as error:
        raise InputError("cannot be read", where=path, expected="the file that `reidtrack embed` wrote") from error
