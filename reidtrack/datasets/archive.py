"""Archives of data sets, unpacked once into the cache folder."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import logging
import lzma
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from reidtrack.errors import InputError, OutputError
from reidtrack.fetch import cache_folder
from reidtrack.plain_file import check_plain

logger = logging.getLogger(__name__)

_MOST_RATIO = 50
_LEAST_LIMIT = 256 << 20
"""An archive may unpack to 256 MB, or to 50 times its size where that is more: pictures are packed already, tables and
raw pixels shrink to a tenth; what grows a thousandfold is no data set."""
_MOST_HEADER = 1 << 20
"""Largest piece that is read of a tar at once: pictures are copied in smaller ones, a larger one is a false header."""
SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")


def unpacked(path: Path, cache: Path | None = None) -> Path:
    """Folder of a data set: the path itself, or the folder that an archive was unpacked into.

    An archive is unpacked into a folder named after it, its size and its date, which appears only when it is whole.

    Raises:
        InputError: If nothing is there, or it is no folder and no archive, or the archive is damaged.
        OutputError: If the cache cannot be written.
    """
    if path.is_dir():
        return path
    try:
        check_plain(path)
    except FileNotFoundError:
        raise InputError("does not exist", where=path, expected="a data set's folder or archive") from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=path, expected="a folder or archive") from error
    if not is_archive(path):
        return path
    target = (cache or cache_folder()) / "datasets" / cache_name(path)
    if not target.is_dir():
        logger.info("unpacking %s into %s", path, target)
        _unpack(path, target)
    return target


def is_archive(path: Path) -> bool:
    """Whether a file's name says that it is an archive this module unpacks."""
    return path.name.lower().endswith(SUFFIXES)


def cache_name(path: Path) -> str:
    """Name of a file's folder in the cache: the file's name, and a digest of name, size and date."""
    facts = path.stat()
    digest = hashlib.sha256(f"{path.name} {facts.st_size} {facts.st_mtime_ns}".encode()).hexdigest()
    return f"{path.name.split('.')[0]}-{digest[:10]}"


def _unpack(path: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as error:
        raise OutputError("the cache cannot be written", where=target.parent, hint="set REIDTRACK_CACHE") from error
    try:
        _extract(path, part)
        if not target.is_dir():
            part.rename(target)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, RuntimeError, ValueError) as error:
        raise InputError(f"the archive cannot be unpacked: {error}", where=path, hint="copy it again") from error
    except OSError as error:
        if error.errno is None:  # gzip's and lzma's own complaints
            raise InputError(f"the archive is damaged: {error}", where=path, hint="copy it again") from error
        raise OutputError(f"cannot be unpacked: {error.strerror}", where=target, hint="set REIDTRACK_CACHE") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _extract(path: Path, folder: Path) -> None:
    limit = max(_LEAST_LIMIT, _MOST_RATIO * path.stat().st_size)
    if path.name.lower().endswith(".zip"):
        with zipfile.ZipFile(path) as packed:
            _check_size(sum(item.file_size for item in packed.infolist()), limit, path)
            packed.extractall(folder)  # zipfile drops `..` and leading slashes, and stops at the size it was told
    else:
        with _decompressed(path) as file, tarfile.open(fileobj=_Pieces(file), mode="r:") as packed_tar:
            packed_tar.extractall(folder, _bounded(packed_tar, limit, path), filter="data")


def _bounded(packed: tarfile.TarFile, limit: int, path: Path) -> Iterator[tarfile.TarInfo]:
    """Members of a tar, one by one, until they come to more than `limit` bytes."""
    total = 0
    for member in packed:
        total += member.size + tarfile.BLOCKSIZE
        _check_size(total, limit, path)
        yield member


def _check_size(total: int, limit: int, path: Path) -> None:
    if total > limit:
        raise InputError(
            f"unpacks to more than {limit >> 20} MB, from {path.stat().st_size / 2**20:.1f} MB",
            where=path,
            expected="a data set of pictures, which do not shrink so much",
            hint="unpack it yourself and give the folder, if it is one",
        )


def _decompressed(path: Path) -> BinaryIO:
    """Bytes of a tar, whatever it was packed with."""
    with path.open("rb") as file:
        head = file.read(6)
    if head.startswith(b"\x1f\x8b"):
        return cast(BinaryIO, gzip.open(path))
    if head.startswith(b"BZh"):
        return cast(BinaryIO, bz2.open(path))
    if head == b"\xfd7zXZ\0":
        return cast(BinaryIO, lzma.open(path))
    return path.open("rb")


class _Pieces(io.RawIOBase):
    """A file that is read in pieces: tarfile reads what a header claims at once, were it a terabyte of zeros."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        if size > _MOST_HEADER:
            raise tarfile.ReadError(f"a header of {size} bytes")
        return self._file.read(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True
