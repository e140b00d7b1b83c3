"""Names of cameras, and addresses that can be shown without their secrets."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from reidtrack.errors import UsageError
from reidtrack.video.secrets import redact

__all__ = ["is_camera_name", "is_folder", "is_url", "name_cameras", "redact"]

_ALLOWED = re.compile(r"\w(?:[\w.\- ]{0,98}[\w\-])?")
_TAKEN = ("mosaic",)
"""Names that other files of a run bear."""
_MOST_BYTES = 200
"""Of a camera's name: file systems take 255 for a file's, which begins with the camera's."""
_MOST_STEM_BYTES = 180
"""Of a name that is made of a file's: a number may follow."""


def is_url(source: str | Path) -> bool:
    """Whether `source` is an address with a scheme (`rtsp://...`), not a path."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.\-]+://", str(source)) is not None


def is_folder(source: str | Path) -> bool:
    """Whether `source` is a path to a folder that is there."""
    try:
        return not is_url(source) and Path(source).is_dir()
    except OSError:  # a name too long for the system, a parent that may not be entered
        return False


def name_cameras(sources: Sequence[str | Path], names: Sequence[str] | None = None) -> list[str]:
    """Name each source: by `names` where given, else by its file's stem, made unique (`cam`, `cam_2`).

    Args:
        sources: Paths or addresses, in the order of the command line.
        names: One name per source; letters, digits, space and `_ - .`, at most 100 characters.

    Returns:
        One name per source, each usable as a file name, unique without regard to case.

    Raises:
        UsageError: If `names` has the wrong length, a name twice, or a name that cannot be a file name.
    """
    if names is not None:
        return _check(list(names), len(sources))
    unique: list[str] = []
    taken = set(_TAKEN)
    for stem in (_stem(source) for source in sources):
        name, number = stem, 1
        while name.casefold() in taken:
            number += 1
            name = f"{stem}_{number}"
        taken.add(name.casefold())
        unique.append(name)
    return unique


def is_camera_name(name: str) -> bool:
    """Whether a camera may have a name: as `name_cameras` gives and takes them."""
    fits = len(name.encode(errors="surrogatepass")) <= _MOST_BYTES
    return bool(_ALLOWED.fullmatch(name)) and fits and name.casefold() not in _TAKEN


def _check(names: list[str], wanted: int) -> list[str]:
    if len(names) != wanted:
        raise UsageError(f"got {len(names)} names", field="cameras", expected=f"{wanted}, one per video")
    for name in names:
        if not _ALLOWED.fullmatch(name):
            raise UsageError(
                f"{name!r} cannot be a file name",
                field="cameras",
                expected="letters, digits, spaces and _ - . (at most 100, not starting with a dot or a dash)",
            )
        if _in_file_names(name) != name:
            raise UsageError(
                f"{name!r} has letters that file names cannot have in this locale",
                field="cameras",
                expected=f"letters of {sys.getfilesystemencoding()}",
                hint="set LC_ALL=C.UTF-8, or PYTHONUTF8=1",
            )
        if len(name.encode()) > _MOST_BYTES:
            raise UsageError(
                f"{name!r} is too long for the names of files",
                field="cameras",
                expected=f"at most {_MOST_BYTES} bytes in UTF-8",
            )
        if name.casefold() in _TAKEN:
            raise UsageError(f"{name!r} is the name of another output", field="cameras", hint="choose another name")
    twice = _repeated(name.casefold() for name in names)
    if twice is not None:
        raise UsageError(f"the name {twice!r} is given twice", field="cameras", expected="a name of its own for each")
    return names


def _in_file_names(text: str) -> str:
    """`text` with "?" for what the system's file names cannot hold: all that is not ASCII in the C locale."""
    encoding = sys.getfilesystemencoding()
    return text.encode(encoding, "replace").decode(encoding)


def _repeated(names: Iterable[str]) -> str | None:
    return next((name for name, count in Counter(names).items() if count > 1), None)


def _stem(source: str | Path) -> str:
    from reidtrack.video.pattern import Pattern  # which asks this module what an address is

    pattern = Pattern.of(source)
    if pattern is not None:
        text = pattern.called
    elif is_url(source):
        address = redact(source).split("://", 1)[1].split("?", 1)[0]
        text = address.rsplit("@", 1)[-1]
    else:
        path = Path(source)
        text = path.resolve().name if is_folder(path) else path.stem
    name = re.sub(r"[^\w.\-]+", "_", _in_file_names(text)).strip("._-")[:90]
    return name.encode()[:_MOST_STEM_BYTES].decode(errors="ignore").rstrip("._-") or "camera"
