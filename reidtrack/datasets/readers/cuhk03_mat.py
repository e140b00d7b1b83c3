"""The official `cuhk-03.mat`: MATLAB 7.3, which is HDF5, read with h5py."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reidtrack.datasets.archive import cache_name
from reidtrack.datasets.readers.cuhk03_flat import person_number
from reidtrack.datasets.readers.cuhk03_np import Boxes
from reidtrack.errors import DeviceError, InputError, OutputError
from reidtrack.fetch import cache_folder
from reidtrack.image import MOST_PIXELS
from reidtrack.plain_file import check_plain
from reidtrack.types import ImageArray

logger = logging.getLogger(__name__)

FILE = "cuhk-03.mat"
_VIEW_IMAGES = 5
"""Of a person's ten images, the first five are by view 1."""


def extract_images(mat: Path, boxes: Boxes, cache: Path | None = None) -> Path:
    """Write the file's images of one kind of boxes once as PNG (lossless) into the cache, and return their folder.

    Raises:
        InputError: If the file is damaged or another one.
        DeviceError: If h5py is not installed.
        OutputError: If the cache cannot be written.
    """
    target = (cache or cache_folder()) / "datasets" / cache_name(mat) / boxes
    if target.is_dir():
        return target
    logger.info("writing the %s images of %s into %s", boxes, mat, target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{boxes}.", dir=target.parent))
    except OSError as error:
        raise OutputError("the cache cannot be written", where=target.parent, hint="set REIDTRACK_CACHE") from error
    try:
        with _open(mat) as file:
            _write_all(_images(file, mat, boxes), part)
        if not target.is_dir():
            part.rename(target)
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror}", where=target, hint="set REIDTRACK_CACHE") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return target


def read_testsets(mat: Path) -> list[list[int]]:
    """Read the ids of the persons tested in each split of the classic protocol.

    Raises:
        InputError: If the file is damaged or another one.
        DeviceError: If h5py is not installed.
    """
    with _open(mat) as file:
        if "testsets" not in file:
            raise InputError("holds no test sets", where=mat, expected="the official file")
        tables = [_array(file[ref], mat).T.astype(int) for ref in _array(file["testsets"], mat).ravel()]
    return [[person_number(int(pair), int(person)) for pair, person in table] for table in tables]


def _open(mat: Path) -> Any:
    """An h5py.File; typed loosely because h5py is an extra."""
    try:
        import h5py
    except ImportError as error:
        raise DeviceError(f"reading {FILE} needs h5py", hint="pip install 'reidtrack[cuhk03]'") from error
    try:
        check_plain(mat)
        return h5py.File(mat, "r")
    except OSError as error:
        raise InputError("is no MATLAB 7.3 file, or a damaged one", where=mat, hint="copy it again") from error


def _array(found: Any, mat: Path) -> NDArray[Any]:
    """Content of a data set of the file.

    Raises:
        InputError: If it is none, or says that it holds more numbers than a picture has.
    """
    size = getattr(found, "size", None)
    if size is None or size > 3 * MOST_PIXELS:
        what = "is laid out in another way" if size is None else f"holds a table of {size:,} numbers"
        raise InputError(what, where=mat, expected="the official file")
    return np.asarray(found)


def _images(file: Any, mat: Path, boxes: Boxes) -> Iterator[tuple[str, ImageArray]]:
    """Iterate over name and BGR pixels (H, W, 3) of each image; MATLAB's cells without one are passed over."""
    if boxes not in file:
        raise InputError(f"holds no {boxes} boxes", where=mat, expected="the official file")
    for pair, pair_ref in enumerate(_array(file[boxes], mat).ravel(), start=1):
        cells = _array(file[pair_ref], mat).T  # (persons, 10) references; HDF5 turns MATLAB's axes round
        for person, row in enumerate(cells, start=1):
            for number, ref in enumerate(row, start=1):
                pixels = _array(file[ref], mat)
                if pixels.ndim == 3 and pixels.size:
                    view = 1 if number <= _VIEW_IMAGES else 2
                    rgb = pixels.T.astype(np.uint8)  # (3, W, H) -> (H, W, 3)
                    yield f"{pair}_{person:03d}_{view}_{number:02d}.png", np.ascontiguousarray(rgb[..., ::-1])


def _write_all(images: Iterator[tuple[str, ImageArray]], folder: Path) -> None:
    """Write images while the next ones are read; only a few wait in memory."""
    import cv2

    def write(item: tuple[str, ImageArray]) -> None:
        name, image = item
        (folder / name).write_bytes(cv2.imencode(".png", image)[1].tobytes())

    workers = os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool:
        block = []
        for item in images:
            block.append(item)
            if len(block) == 64 * workers:
                list(pool.map(write, block))
                block = []
        list(pool.map(write, block))
