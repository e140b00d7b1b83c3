"""What is published where: states of cameras, counts of people, and what lets Home Assistant find both."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from reidtrack.publish.mqtt_address import MqttAddress
from reidtrack.publish.status import LiveStatus

ONLINE, OFFLINE = "online", "offline"


def state_topic(prefix: str) -> str:
    """Topic that says whether the program runs: `online`, or `offline`, which the broker says when it is gone."""
    return f"{prefix}/state"


def events_topic(prefix: str) -> str:
    """Topic of all events, a line of `events.jsonl` each."""
    return f"{prefix}/events"


def states(address: MqttAddress, status: LiveStatus) -> dict[str, str]:
    """Topic to what is to stand there (retained), beside the program's own state.

    Args:
        address: With the prefixes.
        status: How it stands.
    """
    found = {f"{address.prefix}/people": str(status.people_now)}
    wanted = {name: camera for name, camera in status.cameras.items() if camera.wanted}
    for name, camera in wanted.items():
        found[f"{address.prefix}/camera/{name}/state"] = ONLINE if camera.state == "up" else OFFLINE
        found[f"{address.prefix}/camera/{name}/people"] = str(camera.people)
    if address.discovery is not None:
        found |= discovery(address.prefix, address.discovery, wanted)
    return found


def discovery(prefix: str, root: str, cameras: Mapping[str, Any]) -> dict[str, str]:
    """Topics and contents by which Home Assistant finds the cameras' states and the counts of people."""
    node = _id(prefix)
    base = {
        "availability_topic": state_topic(prefix),
        "device": {"identifiers": [f"reidtrack_{node}"], "name": f"reidtrack {prefix}", "manufacturer": "reidtrack"},
        "origin": {"name": "reidtrack"},
    }
    counted = {"unit_of_measurement": "people", "state_class": "measurement", "icon": "mdi:account-group"}
    total = {"name": "People", "unique_id": f"reidtrack_{node}_people", "state_topic": f"{prefix}/people", **counted}
    found = {f"{root}/sensor/reidtrack_{node}/people/config": {**total, **base}}
    for name in cameras:
        one = _id(name)
        found[f"{root}/binary_sensor/reidtrack_{node}/{one}/config"] = {
            "name": f"{name} connected",
            "unique_id": f"reidtrack_{node}_{one}_state",
            "state_topic": f"{prefix}/camera/{name}/state",
            "payload_on": ONLINE,
            "payload_off": OFFLINE,
            "device_class": "connectivity",
            **base,
        }
        found[f"{root}/sensor/reidtrack_{node}/{one}/config"] = {
            "name": f"{name} people",
            "unique_id": f"reidtrack_{node}_{one}_people",
            "state_topic": f"{prefix}/camera/{name}/people",
            **counted,
            **base,
        }
    return {topic: json.dumps(content) for topic, content in found.items()}


def _id(name: str) -> str:
    """A name in the letters that Home Assistant takes, different for different names."""
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:40]
    return f"{plain}_{hashlib.sha256(name.encode()).hexdigest()[:8]}".strip("_")
