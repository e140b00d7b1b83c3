"""Address of an MQTT broker: `mqtt://user:password@host:1883/prefix`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from reidtrack.errors import ConfigError
from reidtrack.publish.address import PASSWORD_HINT, host_and_port, read_address

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
        return host_and_port(self.host, self.port)


def parse_mqtt(text: str) -> MqttAddress:
    """Read an address; letters such as `@` in a password are written as `%40`.

    `?discovery=PREFIX` changes the prefix of Home Assistant's discovery (nothing switches it off), `?ca=FILE` names the
    certificates that are trusted.

    Raises:
        ConfigError: If it is none; the message holds nothing of it.
    """
    found = read_address(text)
    if found is None:
        raise _wrong("it cannot be read", PASSWORD_HINT)
    if found.scheme not in PORTS or not found.host:
        raise _wrong("it is no address of a broker")
    if found.fragment:
        raise _wrong("it has a #", "in a password write %23")
    user, password, options = found.user, found.password, found.options
    if options.keys() - {"discovery", "ca"}:
        raise _wrong("it has an unknown option", "after ? come discovery= and ca=")
    prefix, discovery = found.path or PREFIX, options.get("discovery", DISCOVERY).strip("/") or None
    for topic in (prefix, discovery or ""):
        if len(topic.encode()) > _LONGEST_PREFIX or topic.startswith("$") or not _is_topic(topic):
            raise _wrong("its prefix cannot begin a topic", "a prefix has no + # $ and no control characters")
    if any("\0" in word or len(word.encode()) > 65535 for word in (user or "", password or "")):
        raise _wrong("its user or password cannot be sent")
    ca, tls = options.get("ca"), found.scheme == "mqtts"
    if ca and not tls:
        raise _wrong("it has a certificate and no encryption", "write mqtts:// where the broker encrypts")
    port = PORTS[found.scheme] if found.port is None else found.port
    return MqttAddress(found.host, port, tls, prefix, discovery, Path(ca) if ca else None, user, password)


def _is_topic(text: str) -> bool:
    return not any(letter in "+#" or ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in text)


def _wrong(what: str, hint: str | None = None) -> ConfigError:
    return ConfigError(what, field="mqtt", expected=_EXPECTED, hint=hint)
