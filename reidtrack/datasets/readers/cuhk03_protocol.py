"""Split files of CUHK03's new protocol, `cuhk03_new_protocol_config_<boxes>.mat` (MATLAB 5)."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from reidtrack.errors import InputError

FILE = "cuhk03_new_protocol_config_{boxes}.mat"
_FIELDS = ("filelist", "train_idx", "query_idx", "gallery_idx")


class Lists(NamedTuple):
    """File names of each split without suffix, such as `1_001_1_01`."""

    train: list[str]
    query: list[str]
    gallery: list[str]


def read_protocol(path: Path) -> Lists:
    """Read a split file.

    Raises:
        InputError: If it is damaged or another one.
    """
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        content = loadmat(str(path), variable_names=_FIELDS)
    except (OSError, ValueError, TypeError, EOFError, NotImplementedError, zlib.error, MatReadError) as error:
        raise InputError(
            "cannot be read as a split file", where=path, expected="MATLAB 5", hint="copy it again"
        ) from error
    absent = [name for name in _FIELDS if name not in content]
    if absent:
        raise InputError(f"lacks {', '.join(absent)}", where=path, expected=f"fields {', '.join(_FIELDS)}")
    stems = [Path(str(np.asarray(name).item())).stem for name in content["filelist"].ravel()]
    rows = [content[name].ravel().astype(int) - 1 for name in _FIELDS[1:]]  # MATLAB counts from 1
    if any(len(part) and not 0 <= part.min() <= part.max() < len(stems) for part in rows):
        raise InputError("names images beyond its file list", where=path, hint="copy it again")
    return Lists(*([stems[row] for row in part] for part in rows))
