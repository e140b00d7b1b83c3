"""Address of an MQTT broker: `mqtt://user:password@host:1883/prefix`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from reidtrack.errors import ConfigError

PORTS = {"mqtt": 1883, "mqtts": 8883}
PREFIX = "reidtrack"
DISCOVERY = "homeassistant"
_EXPECTED = "mqtt://user:password@host:1883/prefix, or mqtts://"
_LONGEST_PREFIX = 200


@dataclass(frozen=True, slots=True)
class MqttAddress:
    """Where a broker is, and under which topics to publish.

    Attributes:
        host: Name or IP address.
        port: Port.
        tls: Whether to encrypt, and to check the broker's certificate.
        prefix: What every topic begins with, without a slash at its end.
        discovery: Prefix of Home Assistant's discovery topics; None publishes none.
        ca: File of the certificates that are trusted; None takes the system's.
        user: Who to log in as; None for nobody.
        password: With what.
    """

    host: str
    port: int
    tls: bool = False
    prefix: str = PREFIX
    discovery: str | None = DISCOVERY
    ca: Path | None = None
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @property
    def shown(self) -> str:
        """Host and port, as messages name the broker: never more."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_mqtt(text: str) -> MqttAddress:
    """Read an address; letters such as `@` in a password are written as `%40`.

    `?discovery=PREFIX` changes the prefix of Home Assistant's discovery (nothing switches it off), `?ca=FILE` names the
    certificates that are trusted.

    Raises:
        ConfigError: If it is none; the message holds nothing of it.
    """
    found = _parts(text)
    if found is None:  # raised here, not where that is found out: the other error's text holds a part of the address
        raise _wrong("it cannot be read", "letters such as @ / : # in a password are written as %40 %2F %3A %23")
    parts, port, user, password, prefix, options = found
    host, scheme = parts.hostname, parts.scheme.lower()
    if scheme not in PORTS or not host:
        raise _wrong("it is no address of a broker")
    if parts.fragment:
        raise _wrong("it has a #", "in a password write %23")
    unknown = options.keys() - {"discovery", "ca"}
    if unknown:
        raise _wrong("it has an unknown option", "after ? come discovery= and ca=")
    discovery = options.get("discovery", [DISCOVERY])[-1].strip("/") or None
    for topic in (prefix, discovery or ""):
        if len(topic.encode()) > _LONGEST_PREFIX or topic.startswith("$") or not _is_topic(topic):
            raise _wrong("its prefix cannot begin a topic", "a prefix has no + # $ and no control characters")
    if any("\0" in word or len(word.encode()) > 65535 for word in (user or "", password or "")):
        raise _wrong("its user or password cannot be sent")
    ca = options.get("ca", [""])[-1]
    if ca and scheme != "mqtts":
        raise _wrong("it has a certificate and no encryption", "write mqtts:// where the broker encrypts")
    return MqttAddress(
        host,
        PORTS[scheme] if port is None else port,
        scheme == "mqtts",
        prefix,
        discovery,
        Path(ca) if ca else None,
        user,
        password,
    )


def _parts(
    text: str,
) -> tuple[SplitResult, int | None, str | None, str | None, str, dict[str, list[str]]] | None:
    """Parts of an address, its port, user, password, prefix and options; None if it cannot be taken apart."""
    try:
        parts = urlsplit(text.strip())
        user = None if parts.username is None else unquote(parts.username, errors="strict")
        password = None if parts.password is None else unquote(parts.password, errors="strict")
        prefix = unquote(parts.path, errors="strict").strip("/") or PREFIX
        options = parse_qs(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query), max_num_fields=10)
        return parts, parts.port, user, password, prefix, options
    except ValueError:  # a port that is none, bytes that are no UTF-8
        return None


def _is_topic(text: str) -> bool:
    return not any(letter in "+#" or ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in text)


def _wrong(what: str, hint: str | None = None) -> ConfigError:
    return ConfigError(what, field="mqtt", expected=_EXPECTED, hint=hint)
