"""The settings that a run was made with, whether of recordings or of live cameras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reidtrack.config.live import LiveConfig
from reidtrack.config.load import load
from reidtrack.config.run import RunConfig
from reidtrack.runs.manifest import RunManifest


def settings_of(
    manifest: RunManifest, overrides: Sequence[str] = (), options: Mapping[str, Any] | None = None
) -> RunConfig:
    """Settings as `run.json` says them, those of a live folder with what only live cameras have.

    Args:
        manifest: What `run.json` says.
        overrides: Others, `key.sub=value`.
        options: Dotted key to another value.

    Raises:
        ConfigError: If they are none.
    """
    model = LiveConfig if manifest.is_live else RunConfig
    config: RunConfig = load(model, overrides=overrides, base=manifest.settings, options=options or {})
    return config
