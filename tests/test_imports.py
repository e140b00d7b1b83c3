"""The order of the layers: which module may import which, and what must not be loaded before a command is chosen."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import reidtrack

PACKAGE = Path(reidtrack.__file__).parent
LAYERS = (
    {
        "types",
        "errors",
        "events",
        "geometry",
        "assign",
        "mot",
        "image",
        "files",
        "clock",
        "graph",
        "options",
        "plain_file",
        "plain_yaml",
        "runtime",
        "safe_torch",
    },
    {"fetch", "shipped"},
    {"video", "associate", "report", "publish"},
    {"track", "embed", "spacetime", "gallery", "corrections"},
    {"detect", "engines", "models", "datasets"},
    {"config"},
    {"networks", "runs", "benchmark", "train"},
    {"pipeline"},
    {"api"},
    {"server", "distributed"},
    {"cli"},
    {"__main__"},
)
"""The configuration stands above the rooms whose settings it takes from their signatures, and below who reads it.

The rooms, lowest first: each imports only from layers below its own; those of the lowest layer know each other."""
LAYER = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}
CONFIGURED = {"config", "networks", "pipeline", "api", "cli", "server", "distributed"}
"""Who knows the configuration's objects; everybody else is given plain values."""
HEAVY = [
    "argon2",
    "av",
    "cv2",
    "filterpy",
    "lap",
    "matplotlib",
    "numpy",
    "onnxruntime",
    "openvino",
    "paho",
    "pandas",
    "PIL",
    "prometheus_client",
    "pydantic",
    "redis",
    "scipy",
    "starlette",
    "torch",
    "torchvision",
    "trackeval",
    "ultralytics",
    "uvicorn",
]


def module_name(path: Path) -> str:
    """`track.sort` for reidtrack/track/sort.py, `track` for its __init__.py, "" for the package's own."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imported(path: Path) -> set[str]:
    """Modules of reidtrack that a file imports anywhere, also inside functions and for types alone."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute"
            base = node.module or ""
            names |= {f"{base}.{alias.name}" if f"{base}.{alias.name}"[10:] in FILES else base for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return {name.removeprefix("reidtrack").removeprefix(".") for name in names if name.split(".")[0] == "reidtrack"}


def may_import(module: str, other: str) -> bool:
    """Whether `module` may import `other`, both without the leading `reidtrack.`."""
    room, target = module.split(".")[0], other.split(".")[0]
    if room == target or other == "":  # "" gives the version and nothing else
        return True
    if target == "config" and room not in CONFIGURED:
        return False
    return room != "" and (LAYER[target] < LAYER[room] or LAYER[target] == LAYER[room] == 0)


def test_every_room_has_a_layer() -> None:
    assert {name.split(".")[0] for name in FILES} - {""} <= set(LAYER)


@pytest.mark.parametrize("module", FILES)
def test_import_directions(module: str) -> None:
    wrong = sorted(other for other in imported(FILES[module]) if not may_import(module, other))
    assert not wrong, f"reidtrack.{module} must not import {wrong}"


@pytest.mark.parametrize(
    ("module", "other", "expected"),
    [
        pytest.param("track.sort", "track.kalman", True, id="a room knows itself"),
        pytest.param("track.sort", "mot", True, id="and the layers below"),
        pytest.param("embed.quality", "video.file", True, id="whichever room it is"),
        pytest.param("track.sort", "embed.select", False, id="a room does not know its neighbour"),
        pytest.param("track.sort", "detect.yolo", False, id="nor a layer above"),
        pytest.param("track.sort", "config.run", False, id="no configuration below networks and pipeline"),
        pytest.param("runs.manifest", "config.run", False, id="nor beside them"),
        pytest.param("networks.build", "config.run", True, id="networks are made from it"),
        pytest.param("config.run", "track.tracker", True, id="settings come from what is set"),
        pytest.param("config.run", "networks.build", False, id="but not from what is made from them"),
        pytest.param("mot", "files", True, id="the lowest layer knows itself"),
        pytest.param("geometry", "track.sort", False, id="but no room"),
        pytest.param("", "types", False, id="the package itself imports nothing"),
        pytest.param("pipeline.run.run", "track.sort", True, id="the pipeline knows the rooms"),
        pytest.param("pipeline.run.run", "cli.run", False, id="but not the command line"),
        pytest.param("api", "pipeline.run.run", True, id="from Python as from the command line"),
        pytest.param("cli.run", "api", True, id="the command line may use what Python does"),
        pytest.param("api", "cli.run", False, id="but not the other way round"),
        pytest.param("cli.serve", "server.start", True, id="the command line starts the server"),
        pytest.param("server.app", "cli.serve", False, id="which does not know who did"),
    ],
)
def test_the_rule_itself(module: str, other: str, expected: bool) -> None:
    assert may_import(module, other) is expected


def test_imports_are_found_wherever_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(
        "import numpy\nimport reidtrack.assign\nfrom reidtrack import __version__, geometry\n"
        "def f():\n    from reidtrack.track.sort import Sort\n"
    )
    assert imported(path) == {"assign", "", "geometry", "track.sort"}


def loaded_after(code: str) -> list[str]:
    """The heavy packages a fresh interpreter holds after `code`."""
    check = f"\nimport sys\nprint(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code + check], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1].split()


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("import reidtrack", id="import reidtrack"),
        pytest.param("import reidtrack.cli.main", id="import the command line"),
        pytest.param("from reidtrack.cli.main import build_parser as b; b().format_help()", id="reidtrack --help"),
        pytest.param(
            "from reidtrack.cli.main import COMMANDS, build_parser\n"
            "for name in COMMANDS:\n"
            "    build_parser(name).format_help()",
            id="reidtrack COMMAND --help",
        ),
    ],
)
def test_nothing_heavy_is_loaded_before_a_command_runs(code: str) -> None:
    assert loaded_after(code) == []
