"""Which group watches which camera: one for each, as long as it is there; and which site it is."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterable
from typing import Any

from reidtrack.errors import InputError
from reidtrack.pipeline.live.shared.checked import is_owner
from reidtrack.pipeline.live.shared.keys import Keys

EXPIRE_S = 60
"""A group that has not been heard of for so long has left its cameras."""


def site_of(client: Any, keys: Keys, known: str | None) -> str:
    """What tells a site's numbers from those of all others: drawn once, and put back where the server lost it.

    Args:
        client: Of the server.
        keys: Of the site.
        known: What it was before; None where that is not known.

    Raises:
        InputError: If something else stands there.
    """
    client.set(keys.site, known or uuid.uuid4().hex[:16], nx=True)
    found = client.get(keys.site)
    name = found.decode(errors="replace") if isinstance(found, bytes) else ""
    if not is_owner(name):
        hint = f"delete the key {keys.site} there: people of before get new numbers then"
        raise InputError("what Redis holds of the site is damaged", field="redis", hint=hint)
    return name


class Registry:
    """The cameras of one group, as the others see them. Threads may share it.

    Args:
        keys: Of the site.
        owner: The group's own, which no other has.
        name: What the group is called.
    """

    def __init__(self, keys: Keys, owner: str, name: str) -> None:
        self._keys, self._value = keys, f"{owner} {name}".encode()
        self._lock = threading.Lock()
        self._wanted: set[str] = set()
        self._taken: dict[str, str] = {}

    def owns(self, camera: str) -> bool:
        """Whether a camera is the group's; one that was not claimed yet is claimed with the next beat."""
        with self._lock:
            self._wanted.add(camera)
            return camera not in self._taken

    def claim(self, client: Any, cameras: Iterable[str]) -> dict[str, str]:
        """Claim cameras, and again those of before; those that are newly found to be another group's, with its name."""
        with self._lock:
            self._wanted.update(cameras)
            wanted = sorted(self._wanted)
        found = {}
        for camera in wanted:
            key = self._keys.camera(camera)
            if client.set(key, self._value, nx=True, ex=EXPIRE_S):
                continue
            stored = client.get(key)
            if stored == self._value:
                client.expire(key, EXPIRE_S)
            elif isinstance(stored, bytes):
                found[camera] = stored[:300].decode(errors="replace").partition(" ")[2] or "?"
        with self._lock:
            new = {camera: other for camera, other in found.items() if camera not in self._taken}
            self._taken = found
        return new

    def give_back(self, client: Any) -> None:
        """Leave the cameras to others."""
        for camera in sorted(self._wanted - self._taken.keys()):
            if client.get(self._keys.camera(camera)) == self._value:
                client.delete(self._keys.camera(camera))
