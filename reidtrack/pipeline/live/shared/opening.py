"""A folder of live cameras joins the other groups of its site."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from numpy.typing import NDArray

from reidtrack import clock
from reidtrack.config.live import CameraSettings, SharedConfig, fill_variables
from reidtrack.errors import UsageError, param
from reidtrack.pipeline.live.shared.address import parse_redis
from reidtrack.pipeline.live.shared.group import SharedIdentities, is_shared, stored
from reidtrack.pipeline.live.shared.keys import Keys
from reidtrack.pipeline.live.shared.link import GroupEntry, Link
from reidtrack.pipeline.live.shared.network import network_json
from reidtrack.pipeline.live.store import LiveStore
from reidtrack.pipeline.live.told import Told
from reidtrack.pipeline.run.recognise import run_key


def open_shared(
    store: LiveStore,
    config: SharedConfig,
    cameras: Sequence[CameraSettings],
    dim: int,
    told: Told,
    state: dict[str, NDArray[Any]] | None,
    say: Callable[[str], object],
) -> SharedIdentities:
    """Identities that associators decide on.

    Args:
        store: Of the session.
        config: Where the groups meet.
        cameras: Of the session.
        dim: Length of a feature.
        told: What the folder has told before.
        state: What the session before has stored; None where there was none.
        say: Told in a line when the server or the associators are away, or there again.

    Raises:
        UsageError: If the server cannot be used, another group watches one of the cameras, other groups have other
            weights, or the folder has numbers of its own.
        ConfigError: If the address is none, or redis-py is not installed.
    """
    check_kind(store, told, state, shared=True)
    assert config.redis is not None
    address = parse_redis(fill_variables(config.redis, "redis"))
    last_id, known = stored(state)
    group = GroupEntry(
        run_key(store.manifest),
        config.group or store.folder.path.resolve().name or "group",
        int(clock.now().timestamp() * 1000),
        network_json(store.manifest.weights["reid"], dim),
    )
    link = Link(address, Keys(config.prefix), group, lambda: told.highest, last_id, say)
    link.claim([camera.name for camera in cameras])
    sectors = {camera.name: camera.sector or config.sector for camera in cameras}
    return SharedIdentities(
        link,
        group,
        store.manifest.origin.timestamp(),
        lambda camera: sectors.get(camera, config.sector),
        lambda names: _sizes(store, names),
        told.stands,
        dim,
        known,
    )


def check_kind(store: LiveStore, told: Told, state: dict[str, NDArray[Any]] | None, *, shared: bool) -> None:
    """See that a folder goes on as it began: with numbers of its own, or with those of its site.

    Raises:
        UsageError: If it began otherwise.
    """
    if told.highest == 0 or state is None or is_shared(state) == shared:
        return
    raise UsageError(
        "its people have numbers of its own" if shared else "its people have the numbers of a site of several groups",
        where=store.folder.path,
        hint=f"choose another {param('out')}, or {'leave out' if shared else 'give'} {param('redis')}",
    )


def _sizes(store: LiveStore, names: Collection[str]) -> dict[str, tuple[int, int]]:
    entries = {entry.camera: entry.size for entry in [*store.manifest.inputs]}
    return {name: size for name in names if (size := entries.get(name)) is not None}
