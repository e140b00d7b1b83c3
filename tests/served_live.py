"""Live cameras of the server's tests: the drawn walkers, played in a loop by a process with small networks.

As a script it is that process: `python served_live.py SCENE` with the detections in the folder SCENE.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from scene import Scene
from served import Serve

from reidtrack.server.live import overseer
from reidtrack.server.services import Services


def watch_scene(
    serve: Serve,
    root: Path,
    scene: Scene,
    monkeypatch: pytest.MonkeyPatch,
    names: Sequence[str] = ("left", "right"),
    **settings: Any,
) -> tuple[str, Services]:
    """Serve a folder with the walkers as live cameras."""
    script = (sys.executable, str(Path(__file__).resolve()), str(scene.folder))
    monkeypatch.setattr(overseer, "_COMMAND", script)
    cameras, config = root.parent / "cameras.yaml", root.parent / "live.yaml"
    entries = [{"name": name, "address": str(scene.videos[name])} for name in names]
    cameras.write_text(json.dumps({"cameras": entries}))
    told = {
        "embed": {"weights": str(scene.reid)},
        "engine": "torch",
        "device": "cpu",
        "stream": {"loop": True, "catch_up": False},
        "detect": {"motion_gate": False},
        "record": {"enabled": False},
    }
    config.write_text(json.dumps(told))
    return serve(root, live=cameras, live_config=config, **settings)


def main(folder: Path) -> int:
    """The process of the live cameras, with recorded detections and a small network."""
    import torch
    from live_child import Played

    from reidtrack.detect.replay import ReplayDetector
    from reidtrack.engines.provenance import Weights
    from reidtrack.networks.build import make_embedder
    from reidtrack.pipeline.run.reading import RunNetworks
    from reidtrack.server.live import child

    torch.set_num_threads(1)
    recorded = {path.name.removesuffix("_det.txt"): path for path in folder.glob("*_det.txt")}

    def load(config: Any, _: Any) -> RunNetworks:
        embedder, weights = make_embedder(config.embed, config.device, config.engine, config.precision)
        detector = Played(ReplayDetector(recorded), recorded)
        return RunNetworks(detector, embedder, {"detector": Weights("recorded detections"), "reid": weights})

    RunNetworks.load = load  # type: ignore[assignment, method-assign]
    return child.main()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
