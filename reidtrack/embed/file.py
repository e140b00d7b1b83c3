"""Files of image features: one NumPy archive with the features, the images' paths and the digest of the weights."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from reidtrack.errors import InputError, OutputError
from reidtrack.files import replacing, unwritable_name
from reidtrack.plain_file import check_plain
from reidtrack.types import FloatArray, HalfArray

FeatureType = Literal["float32", "float16"]
"""As float16 a file has half the size, and cosine distances change by less than 1e-4."""

MAPPED_FROM = 1 << 26
"""Bytes of features from which on they stay in their file."""
_LOCAL_HEADER = 30
"""Bytes before a member of a zip file, without its name and extra field, whose lengths are the last four of these."""


@dataclass(frozen=True, eq=False, slots=True)
class ImageFeatures:
    """Features of image files.

    Attributes:
        paths: N paths, as they were given.
        features: (N, D) float32, rows of unit norm (up to rounding, where they were kept as float16). Those of a large
            file are mapped as they lie there, float16 too: memory need not hold them.
        sha256: Digest of the checkpoint that made them.
    """

    paths: tuple[str, ...]
    features: FloatArray | HalfArray
    sha256: str

    def __post_init__(self) -> None:
        if self.features.ndim != 2 or len(self.features) != len(self.paths):
            raise ValueError(f"ImageFeatures: expected ({len(self.paths)}, D) features, got {self.features.shape}")


def write_features(path: Path, found: ImageFeatures, dtype: FeatureType = "float32") -> None:
    """Write `path` (N,) text, `feature` (N, D) and `sha256` as an `.npz`, whole or not at all.

    Raises:
        OutputError: If it cannot be written.
    """
    names = np.array(found.paths, np.str_)
    feature = found.features.astype(dtype, copy=False)
    try:
        with replacing(path) as file:
            np.savez(file, path=names, feature=feature, sha256=np.array(found.sha256))
    except OSError as error:
        raise OutputError("cannot be written", where=path, hint=error.strerror) from error
    except UnicodeEncodeError as error:
        raise unwritable_name(path, error) from error


def read_features(path: Path) -> ImageFeatures:
    """Read a file that `write_features` wrote.

    Raises:
        InputError: If it cannot be read.
    """
    try:
        check_plain(path)
        with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
            names, sha256 = tuple(str(name) for name in data["path"]), str(data["sha256"])
            mapped = _mapped(path)
            features = data["feature"].astype(np.float32) if mapped is None else mapped
            return ImageFeatures(names, features, sha256)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, zipfile.BadZipFile) as error:
        raise InputError("cannot be read", where=path, expected="the file that `reidtrack embed` wrote") from error


def _mapped(path: Path) -> NDArray[Any] | None:
    """The features of a large file that is not compressed, as they lie there; None where they are to be read."""
    with zipfile.ZipFile(path) as archive:
        member = archive.getinfo("feature.npy")
    if member.file_size < MAPPED_FROM or member.compress_type != zipfile.ZIP_STORED:
        return None
    with path.open("rb") as file:
        file.seek(member.header_offset + _LOCAL_HEADER - 4)
        name, extra = (int.from_bytes(file.read(2), "little") for _ in range(2))
        file.seek(member.header_offset + _LOCAL_HEADER + name + extra)
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, by_column, dtype = read(file)
        if by_column or dtype not in (np.float16, np.float32):
            return None
        return np.memmap(path, dtype, "r", file.tell(), shape)
