"""Why a video cannot be opened, in words a user can act on."""

from __future__ import annotations

import difflib
import functools
import os
from pathlib import Path

from reidtrack.errors import InputError
from reidtrack.video.naming import is_url, redact

_HEAD_BYTES = 4096
_SCHEMES = ("rtsp", "rtsps", "http", "https", "rtmp", "rtmps", "rtp", "srt", "udp", "tcp", "file")
_LISTS = ("concat", "hls", "dash", "sdp", "rtsp", "imf", "image2", "image2pipe", "lavfi", "webm_dash_manifest")
"""Demuxers that open whatever the file names: a video from elsewhere could read others under a name like any."""
_OWN_LISTS = (".m3u8", ".m3u")
"""Endings of files that say they are a list: parts of a recording."""


def check_file(path: Path) -> None:
    """Raise InputError unless `path` is a file with at least one byte that may be read."""
    try:
        if not path.exists():
            raise InputError("no such file", where=redact(path), hint=_nearest(path))
        if path.stat().st_size == 0 and path.is_file():
            raise InputError("the file is empty (0 bytes)", where=redact(path), hint="copy or record it again")
        _head(path)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=redact(path), hint=_advice(error)) from error


def explain(error: Exception, source: str | Path) -> InputError:
    """The user's version of an error that FFmpeg gave on opening `source`; it never shows a password."""
    import av

    reason = reason_of(error)
    if isinstance(error, av.error.ProtocolNotFoundError):
        scheme = str(source).split("://", 1)[0].lower()
        near = difflib.get_close_matches(scheme, _SCHEMES, n=1)
        return InputError(
            f"cannot be opened: there is no protocol {scheme!r}",
            where=redact(source),
            expected="an address such as rtsp://camera/stream",
            hint=f"did you mean {near[0]}://?" if near else None,
        )
    if is_url(source):
        return InputError(
            f"cannot be opened: {reason}",
            where=redact(source),
            hint="check the address, the password and that the camera can be reached",
        )
    if isinstance(error, EOFError):
        return no_frames(source)
    if not isinstance(error, av.error.InvalidDataError | av.error.ArgumentError):
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


def reason_of(error: Exception) -> str:
    """What FFmpeg or the system complained of, in words: theirs name their own ends, or a number alone."""
    import av

    if isinstance(error, av.error.ExitError):
        return "nothing has come for too long"  # the time that was set for it to answer is over
    if isinstance(error, av.error.InvalidDataError):
        return "what comes is no video, or it ended before a picture came"
    reason = str(getattr(error, "strerror", None) or type(error).__name__)
    return os.strerror(int(reason)) if reason.isdecimal() and len(reason) < 4 else reason


def local_options(path: Path) -> dict[str, str]:
    """FFmpeg's options for a file: nothing else is opened because of what it holds, unless it is called a list."""
    if path.suffix.lower() in _OWN_LISTS:
        return {}
    return {"protocol_whitelist": "file", "format_whitelist": _demuxers()}


@functools.cache
def _demuxers() -> str:
    import av

    return ",".join(sorted(av.formats_available - set(_LISTS)))


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
