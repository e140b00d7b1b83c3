"""Each event as JSON to an address of the user's, by POST, with bounded retries in a thread of its own.

At least once and in order. A redirection is followed only within the same host, and only where it keeps the POST.
Addresses of web hooks are secrets as a whole: messages name the host alone.
"""

from __future__ import annotations

import base64
import http.client
import json
import random
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

from reidtrack.errors import ConfigError
from reidtrack.publish.network import LONGEST_WAIT_S, reason, wait_s
from reidtrack.publish.outlet import MOST_WAITING, Line, Waiting
from reidtrack.publish.status import LiveStatus, OutletStatus
from reidtrack.runtime.background import SideThread

TIMEOUT_S = 10.0
"""For connecting, and for each wait on the other side."""
TRIES = 5
"""An event is given up after so many."""
_MOST_REDIRECTIONS = 3
_MOST_ANSWER_BYTES = 1 << 16
_KEEP_POST = frozenset({307, 308})
_AGAIN = frozenset({408, 425, 429})
"""Of the statuses that say that a request was wrong, those that are tried again; and all from 500 on."""
_EXPECTED = "http://host/path or https://host/path"


@dataclass(frozen=True, slots=True)
class WebhookAddress:
    """Where events are posted to.

    Attributes:
        host: Name or IP address.
        port: Port.
        tls: Whether it is https.
        target: Path and query.
        authorization: Header made of a user and password in the address; None without.
    """

    host: str
    port: int
    tls: bool
    target: str = field(repr=False)
    authorization: str | None = field(default=None, repr=False)

    @property
    def shown(self) -> str:
        """Scheme and host, as messages name it: never more."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = self.port == (443 if self.tls else 80)
        return f"http{'s' if self.tls else ''}://{host}{'' if usual else f':{self.port}'}"


def parse_webhook(text: str) -> WebhookAddress:
    """Read the address of a web hook.

    Raises:
        ConfigError: If it is none; the message holds nothing of it.
    """
    found = _parts(text)
    if found is None:  # raised here, not where that is found out: the other error's text holds a part of the address
        raise _wrong("it cannot be read")
    parts, port, user, password = found
    host, tls = parts.hostname, parts.scheme.lower() == "https"
    if parts.scheme.lower() not in ("http", "https") or not host:
        raise _wrong("it is no address of the web")
    if any(ord(letter) < 33 or ord(letter) == 127 for letter in text.strip()):
        raise _wrong("it has spaces or control characters")
    target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    if parts.query:
        target += "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    named = f"{user}:{password}".encode() if parts.username is not None else None
    authorization = None if named is None else f"Basic {base64.b64encode(named).decode()}"
    return WebhookAddress(host, port or (443 if tls else 80), tls, target, authorization)


def _parts(text: str) -> tuple[SplitResult, int | None, str, str] | None:
    """Parts of an address, its port, user and password; None if it cannot be taken apart."""
    try:
        parts = urlsplit(text.strip())
        (parts.hostname or "").encode("idna")
        user = unquote(parts.username or "", errors="strict")
        return parts, parts.port, user, unquote(parts.password or "", errors="strict")
    except ValueError:
        return None


def _wrong(what: str) -> ConfigError:
    return ConfigError(what, field="webhook", expected=_EXPECTED)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What became of a try: `problem` is None if the event arrived."""

    problem: str | None
    again: bool = False
    wait_s: float | None = None


