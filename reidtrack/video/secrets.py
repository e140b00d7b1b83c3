"""Addresses without their secrets, and texts from which they are taken out in whatever way they are written there."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus, unquote, unquote_plus

HIDDEN = "***"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+://")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+://\S+")
_ALMOST_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]{2,11}(?::/*|//+)(?=[^/\\].*(?:@|=))")
"""What begins like an address that is misspelt, such as `rtsp:/user:word@host` or `rtps//...`."""
_KEY = (
    r"(?:pas(?:s(?:word|wd|phrase|code)?)?|pwd?|pw|token|key|secret|auth(?:orization)?|sig(?:nature)?|credentials?"
    r"|session_?(?:id)?|sid|jwt|bearer|otp|pin|ticket)"
)
_EQUALS = r"(?:=|%(?:25)*3d)"
_VALUE = rf"(?!\*\*\*)(?:(?!_[A-Za-z]+{_EQUALS}|%(?:25)*26)[^&;?\s#])+"
"""Up to the next key, also where keys are joined by "_" in a path, and where the address stands encoded in another."""
_SLASHES = r"(?::|%(?:25)*3a)(?://|(?:%(?:25)*2f){2})"
_RULES = [
    # A colon that no port follows begins a password, which may hold "@" and "/" unescaped: hide up to the last "@".
    re.compile(r"^()([^/@:\[?#]*:(?!\d*(?:[/?#]|$)).*)(?=@)"),
    re.compile(r"^()([^/@?#]+)(?=@)"),
    # User and password of an address within the address, as relays have it: ?src=rtsp://user:password@camera.
    re.compile(rf"(?i)({_SLASHES})((?:(?!%(?:25)*2f)[^/?#&\s])+)(?=@|%(?:25)*40)"),
    # A key whose name ends in a word for a secret, and its value: in a query, or in a path as recorders have it
    # (`/user=admin_password=X_channel=1`).
    re.compile(rf"(?i)({_KEY}{_EQUALS})({_VALUE})"),
    re.compile(rf"(?i)(/{_KEY}/)(?!\*\*\*)([^/?#\s]+)"),
    # user:password as a part of the path.
    re.compile(r"(?<=[^:/])(/)([^/?#@:=&\s]+:[^/?#@\s]+)(?=[/?#]|$)"),
]
_USER = re.compile(rf"(?i)((?:user(?:_?name)?|usr|login|account){_EQUALS})({_VALUE})")
"""Shown beside a password; alone, it is the secret."""
_LEAST_LETTERS = 3
"""Shorter secrets would take letters out of any word."""


def redact(source: str | Path) -> str:
    """`source` without its secrets, fit for messages and logs; a path comes back unchanged.

    User and password are hidden, since a user's name may be a token, and so are the values of keys like `password` and
    `access_token`, wherever they stand. What looks like a misspelt address is treated as one.
    """
    return _without(str(source), [])


def host_alone(address: str) -> str:
    """Scheme and host of an address that is a secret as a whole, such as that of a web hook: no user, path or query."""
    scheme, colon, rest = redact(address).partition("://")
    return f"{scheme}://{re.split('[/?#]', rest)[0]}/***" if colon else "***"


def redact_within(text: str) -> str:
    """A text in which each address is redacted, up to the next blank."""
    return _ADDRESS.sub(lambda found: redact(found[0]), text)


def secrets_of(address: str) -> set[str]:
    """User names, passwords and tokens of an address, as it has them, decoded, and encoded in the usual ways."""
    found: list[str] = []
    _without(address, found)
    plain = {part for secret in found for part in _parts(secret)}
    return {way for secret in plain for way in _ways(secret) if len(way) >= _LEAST_LETTERS}


def without_secrets(text: str, address: str) -> str:
    """A text with `***` for each secret of an address, however it is written; the address itself is redacted."""
    text = text.replace(address, redact(address))
    for secret in sorted(secrets_of(address), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text


def _without(text: str, found: list[str]) -> str:
    """An address with its secrets hidden, each of which is added to `found`."""
    start = _SCHEME.match(text) or _ALMOST_URL.match(text)
    if start is None:
        return text
    rest = text[start.end() :]

    def hide(match: re.Match[str]) -> str:
        if match[2] != HIDDEN:
            found.append(match[2])
        return match[1] + HIDDEN

    for rule in _RULES:
        rest = rule.sub(hide, rest)
    if not found:
        rest = _USER.sub(hide, rest)
    return text[: start.end()] + rest


def _parts(secret: str) -> Iterator[str]:
    """A secret, and where it is a user with a password, each of them and how HTTP sends them (RFC 7617)."""
    yield secret
    separator = ":" if ":" in secret else "%3A" if "%3A" in secret else "%3a"
    user, colon, password = secret.partition(separator)
    if colon:
        pair = f"{unquote(user)}:{unquote(password)}".encode(errors="surrogateescape")
        yield from (user, password, b64encode(pair).decode())


def _ways(secret: str) -> Iterator[str]:
    for plain in {secret, unquote(secret), unquote_plus(secret)}:
        yield plain
        for written in (quote(plain, safe=""), quote(plain), quote_plus(plain)):
            yield written
            yield re.sub(r"%[0-9A-F]{2}", lambda code: code[0].lower(), written)
