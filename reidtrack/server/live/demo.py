"""The sample scene as live cameras: played in real time, again and again, nothing recorded, an hour kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from reidtrack.files import write_whole
from reidtrack.server.services import STATE

_KEEP_S = 3600.0


def write_demo(root: Path, videos: Mapping[str, Path], site: Path | None) -> tuple[Path, Path]:
    """Write the list of cameras and their settings; where they are.

    Args:
        root: The served folder.
        videos: Camera to film.
        site: Where the cameras stand.

    Raises:
        OutputError: If they cannot be written.
    """
    cameras, settings = root / STATE / "demo_cameras.yaml", root / STATE / "demo_live.yaml"
    cameras.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    entries = [{"name": name, "address": str(path)} for name, path in videos.items()]
    told = {"stream": {"loop": True}, "record": {"enabled": False, "keep_s": _KEEP_S, "segment_s": 300.0}}
    write_whole(cameras, json.dumps({"cameras": entries}))  # JSON is YAML
    write_whole(settings, json.dumps({**told, **({} if site is None else {"site": {"path": str(site)}})}))
    return cameras, settings
