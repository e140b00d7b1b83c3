"""Why a live camera gives no pictures, in words for who looks after it: what FFmpeg says would hold the password."""

from __future__ import annotations

import errno
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from reidtrack.events import DownReason
from reidtrack.video.http_answer import what_it_is
from reidtrack.video.probe import explain
from reidtrack.video.secrets import without_secrets

_ANSWER_S = 2.0
_PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443, "rtmp": 1935, "rtmps": 443}
_NOWHERE = {errno.ENETUNREACH: "the network is not there", errno.EHOSTUNREACH: "no such computer answers"}


@dataclass(frozen=True)
class Failure:
    """Why there are no pictures.

    Attributes:
        reason: Of which kind.
        detail: What is wrong and what to do, one line without secrets.
        final: Whether trying again is of no use.
    """

    reason: DownReason
    detail: str
    final: bool = False


class LostError(Exception):
    """A connection to a camera that is over, or never came to be."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.detail)
        self.failure = failure


def opening_failure(error: Exception, url: str, shown: str, *, in_vain: bool = False) -> Failure:
    """Why an address could not be opened.

    Args:
        error: What FFmpeg raised; nothing of its text is shown.
        url: The address, with its password.
        shown: The same without.
        in_vain: Whether all the time for it was over.
    """
    import av

    if isinstance(error, av.error.HTTPUnauthorizedError | av.error.HTTPForbiddenError):
        who = "the user name or the password is wrong" if "@" in url else "it wants a user name and a password"
        form = f"{url.split('://', 1)[0]}://user:password@host/path"
        return Failure("unauthorised", f"{shown}: {who}; set them in the address, as {form}")
    if isinstance(error, av.error.HTTPNotFoundError):
        return Failure(
            "not_found", f"{shown}: the server answers, and has no such path; see the camera's manual for it"
        )
    if isinstance(error, av.error.ProtocolNotFoundError):
        scheme = url.split("://", 1)[0]
        return Failure("refused", f"{shown}: this FFmpeg cannot read {scheme}://; use another protocol of it", True)
    if isinstance(error, av.error.HTTPClientError | av.error.HTTPServerError | av.error.HTTPError):
        return Failure("damaged", f"{shown}: the server answers with an error; is it the right port and path?")
    if isinstance(error, av.error.DecoderNotFoundError | av.error.DemuxerNotFoundError | av.error.PatchWelcomeError):
        return Failure("codec", f"{shown}: its pictures are coded in a way that FFmpeg does not know; set it to H.264")
    if isinstance(error, PermissionError):
        return Failure("unauthorised", f"{shown}: may not be opened; give yourself the right (group video) to")
    if isinstance(error, FileNotFoundError):
        return Failure("not_found", f"{shown}: is not there")
    if getattr(error, "errno", None) == errno.EBUSY:
        return Failure("unreachable", f"{shown}: is in use by another program; close that")
    return _unanswered(error, url, shown, in_vain)


def _unanswered(error: Exception, url: str, shown: str, in_vain: bool) -> Failure:
    """What is behind an error that says little: who is asked, does anybody answer there?"""
    import av

    if "://" not in url:
        return _no_recording(error, url, shown)
    trouble = no_answer(url)
    if trouble is not None:
        return Failure("unreachable", f"{shown}: {trouble}; is the camera on, and the address right?")
    if in_vain or isinstance(error, av.error.ExitError | av.error.TimeoutError):
        return Failure("stalled", f"{shown}: takes the connection and then says nothing; restart the camera")
    if isinstance(error, av.error.EOFError | ConnectionError):
        return Failure("ended", f"{shown}: closes the connection before a picture comes; has it too many viewers?")
    sent = what_it_is(url) if url.startswith("http") else None
    if sent is not None:
        return Failure(sent[0], f"{shown}: {sent[1]}")
    return Failure("damaged", f"{shown}: answers, but what comes is no stream of pictures; is the path right?")


def _no_recording(error: Exception, url: str, shown: str) -> Failure:
    """Why a file or a device is not read."""
    if not url.startswith("file:"):
        return Failure("damaged", f"{shown}: {reading_failure(error)}")
    path = Path(url.removeprefix("file:"))
    with path.open("rb") as file:
        head = file.read(16).lstrip(b"\xef\xbb\xbf \r\n")
    if head.startswith((b"#EXTM3U", b"ffconcat")):
        return Failure("refused", f"{shown}: it is a list that names other files or addresses, and no video", True)
    return Failure("damaged", explain(error, path).message, True)


def no_answer(url: str) -> str | None:
    """Why nobody takes connections at an address, or None if somebody does, or it is no matter of connections."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return "the address cannot be read: is it rtsp://user:password@host:554/path?"
    if parts.scheme in ("udp", "rtp", "srt") or host is None or port is None:
        return None
    try:
        socket.create_connection((host, port), _ANSWER_S).close()
    except socket.gaierror:
        return "there is no computer of this name"
    except ConnectionRefusedError:
        return f"nothing listens at port {port} there"
    except TimeoutError:
        return "nobody answers"
    except (OSError, UnicodeError) as error:
        return _NOWHERE.get(getattr(error, "errno", None) or 0, "it cannot be connected to")
    return None


def reading_failure(error: Exception) -> str:
    """What went wrong while reading, in words that name no address."""
    import av

    if isinstance(error, av.error.ExitError):
        return "nothing has come for too long"
    if isinstance(error, av.error.InvalidDataError):
        return "what comes is no video, or damaged"
    number = getattr(error, "errno", None)
    if isinstance(error, ConnectionError) or number == errno.EIO:
        return "the connection was cut"
    return os.strerror(number) if isinstance(number, int) and 0 < number < 200 else "reading failed"


def closed(shown: str, error: Exception | None) -> Failure:
    """A stream that was running and is over."""
    import av

    if isinstance(error, av.error.ExitError | av.error.TimeoutError):
        return silent(shown)
    what = "the camera ended the stream" if error is None else reading_failure(error)
    return Failure("ended", f"{shown}: {what}")


def silent(shown: str) -> Failure:
    """A stream that is connected and brings nothing any more."""
    return Failure("stalled", f"{shown}: is connected and brings no more pictures; it is connected to anew")


def cleaned(failure: Failure, url: str) -> Failure:
    """A failure of whose text nothing is a secret of an address, whatever it was made of."""
    return Failure(failure.reason, without_secrets(failure.detail, url), failure.final)
