"""The secrets of an address, and texts from which they are taken out in whatever way they are written there."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from reidtrack.video.naming import SECRET, is_url, redact

_LEAST_LETTERS = 3
"""Shorter ones would take letters out of any word; they stand in no text but with their address, which is redacted."""


def secrets_of(address: str) -> set[str]:
    """User names, passwords and tokens of an address, as it has them, decoded, and encoded in the usual ways."""
    if not is_url(address):
        return set()
    found = {way for secret in _plain(address) for way in _ways(secret)}
    return {secret for secret in found if len(secret) >= _LEAST_LETTERS}


def without_secrets(text: str, address: str) -> str:
    """A text with `***` for each secret of an address, however it is written; the address itself is redacted."""
    text = text.replace(address, redact(address))
    for secret in sorted(secrets_of(address), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def _plain(address: str) -> Iterator[str]:
    rest = address.split("://", 1)[1]
    userinfo = rest.rpartition("@")[0] if "@" in rest and "***@" in redact(address) else ""
    if userinfo:
        user, _, password = userinfo.partition(":")
        yield userinfo
        yield user
        yield password
        pair = f"{unquote(user)}:{unquote(password)}"
        yield base64.b64encode(pair.encode()).decode()
    for found in SECRET.finditer(rest):
        yield found[0].removeprefix(found[1])


def _ways(secret: str) -> Iterator[str]:
    for plain in {secret, unquote(secret), unquote_plus(secret)}:
        yield plain
        for written in (quote(plain, safe=""), quote(plain), quote_plus(plain)):
            yield written
            yield re.sub(r"%[0-9A-F]{2}", lambda code: code[0].lower(), written)
