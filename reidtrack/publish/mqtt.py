"""Events, states of cameras and counts of people to an MQTT broker, which may go away and come back.

One thread does everything: it connects, sends, waits for the broker's word that an event arrived, and connects again.
Events are sent at least once, in order; states are retained, and published anew after each connection. When the
program is gone, however that came, the broker says `offline` in its place (last will).
"""

from __future__ import annotations

import json
import random
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any

from reidtrack.errors import ConfigError, UsageError
from reidtrack.publish.mqtt_address import MqttAddress
from reidtrack.publish.mqtt_topics import OFFLINE, ONLINE, events_topic, state_topic, states
from reidtrack.publish.network import reason, wait_s
from reidtrack.publish.outlet import MOST_WAITING, Line, Waiting
from reidtrack.publish.status import LiveStatus, OutletStatus
from reidtrack.runtime.background import SideThread, raise_first

KEEPALIVE_S = 15
"""A broker that is silent for about so long is taken for gone."""
ANSWER_S = 10.0
"""It has so long to answer a connection."""
WINDOW = 20
"""Events that are on the way at once."""
MOST_EVENT_BYTES = 1 << 17
"""Of an event; a longer one is dropped, since brokers end the connection over it, again and again."""
_POLL_S = 0.05
_REFUSED_USER = frozenset({134, 135, 4, 5})
"""Reason codes of a wrong user or password: of MQTT 5, and of 3.1.1."""


