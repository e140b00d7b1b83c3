"""What a web server sends in place of pictures: asked only after FFmpeg could make nothing of it."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from base64 import b64encode
from http.client import HTTPException
from urllib.parse import unquote

from reidtrack.events import DownReason

_ANSWER_S = 2.0
_HEAD_BYTES = 16_384
_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.\-]*):")
_URI = re.compile(r'URI="([^"]*)"')


def what_it_is(url: str) -> tuple[DownReason, str] | None:
    """What an address of http or https sends, where that is a known mistake or a trap; None where it is neither.

    Args:
        url: The address, with its password, which is sent to that server alone.
    """
    try:
        with urllib.request.urlopen(_request(url), timeout=_ANSWER_S) as answer:
            head = answer.read(_HEAD_BYTES)
    except urllib.error.HTTPError as error:
        moved = error.headers.get("Location", "") if 300 <= error.code < 400 else ""
        error.close()
        return ("refused", "it leads to an address that is not of a web server") if _elsewhere(moved) else None
    except (OSError, ValueError, HTTPException):
        return None
    return of_head(head)


def of_head(head: bytes) -> tuple[DownReason, str] | None:
    """The same, of the first bytes that came."""
    text = head.decode(errors="replace").lstrip("\ufeff \r\n\t")
    if text.startswith("ffconcat"):
        return "refused", "it sends a list of files of this computer"
    if text.startswith("#EXTM3U"):
        lines = [line.strip() for line in text.splitlines()]
        named = [line for line in lines if line and not line.startswith("#")] + _URI.findall(text)
        if any(_elsewhere(name) for name in named):
            return "refused", "its playlist names what is not on a web server, such as a file of this computer"
        return None
    if re.match(r"(?i)<(!doctype|html|\?xml|head|body)", text):
        return "damaged", "it sends a web page; see the camera's manual for the path of its stream"
    return None


def _elsewhere(name: str) -> bool:
    scheme = _SCHEME.match(name)
    return scheme is not None and scheme[1].lower() not in ("http", "https")


def _request(url: str) -> urllib.request.Request:
    scheme, rest = url.split("://", 1)
    place, slash, path = rest.partition("/")
    user, at, host = place.rpartition("@")
    request = urllib.request.Request(f"{scheme}://{host}{slash}{path}", headers={"User-Agent": "Lavf"})
    if at:
        request.add_unredirected_header("Authorization", f"Basic {b64encode(unquote(user).encode()).decode()}")
    return request
