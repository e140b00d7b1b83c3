"""Why a video cannot be opened, in words a user can act on."""

from __future__ import annotations

import difflib
from pathlib import Path

from reidtrack.errors import InputError
from reidtrack.plain_file import check_plain
from reidtrack.video.naming import is_url, redact

_HEAD_BYTES = 4096


def check_file(path: Path) -> None:
    """Raise InputError unless `path` is a file with at least one byte that may be read."""
    try:
        if not path.exists():
            raise InputError("no such file", where=redact(path), hint=_nearest(path))
        check_plain(path)
        if path.stat().st_size == 0:
            raise InputError("the file is empty (0 bytes)", where=redact(path), hint="copy or record it again")
        _head(path)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=redact(path), hint=_advice(error)) from error


def explain(error: Exception, source: str | Path) -> InputError:
    """The user's version of an error that FFmpeg gave on opening `source`; it never shows a password."""
    import av

    reason = getattr(error, "strerror", None) or type(error).__name__
    if is_url(source):
        return InputError(
            f"cannot be opened: {reason}",
            where=redact(source),
            hint="check the address, the password and that the camera can be reached",
        )
    if isinstance(error, EOFError):
        return no_frames(source)
    if not isinstance(error, av.error.InvalidDataError):
        return InputError(f"cannot be opened: {reason}", where=source, expected="a video that FFmpeg reads")
    head = _head(Path(source))
    if head[4:8] == b"ftyp":
        return InputError(
            "cut off before its index (moov atom) was written",
            where=source,
            expected="a finished recording",
            hint="copy it again, or repair it with a tool such as untrunc",
        )
    if _is_text(head):
        return InputError("text, not a video", where=source, expected="a video that FFmpeg reads")
    return InputError("not a video, or damaged from its start", where=source, expected="a video that FFmpeg reads")


def no_frames(source: str | Path) -> InputError:
    """The error of a video that can be opened and holds nothing."""
    return InputError("holds no frames", where=redact(source), expected="a video with at least one frame")


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD_BYTES)


def _is_text(head: bytes) -> bool:
    return b"\0" not in head and len(head.decode("utf-8", errors="ignore").encode()) >= len(head) - 3


def _nearest(path: Path) -> str | None:
    try:
        names = sorted(p.name for p in path.parent.iterdir())
    except OSError:
        return f"the folder {path.parent} is not there either"
    near = difflib.get_close_matches(path.name, names, n=1)
    return f"did you mean {near[0]}?" if near else None


def _advice(error: OSError) -> str | None:
    return "give yourself read permission (chmod +r)" if isinstance(error, PermissionError) else None