class WebhookOutlet:
    """Posts events to an address, in a thread of its own from its making until `close`.

    Args:
        address: Where to.
        tell: Called with a line when events do not arrive, or do again; in the outlet's thread.
        most: Events that wait at most.
    """

    name = "webhook"

    def __init__(
        self, address: WebhookAddress, tell: Callable[[str], object] | None = None, most: int = MOST_WAITING
    ) -> None:
        self._address, self._told_to = address, tell
        self._waiting = Waiting(most)
        self._jitter = random.Random()
        self._connection: http.client.HTTPConnection | None = None
        self._connected, self._busy = False, False
        self._told: str | None = None
        self._until_s: float | None = None
        self._context = ssl.create_default_context() if address.tls else None
        self._thread = SideThread(self._run, "webhook")
        self._thread.start()

    def send(self, line: Line) -> None:
        """Post an event, soon."""
        self._waiting.put(line)

    def show(self, status: LiveStatus) -> None:
        """Nothing: how it stands is not posted."""

    def status(self) -> OutletStatus:
        """Counts so far."""
        waiting = self._waiting
        return OutletStatus(
            sent=waiting.sent,
            dropped=waiting.dropped,
            waiting=len(waiting) + self._busy,
            connected=self._connected and self.fault is None,
        )

    @property
    def fault(self) -> BaseException | None:
        """What its thread ended by before its time; None where it did not."""
        return self._thread.fault

    def close(self, timeout_s: float) -> None:
        """Post what waits, and end; what cannot be posted in time is counted as dropped."""
        if self._until_s is None:
            self._until_s = time.monotonic() + timeout_s
        self._waiting.close()
        self._thread.join(timeout_s)
        with self._waiting.changed:
            if self._busy:  # it is given up, whatever becomes of it
                self._busy = False
                self._waiting.count(dropped=1)
        self._waiting.give_up()

    def _run(self) -> None:
        while (line := self._waiting.take()) is not None:
            self._busy = True
            arrived = self._deliver(json.dumps(line, separators=(",", ":")).encode())
            with self._waiting.changed:
                if self._busy:
                    self._busy = False
                    self._waiting.count(sent=arrived, dropped=not arrived)
        self._hang_up()

    def _deliver(self, body: bytes) -> bool:
        """Post an event until it arrives or is given up."""
        for tries in range(1, TRIES + 1):
            if self._left_s() <= 0:
                return False
            answer = self._post(body)
            self._connected = answer.problem is None
            self._note(answer)
            if answer.problem is None:
                return True
            if not answer.again or tries == TRIES:
                return False
            delay_s = wait_s(tries, self._jitter) if answer.wait_s is None else answer.wait_s
            end_s = time.monotonic() + delay_s
            with self._waiting.changed:
                while (rest_s := min(end_s - time.monotonic(), self._left_s())) > 0:
                    self._waiting.changed.wait(min(rest_s, 1.0))
        return False

    def _note(self, answer: _Answer) -> None:
        """Tell when things get another way than they were."""
        if answer.problem == self._told:
            return
        text = f"{answer.problem}; {'trying again' if answer.again else 'events are dropped'}"
        if answer.problem is None:
            text = "events arrive again"
        self._told = answer.problem
        if self._told_to is not None:
            self._told_to(f"webhook {self._address.shown}: {text}")

    def _post(self, body: bytes) -> _Answer:
        """Post once, and follow redirections within the host."""
        target = self._address.target
        for _ in range(_MOST_REDIRECTIONS):
            try:
                status, headers = self._request(target, body)
            except (OSError, http.client.HTTPException) as error:
                self._hang_up()
                return _Answer(reason(error), again=True)
            if status in _KEEP_POST:
                found = self._within(target, headers.get("Location"))
                if found is None:
                    return _Answer("it leads to another address, which is not followed: give that one")
                target = found
                continue
            return _judge(status, headers)
        return _Answer("it leads from one address to the next without end")

    def _request(self, target: str, body: bytes) -> tuple[int, http.client.HTTPMessage]:
        """Post once; a connection that was kept and has been closed meanwhile is made anew."""
        kept = self._connection is not None
        try:
            return self._ask(target, body)
        except (ConnectionError, http.client.RemoteDisconnected, http.client.BadStatusLine):
            self._hang_up()
            if not kept:
                raise
            return self._ask(target, body)

    def _ask(self, target: str, body: bytes) -> tuple[int, http.client.HTTPMessage]:
        address = self._address
        timeout_s = max(0.1, min(TIMEOUT_S, self._left_s()))
        if self._connection is None:
            self._connection = (
                http.client.HTTPConnection(address.host, address.port, timeout=timeout_s)
                if self._context is None
                else http.client.HTTPSConnection(address.host, address.port, timeout=timeout_s, context=self._context)
            )
        elif self._connection.sock is not None:
            self._connection.sock.settimeout(timeout_s)
        headers = {"Content-Type": "application/json", "User-Agent": "reidtrack"}
        if address.authorization is not None:
            headers["Authorization"] = address.authorization
        self._connection.request("POST", target, body, headers)
        answer = self._connection.getresponse()
        size = answer.length
        if size is None or size > _MOST_ANSWER_BYTES:
            self._hang_up()  # what it says is of no interest, and may be long
        else:
            answer.read()
        return answer.status, answer.headers

    def _within(self, target: str, location: str | None) -> str | None:
        """The target of a redirection to the same scheme, host and port; None for any other."""
        if location is None:
            return None
        try:
            found = parse_webhook(urljoin(f"{self._address.shown}{target}", location))
        except (ConfigError, ValueError):
            return None
        same = (found.host, found.port, found.tls) == (self._address.host, self._address.port, self._address.tls)
        return found.target if same else None

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _left_s(self) -> float:
        """Seconds until this has to end; more than enough while nobody asked for that."""
        until_s = self._until_s
        return LONGEST_WAIT_S * 10 if until_s is None else until_s - time.monotonic()


def _judge(status: int, headers: http.client.HTTPMessage) -> _Answer:
    """What a status says."""
    if 200 <= status < 300:
        return _Answer(None)
    if 300 <= status < 400:
        return _Answer("it leads to another address, which is not followed: give that one")
    again = status in _AGAIN or status >= 500
    after = headers.get("Retry-After", "").strip()
    delay_s = min(float(after), LONGEST_WAIT_S) if again and after.isascii() and after.isdigit() else None
    text = http.client.responses.get(status, "")
    return _Answer(f"it answers {status} {text}".rstrip(), again, delay_s)
