"""An index beside a file of millions of features: faiss names candidates, the file's own numbers rank them.

For each vector it holds 64 bytes: its largest components of all vectors' (principal component analysis), four bits each
(product quantization, Jégou, Douze and Schmid, 2011; `IndexPQFastScan`). Its file is plain arrays, checked like
any other. It knows each vector by a digest: whoever is taken out of the file of features is taken out of the index by
the next search, and who has come is put in.
"""

from __future__ import annotations

import importlib.util
import logging
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from reidtrack.embed.nearest import Nearest
from reidtrack.errors import InputError, OutputError, UsageError
from reidtrack.files import replacing
from reidtrack.plain_file import check_plain
from reidtrack.types import FloatArray, HalfArray, IntArray

logger = logging.getLogger(__name__)

INDEX_FROM = 5_000_000
"""Vectors from which on an index is worth its making: all are compared in seven seconds (docs/results/parts.md)."""
_PARTS, _BITS = 128, 4
_TRAINED_ON = 65_536
_ROUNDS = 10
"""Of k-means, over 16 numbers each; not tuned."""
_CANDIDATES = 2000
"""Vectors of each query that are ranked by their own numbers, at least."""
_ROWS = 65_536
"""Vectors that are in memory at once."""


class Codes(NamedTuple):
    """What the file of an index holds.

    Attributes:
        size: Bytes of the file of features, and when it was changed last, nanoseconds since 1970.
        key: (N,) uint64 digest of each vector.
        code: (N, 64) uint8.
        mean: (D,) of all vectors.
        axes: (D, 128) principal components.
        centroid: (128, 16, 1) what each four bits of a code stand for.
    """

    size: IntArray
    key: Any
    code: Any
    mean: FloatArray
    axes: FloatArray
    centroid: FloatArray


class FeatureIndex:
    """Finds the nearest vectors without looking at all of them.

    Args:
        codes: Of each vector, in the file's order.
    """

    def __init__(self, codes: Codes) -> None:
        import faiss

        self._codes = codes
        plain = faiss.IndexPQ(_PARTS, _PARTS, _BITS, faiss.METRIC_INNER_PRODUCT)
        faiss.copy_array_to_vector(codes.centroid.ravel(), plain.pq.centroids)
        faiss.copy_array_to_vector(codes.code.ravel(), plain.codes)
        plain.ntotal, plain.is_trained = len(codes.code), True
        packed: Any = faiss.IndexPQFastScan
        self._faiss: Any = packed(plain)

    def nearest(self, queries: FloatArray, features: FloatArray | HalfArray, count: int) -> Nearest:
        """The nearest vectors to queries (Q, D), unit rows, as `nearest.nearest` has them.

        Args:
            queries: Unit rows.
            features: (N, D) the vectors that the index is of, which need not be in memory.
            count: How many for each query, 1 or more.
        """
        count = min(count, len(features))
        rows, distance = np.zeros((len(queries), count), np.int64), np.zeros((len(queries), count), np.float32)
        looked_at = min(len(features), max(_CANDIDATES, 10 * count))
        for i, query in enumerate(queries):
            _, found = self._faiss.search((query @ self._codes.axes)[None].astype(np.float32), looked_at)
            near = np.sort(found[0][found[0] >= 0])
            far = np.clip(1 - np.asarray(features[near], np.float32) @ query, 0, 2)
            order = np.argsort(far, kind="stable")[:count]
            rows[i], distance[i] = near[order], far[order]
        return Nearest(rows, distance)


def index_path(features: Path) -> Path:
    """Where the index of a file of features lies."""
    return features.with_name(features.name + ".index")


def make_index(path: Path, features: FloatArray | HalfArray) -> None:
    """Write the index of a file of features beside it, in place of one that is there.

    Args:
        path: The file of features.
        features: (N, D) unit rows that it holds.

    Raises:
        UsageError: If faiss is not installed, or there are too few vectors to learn from.
        OutputError: If it cannot be written.
    """
    if importlib.util.find_spec("faiss") is None:
        raise UsageError("an index is made by faiss, which is not installed", hint="pip install 'reidtrack[faiss]'")
    if len(features) < 16 or features.shape[1] < 1:
        raise UsageError(f"holds {len(features)} features", where=path, expected="more, for an index of them")
    some = np.sort(np.random.default_rng(0).choice(len(features), min(len(features), _TRAINED_ON), replace=False))
    rows = np.asarray(features[some], np.float32)
    mean = rows.mean(axis=0)
    axes = np.zeros((rows.shape[1], _PARTS), np.float32)
    own = np.linalg.eigh((rows - mean).T @ (rows - mean))[1][:, ::-1][:, :_PARTS]
    axes[:, : own.shape[1]] = own
    found = Codes(
        _size_of(path), np.zeros(0, np.uint64), np.zeros((0, 0)), mean, axes, _centroids((rows - mean) @ axes)
    )
    key = _digests(features)
    _write(path, found._replace(key=key, code=_encoded(features, np.arange(len(features)), found)))


