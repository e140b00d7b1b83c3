"""Everybody who is told of a live session beside its logs: broker, web hook, health page, zones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from reidtrack.config.live import LiveConfig, fill_variables
from reidtrack.publish.health import HealthPage, parse_bind
from reidtrack.publish.outlet import Outlet
from reidtrack.publish.status import LiveStatus
from reidtrack.runtime.background import first_fault

_CLOSE_S = 2.0
_ANSWER_S = 5.0
"""A broker that refuses the password within so long ends the command; one that does not answer is tried again."""


class LiveOutlets:
    """Passes events and figures on.

    Args:
        config: Which outlets there are.
        status: How it stands, for the health page.
        say: Told in a line when an outlet cannot be reached, or can again.

    Raises:
        UsageError: If an address is wrong, or its package is not installed.
        OutputError: If the health page's port is taken.
    """

    def __init__(self, config: LiveConfig, status: Callable[[], LiveStatus], say: Callable[[str], object]) -> None:
        self._outlets: list[Outlet] = []
        publish = config.publish
        try:
            if publish.mqtt is not None:
                from reidtrack.publish.mqtt import MqttOutlet
                from reidtrack.publish.mqtt_address import parse_mqtt

                broker = MqttOutlet(parse_mqtt(fill_variables(publish.mqtt, "mqtt")), say)
                self._outlets.append(broker)
                broker.wait(_ANSWER_S)
            if publish.webhook is not None:
                from reidtrack.publish.webhook import WebhookOutlet, parse_webhook

                self._outlets.append(WebhookOutlet(parse_webhook(fill_variables(publish.webhook, "webhook")), say))
            self._page = None if publish.http is None else HealthPage(*parse_bind(publish.http), status)
        except BaseException:
            self.close()
            raise

    def send(self, line: Mapping[str, Any]) -> None:
        """Pass an event on; any thread."""
        for outlet in self._outlets:
            outlet.send(line)

    def show(self, status: LiveStatus) -> None:
        """Pass figures on."""
        for outlet in self._outlets:
            outlet.show(status)

    def completed(self, status: LiveStatus) -> LiveStatus:
        """The status, with how it stands with the outlets."""
        return replace(status, outlets={**status.outlets, **{o.name: o.status() for o in self._outlets}})

    @property
    def fault(self) -> BaseException | None:
        """What a thread of theirs ended by before its time; None where none did."""
        return first_fault((self._page, *self._outlets))

    def close(self) -> None:
        """Send what waits, for a moment, and end."""
        page = getattr(self, "_page", None)
        if page is not None:
            page.close()
        for outlet in self._outlets:
            outlet.close(_CLOSE_S)
