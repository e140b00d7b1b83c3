"""Files made from weights on first use, kept in the user's cache folder.

An entry is a folder named after everything it depends on. It is filled beside its place and moved there at once, so
that two processes may make the same one, and it lists the sha256 of its files, so that a damaged one is made anew. The
cache folder may be removed at any time; where it cannot be written, nothing is kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from reidtrack.fetch import cache_folder

logger = logging.getLogger(__name__)

_LIST = "sha256.json"


@contextmanager
def kept(parts: tuple[str, ...] | None, make: Callable[[Path], None]) -> Iterator[Path]:
    """A folder of files, made by `make` unless it is there already.

    Args:
        parts: Texts that say what the files depend on: digest of the weights, versions, settings. None: not to be kept.
        make: Writes the files into the folder it is given.

    Yields:
        The folder. Read all of it within the context: where nothing is kept, it is a passing one.
    """
    place = None
    if parts is not None:
        place = cache_folder() / "engines" / hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
        if is_whole(place):
            yield place
            return
    with contextlib.ExitStack() as passing:
        folder = None if place is None else _kept_at(place, make, passing)
        yield folder or _made(Path(passing.enter_context(tempfile.TemporaryDirectory())), make)


def is_whole(folder: Path) -> bool:
    """Whether every file of an entry is there, and is what was written."""
    try:
        listed = json.loads((folder / _LIST).read_text(encoding="ascii"))
        return bool(listed == _digests(folder))
    except (OSError, ValueError):
        return False


def _kept_at(place: Path, make: Callable[[Path], None], passing: contextlib.ExitStack) -> Path | None:
    """The files in their place, made beside it so that they can be moved there at once; None where they do not fit."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        work = passing.enter_context(tempfile.TemporaryDirectory(prefix=".", dir=place.parent))
        folder = _made(Path(work), make)
        (folder / _LIST).write_text(json.dumps(_digests(folder)), encoding="ascii")
        return _moved(folder, place)
    except (OSError, RuntimeError) as error:  # OpenVINO says RuntimeError of a full disk
        logger.info("%s: a converted network is not kept there: %s", place.parent, error)
        return None


def _made(work: Path, make: Callable[[Path], None]) -> Path:
    folder = work / "new"
    folder.mkdir()
    make(folder)
    return folder


def _moved(folder: Path, place: Path) -> Path:
    """Put a filled folder in its place, unless another process was faster."""
    for _ in range(2):
        with contextlib.suppress(OSError):
            folder.rename(place)
            return place
        if is_whole(place):
            return place
        # A damaged one: aside first, since removing takes a while, and another process may be about it too.
        with contextlib.suppress(OSError):
            shutil.move(place, folder.with_name("damaged"))
    return folder


def _digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.iterdir() if path.name != _LIST)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
