"""Split files of CUHK03's new protocol, `cuhk03_new_protocol_config_<boxes>.mat` (MATLAB 5)."""

from __future__ import annotations

import errno
import io
import struct
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from reidtrack.errors import InputError
from reidtrack.plain_file import read_plain

FILE = "cuhk03_new_protocol_config_{boxes}.mat"
MOST_BYTES = 1 << 26
"""Of a split file, packed and unpacked; the published ones have 76 kB."""
_HEADER_BYTES, _COMPRESSED, _PIECE_BYTES = 128, 15, 1 << 20
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

    damaged = (OSError, ValueError, TypeError, EOFError, KeyError, IndexError, NotImplementedError, MemoryError)
    try:
        data = read_plain(path, MOST_BYTES)
        _check_unpacked(data)
        file: Any = io.BytesIO(data)
        content = loadmat(file, variable_names=_FIELDS)
    except (*damaged, struct.error, zlib.error, MatReadError) as error:
        hint = (error.strerror if isinstance(error, OSError) else None) or "copy it again"
        raise InputError("cannot be read as a split file", where=path, expected="MATLAB 5", hint=hint) from error
    absent = [name for name in _FIELDS if name not in content]
    if absent:
        raise InputError(f"lacks {', '.join(absent)}", where=path, expected=f"fields {', '.join(_FIELDS)}")
    try:
        stems = [Path(str(np.asarray(name).item())).stem for name in content["filelist"].ravel()]
        rows = [content[name].ravel().astype(int) - 1 for name in _FIELDS[1:]]  # MATLAB counts from 1
    except (AttributeError, ValueError, TypeError, OverflowError) as error:
        raise InputError("holds other things than names and numbers", where=path, hint="copy it again") from error
    if any(len(part) and not 0 <= part.min() <= part.max() < len(stems) for part in rows):
        raise InputError("names images beyond its file list", where=path, hint="copy it again")
    return Lists(*([stems[row] for row in part] for part in rows))


def _check_unpacked(data: bytes) -> None:
    """Raise if the compressed elements of a MATLAB 5 file hold more than `MOST_BYTES` together.

    MAT-File Format (MathWorks), "Level 5 MAT-File Format": a header of 128 bytes, then elements of type, size and data.

    Raises:
        OSError: If they do.
        struct.error, zlib.error: If the file is damaged.
    """
    order, at, unpacked = ("<" if data[126:128] == b"IM" else ">"), _HEADER_BYTES, 0
    while at + 8 <= len(data):
        kind, size = struct.unpack_from(f"{order}II", data, at)
        if kind == _COMPRESSED:
            packed, stream = data[at + 8 : at + 8 + size], zlib.decompressobj()
            while packed and not stream.eof:
                unpacked += len(stream.decompress(packed, _PIECE_BYTES))
                packed = stream.unconsumed_tail
                if unpacked > MOST_BYTES:
                    raise OSError(errno.EFBIG, f"it holds more than {MOST_BYTES >> 20} MB, compressed")
        at += 8 + size