class _ClosingSocket(ssl.SSLSocket):
    """A socket that is closed when its handshake fails: paho-mqtt drops it as it is."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise


class MqttOutlet:
    """Publishes to a broker, in a thread of its own from its making until `close`.

    Args:
        address: Of the broker.
        tell: Called with a line when the broker cannot be reached, or can again; in the outlet's thread.
        most: Events that wait at most.

    Raises:
        ConfigError: If paho-mqtt is not installed, or the file of certificates cannot be read.
    """

    name = "mqtt"

    def __init__(
        self, address: MqttAddress, tell: Callable[[str], object] | None = None, most: int = MOST_WAITING
    ) -> None:
        self._address, self._told_to = address, tell
        self._waiting = Waiting(most)
        self._wanted: dict[str, str] = {}
        self._shown: dict[str, str] = {}
        self._on_the_way: set[int] = set()
        self._connected = False
        self._refused: str | None = None
        self._wrong_user = False
        self._told: str | None = None
        self._answered = threading.Event()
        self._until_s: float | None = None
        self._jitter = random.Random()
        self._client = self._make_client()
        self._thread = SideThread(self._run, "mqtt", failed=self._answered.set)
        self._thread.start()

    def send(self, line: Line) -> None:
        """Publish an event, soon."""
        self._waiting.put(line)

    def show(self, status: LiveStatus) -> None:
        """Publish what is new in the cameras' states and the counts."""
        found = states(self._address, status)
        # Without any camera it is that of a program that is ending: what stands of them stays, for the next start.
        self._wanted = found if status.cameras else {**self._wanted, **found}

    def status(self) -> OutletStatus:
        """Counts so far."""
        waiting = self._waiting
        return OutletStatus(
            sent=waiting.sent,
            dropped=waiting.dropped,
            waiting=len(waiting) + len(self._on_the_way),
            connected=self._connected and self.fault is None,
        )

    @property
    def fault(self) -> BaseException | None:
        """What its thread ended by before its time; None where it did not."""
        return self._thread.fault

    def wait(self, timeout_s: float) -> bool:
        """Wait for the first answer, for a while; whether the broker took the connection.

        Raises:
            UsageError: If it refuses the user or the password.
            BaseException: What the outlet's thread ended by, if it did.
        """
        self._answered.wait(timeout_s)
        raise_first([self.fault])
        if self._wrong_user:
            raise UsageError(
                "the broker refuses the user or the password",
                where=self._address.shown,
                field="mqtt",
                expected="mqtt://user:password@host",
            )
        return self._connected

    def close(self, timeout_s: float) -> None:
        """Send what waits, say `offline`, and end; what cannot be sent in time is counted as dropped."""
        if self._until_s is None:
            self._until_s = time.monotonic() + timeout_s
        self._waiting.close()
        self._thread.join(timeout_s + 0.2)
        self._waiting.count(dropped=len(self._on_the_way))
        self._on_the_way.clear()
        self._waiting.give_up()

    def _make_client(self) -> Any:
        try:
            from paho.mqtt.client import Client, MQTTv311
            from paho.mqtt.enums import CallbackAPIVersion
        except ImportError as error:
            raise ConfigError(
                "needs paho-mqtt", field="mqtt", hint="install it: pip install 'reidtrack[mqtt]'"
            ) from error
        address = self._address
        client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv311, reconnect_on_failure=False)
        client.connect_timeout = ANSWER_S / 2
        client.max_inflight_messages_set(0)  # what is on the way is bounded here
        client.will_set(state_topic(address.prefix), OFFLINE, qos=1, retain=True)
        if address.user is not None:
            client.username_pw_set(address.user, address.password)
        if address.tls:
            try:
                context = ssl.create_default_context(cafile=address.ca)
            except OSError as error:
                hint = "it holds no certificates" if isinstance(error, ssl.SSLError) else error.strerror
                raise ConfigError("cannot be read", where=address.ca, field="mqtt", hint=hint) from error
            context.sslsocket_class = _ClosingSocket
            client.tls_set_context(context)
        client.on_connect, client.on_publish = self._on_connect, self._on_publish
        client.connect_async(address.host, address.port, KEEPALIVE_S)
        return client

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
        if not code.is_failure:
            self._shown.clear()
            self._connected, self._wrong_user = True, False
            self._client.publish(state_topic(self._address.prefix), ONLINE, qos=1, retain=True)
            return
        self._wrong_user = code.value in _REFUSED_USER
        self._refused = "it refuses the user or the password" if self._wrong_user else f"it says: {code}".lower()

    def _on_publish(self, _client: Any, _data: Any, mid: int, _code: Any, _properties: Any) -> None:
        if mid in self._on_the_way:
            self._on_the_way.discard(mid)
            self._waiting.count(sent=1)

    def _run(self) -> None:
        """Connect, serve, wait, again and again."""
        tries = 0
        while not self._ended():
            self._refused = None
            try:
                self._client.reconnect()
                served = self._serve()
                problem = self._refused or "it closed the connection"
            except (OSError, ValueError) as error:
                served, problem = False, reason(error)
            self._connected = False
            tries = 1 if served else tries + 1
            self._answered.set()
            if self._until_s is not None:
                return
            if problem != self._told:
                self._told = problem
                self._tell(f"{problem}; trying again")
            with self._waiting.changed:
                self._waiting.changed.wait_for(lambda: self._waiting.closed, wait_s(tries, self._jitter))

    def _serve(self) -> bool:
        """Talk with the broker until that ends; whether it had taken the connection."""
        began, served = time.monotonic(), False
        while self._client.loop(_POLL_S) == 0 and self._refused is None:
            if not self._connected:
                if time.monotonic() - began > ANSWER_S:
                    self._refused = "no answer in time"
                continue
            if not served:
                served = True
                self._answered.set()
                if self._told is not None:
                    self._told = None
                    self._tell("connected again")
            self._publish_states()
            self._publish_events()
            if self._ended() or (self._waiting.closed and not len(self._waiting) and not self._on_the_way):
                self._say_goodbye()
                break
        self._hang_up()
        return served

    def _publish_states(self) -> None:
        """Publish what differs from what stands at the broker; what is no more is deleted there."""
        wanted = self._wanted
        for topic in self._shown.keys() - wanted.keys():
            del self._shown[topic]
            self._client.publish(topic, "", qos=1, retain=True)
        for topic, content in wanted.items():
            if self._shown.get(topic) != content:
                self._shown[topic] = content
                self._client.publish(topic, content, qos=1, retain=True)

    def _publish_events(self) -> None:
        while len(self._on_the_way) < WINDOW:
            line = self._waiting.take(0)
            if line is None:
                return
            content = json.dumps(line, separators=(",", ":"))
            if len(content) > MOST_EVENT_BYTES:
                self._waiting.count(dropped=1)
                continue
            self._on_the_way.add(self._client.publish(events_topic(self._address.prefix), content, qos=1).mid)

    def _say_goodbye(self) -> None:
        """Say that the program ends, and wait a moment for that to arrive."""
        said = self._client.publish(state_topic(self._address.prefix), OFFLINE, qos=1, retain=True)
        while not said.is_published() and not self._ended() and self._client.loop(_POLL_S) == 0:
            pass

    def _tell(self, text: str) -> None:
        if self._told_to is not None:
            self._told_to(f"mqtt {self._address.shown}: {text}")

    def _hang_up(self) -> None:
        """End the connection in good order if there is one."""
        if self._client.socket() is not None:
            self._client.disconnect()
            self._client.loop(_POLL_S)

    def _ended(self) -> bool:
        """Whether the time to end is over."""
        return self._until_s is not None and time.monotonic() >= self._until_s
