"""Archives of data sets, unpacked once into the cache folder."""

from __future__ import annotations

import hashlib
import logging
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path

from reidtrack.errors import InputError, OutputError
from reidtrack.fetch import cache_folder

logger = logging.getLogger(__name__)

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
    if not path.is_file():
        raise InputError("does not exist", where=path, expected="a data set's folder or archive")
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
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, RuntimeError, NotImplementedError) as error:
        raise InputError(f"the archive cannot be unpacked: {error}", where=path, hint="copy it again") from error
    except OSError as error:
        if error.errno is None:  # gzip's and lzma's own complaints
            raise InputError(f"the archive is damaged: {error}", where=path, hint="copy it again") from error
        raise OutputError(f"cannot be unpacked: {error.strerror}", where=target, hint="set REIDTRACK_CACHE") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _extract(path: Path, folder: Path) -> None:
    if path.name.lower().endswith(".zip"):
        with zipfile.ZipFile(path) as packed:
            packed.extractall(folder)  # zipfile drops `..` and leading slashes by itself
    else:
        with tarfile.open(path) as packed_tar:
            packed_tar.extractall(folder, filter="data")
