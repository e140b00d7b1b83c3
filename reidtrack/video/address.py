"""What FFmpeg is told to open for a live camera, and what it may open because of what it finds there."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from reidtrack.errors import InputError
from reidtrack.video.failure import Failure, LostError
from reidtrack.video.naming import is_url, redact
from reidtrack.video.probe import check_file, local_options

Transport = Literal["tcp", "udp"]
_MICRO = 1_000_000
_PICTURES_OF_HTTP = "mpjpeg,mjpeg,jpeg_pipe,hls,mpegts,flv,matroska,webm,mov,mp4,h264,hevc"
_STREAMS = "mpegts,flv,matroska,webm,h264,hevc,mjpeg,mpjpeg"
_PROBE = {"analyzeduration": str(2 * _MICRO), "fpsprobesize": "0"}
"""Little is read ahead to find out what comes: it would all be late."""
_RULES: dict[str, tuple[str, str]] = {
    "rtsp": ("rtsp,rtp,srtp,udp,tcp", "rtsp"),
    "rtsps": ("rtsp,rtp,srtp,udp,tcp,tls", "rtsp"),
    "http": ("http,https,tcp,tls,crypto,httpproxy", _PICTURES_OF_HTTP),
    "https": ("http,https,tcp,tls,crypto,httpproxy", _PICTURES_OF_HTTP),
    "rtmp": ("rtmp,tcp", "flv"),
    "rtmps": ("rtmps,tls,tcp", "flv"),
    "udp": ("udp", "mpegts"),
    "rtp": ("rtp,udp", "rtp,mpegts"),
    "tcp": ("tcp", _STREAMS),
    "srt": ("srt,udp", _STREAMS),
}
"""Scheme to the protocols and the demuxers that FFmpeg may use: whoever answers cannot have files of this computer
read, nor name a file as part of a playlist."""
_QUICK_S = 4.0
"""How long opening may take at least, where a server answers at once."""
_SLOW_S = 10.0
"""How long opening may take where nothing answers at once: a broadcast is joined at its next keyframe."""


@dataclass(frozen=True)
class LiveAddress:
    """A live camera, as FFmpeg opens it.

    Attributes:
        url: For FFmpeg alone: it holds the password.
        shown: The same for people, without secrets.
        scheme: `rtsp`, `http` and so on; `device` and `file` where it is no address.
        demuxer: FFmpeg's name of it, where it must be told.
        options: FFmpeg's.
        open_s: How long opening may take, seconds.
    """

    url: str = field(repr=False)
    shown: str
    scheme: str
    demuxer: str | None = None
    options: dict[str, str] = field(default_factory=dict)
    open_s: float = _SLOW_S


def live_address(source: str, *, transport: Transport = "tcp", realtime: bool = False, stall_s: float) -> LiveAddress:
    """What to open for a source of live pictures.

    Args:
        source: An address, the number or path of a webcam, or a file.
        transport: How RTSP brings its pictures.
        realtime: Whether a file may be played as if it were live.
        stall_s: Silence that is too long, seconds.

    Raises:
        LostError: If it is not allowed, or there is no such file or device.
    """
    if is_url(source):
        return _stream(source, transport, stall_s)
    if source.isdecimal() or source.startswith("/dev/"):
        return _webcam(source)
    if not realtime:
        raise LostError(
            Failure(
                "refused",
                f"{redact(source)} is a file: play it as if it were live, by asking for real time, or use run",
                True,
            )
        )
    try:
        check_file(Path(source))
    except InputError as error:
        raise LostError(Failure("not_found", error.message, True)) from None
    return LiveAddress(f"file:{source}", redact(source), "file", None, local_options(Path(source)))


def _stream(source: str, transport: Transport, stall_s: float) -> LiveAddress:
    import av

    shown = redact(source)
    scheme, rest = source.split("://", 1)
    scheme = scheme.lower()  # FFmpeg knows no RTSP://
    if scheme not in _RULES:
        allowed = ", ".join(sorted(_RULES))
        what = "give a file by its path, without file://" if scheme == "file" else f"expected one of {allowed}"
        raise LostError(Failure("refused", f"{shown}: addresses of {scheme}:// are not opened; {what}", True))
    if re.search(r"[\s\0]", source):
        raise LostError(Failure("refused", f"{shown}: there is a blank in the address; write it as %20", True))
    protocols, demuxers = _RULES[scheme]
    options = {"protocol_whitelist": protocols, "format_whitelist": _known(demuxers, av.formats_available), **_PROBE}
    quick_s = max(stall_s, _QUICK_S)
    silence = str(round(quick_s * _MICRO))
    if scheme in ("rtsp", "rtsps"):
        options |= {"rtsp_transport": transport, "timeout": silence}
    elif scheme in ("http", "https"):
        # HLS begins a part before the newest: that one is there while the next is being made.
        options |= {"rw_timeout": silence, "live_start_index": "-2"}
    else:
        options |= {"rw_timeout": silence, "merge_pmt_versions": "1"}  # a changed programme goes on under its number
    if scheme == "udp":
        options |= {"overrun_nonfatal": "1", "fifo_size": "50000"}
    slow = scheme in ("udp", "rtp") or ".m3u8" in rest.lower()
    return LiveAddress(f"{scheme}://{rest}", shown, scheme, None, options, _SLOW_S if slow else quick_s)


def _known(names: str, there: set[str]) -> str:
    """Demuxers as the white list takes them; FFmpeg compares single names also where a demuxer has several."""
    return ",".join(name for name in names.split(",") if name in there)


def _webcam(source: str) -> LiveAddress:
    if sys.platform == "darwin":
        return LiveAddress(source, f"webcam {source}", "device", "avfoundation", {"framerate": "30"})
    if not sys.platform.startswith("linux"):
        raise LostError(Failure("refused", f"webcam {source}: webcams are read on Linux and macOS only", True))
    path = f"/dev/video{source}" if source.isdecimal() else source
    if not Path(path).exists():
        there = ", ".join(sorted(str(p) for p in Path("/dev").glob("video*"))) or "none"
        raise LostError(Failure("not_found", f"there is no webcam {path} (webcams here: {there}); plug it in"))
    return LiveAddress(path, path, "device", "video4linux2")