def open_index(path: Path, features: FloatArray | HalfArray) -> FeatureIndex | None:
    """The index of a file of features; None where none lies beside it, or faiss is not installed, which is said.

    Where the file has changed since, the index is first made to hold what the file holds, and nothing else.

    Raises:
        InputError: If the index cannot be read.
        OutputError: If it has changed and cannot be written.
    """
    if not index_path(path).exists():
        return None
    if importlib.util.find_spec("faiss") is None:
        logger.warning("%s is not used, all are compared: pip install 'reidtrack[faiss]'", index_path(path))
        return None
    codes = _read(index_path(path), features.shape[1])
    if (codes.size != _size_of(path)).any() or len(codes.key) != len(features):
        codes = _brought_up_to_date(codes, features)._replace(size=_size_of(path))
        _write(path, codes)
    return FeatureIndex(codes)


def _brought_up_to_date(codes: Codes, features: FloatArray | HalfArray) -> Codes:
    key = _digests(features)
    order = np.argsort(codes.key, kind="stable")
    place = np.minimum(np.searchsorted(codes.key[order], key), max(0, len(order) - 1))
    known = codes.key[order][place] == key if len(order) else np.zeros(len(key), np.bool_)
    code = np.zeros((len(key), codes.code.shape[1]), np.uint8)
    code[known] = codes.code[order[place[known]]]
    new = np.flatnonzero(~known)
    code[new] = _encoded(features, new, codes)
    return codes._replace(key=key, code=code)


def _centroids(rows: FloatArray) -> FloatArray:
    import faiss

    quantizer = faiss.ProductQuantizer(_PARTS, _PARTS, _BITS)
    quantizer.cp.niter = _ROUNDS
    quantizer.train(np.ascontiguousarray(rows, np.float32))
    found: FloatArray = faiss.vector_to_array(quantizer.centroids).reshape(_PARTS, 1 << _BITS, 1)
    return found


def _encoded(features: FloatArray | HalfArray, rows: IntArray, codes: Codes) -> Any:
    """Codes (R, 64) of some vectors."""
    import faiss

    quantizer = faiss.ProductQuantizer(_PARTS, _PARTS, _BITS)
    faiss.copy_array_to_vector(codes.centroid.ravel(), quantizer.centroids)
    found = np.zeros((len(rows), quantizer.code_size), np.uint8)
    for begin in range(0, len(rows), _ROWS):
        part = rows[begin : begin + _ROWS]
        near = (np.asarray(features[part], np.float32) - codes.mean) @ codes.axes
        found[begin : begin + len(part)] = quantizer.compute_codes(np.ascontiguousarray(near, np.float32))
    return found


def _digests(features: FloatArray | HalfArray) -> Any:
    """Digest (N,) uint64 of each vector's numbers: a sum of products with odd ones, modulo 2^64."""
    factor = np.random.default_rng(0).integers(0, 1 << 63, features.shape[1], np.uint64) * np.uint64(2) + np.uint64(1)
    found = np.zeros(len(features), np.uint64)
    for begin in range(0, len(features), _ROWS):
        part = np.asarray(features[begin : begin + _ROWS], np.float32).view(np.uint32).astype(np.uint64)
        found[begin : begin + len(part)] = part @ factor
    return found


def _size_of(path: Path) -> IntArray:
    try:
        told = path.stat()
    except OSError as error:
        raise InputError("cannot be read", where=path, hint=error.strerror) from error
    return np.array([told.st_size, told.st_mtime_ns], np.int64)


def _write(path: Path, codes: Codes) -> None:
    try:
        with replacing(index_path(path)) as file:
            np.savez(file, **codes._asdict())
    except OSError as error:
        raise OutputError("cannot be written", where=index_path(path), hint=error.strerror) from error


def _read(path: Path, length: int) -> Codes:
    """Read the file of an index of vectors of so many numbers."""
    hint = "delete it; a search with an index makes it anew"
    try:
        check_plain(path)
        with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
            codes = Codes(*(data[name] for name in Codes._fields))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, zipfile.BadZipFile) as error:
        raise InputError("cannot be read", where=path, expected="an index of features", hint=hint) from error
    count = len(codes.key) if codes.key.ndim else 0
    wanted = (
        ((2,), np.int64),
        ((count,), np.uint64),
        ((count, _PARTS * _BITS // 8), np.uint8),
        ((length,), np.float32),
        ((length, _PARTS), np.float32),
        ((_PARTS, 1 << _BITS, 1), np.float32),
    )
    for name, array, (shape, dtype) in zip(Codes._fields, codes, wanted, strict=True):
        if array.shape != shape or array.dtype != dtype:
            what = f"is damaged: its {name} is {array.dtype} {array.shape}"
            raise InputError(what, where=path, expected=f"{np.dtype(dtype)} {shape}", hint=hint)
    return codes
