"""Decoding on a GPU, where this machine and this build of FFmpeg offer it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reidtrack.errors import DeviceError

if TYPE_CHECKING:
    from av.container import InputContainer

_TRIED = ("cuda", "videotoolbox", "d3d11va", "vaapi")
"""By `auto`, in this order."""


def open_container(
    address: str,
    hwaccel: str,
    form: str | None = None,
    *,
    timeout: float | None = None,
    options: dict[str, str] | None = None,
) -> InputContainer:
    """Open a recording for reading.

    Args:
        address: As FFmpeg takes it.
        hwaccel: `none`; FFmpeg's name of a device, such as `cuda`; or `auto`: the first that works, else none. Streams
            that the device does not know are decoded on the CPU, whatever it is.
        form: FFmpeg's name of the kind of container; None lets it guess.
        timeout: Of `av.open`.
        options: Likewise.

    Raises:
        DeviceError: If a device was named that is not there.
        FFmpegError: If the recording cannot be opened.
    """
    import av
    from av.codec.hwaccel import HWAccel, hwdevices_available

    there = hwdevices_available()
    names = {"none": (), "auto": _TRIED}.get(hwaccel, (hwaccel,))
    for name in names:
        if name in there:
            try:
                return av.open(address, format=form, timeout=timeout, options=options, hwaccel=HWAccel(name))
            except (av.error.FFmpegError, OSError):  # of the device, or of the recording, which is told below
                continue
    container = av.open(address, format=form, timeout=timeout, options=options)
    if hwaccel in ("auto", "none"):
        return container
    container.close()
    expected = ", ".join(["auto", "none", *there])
    raise DeviceError(f"no decoding by {hwaccel!r} here", field="hwaccel", expected=expected)
