"""What a wheel carries beside the modules; building a whole one takes too long for a test."""

from __future__ import annotations

import runpy
import shutil
import tomllib
from pathlib import Path

import pytest

from reidtrack.report.shell import page_script

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with a package, weights and a scene, and with files beside them that are not shipped."""
    shutil.copy(ROOT / "setup.py", tmp_path)
    shutil.copytree(ROOT / "reidtrack/report", tmp_path / "reidtrack/report")
    for name in ("weights/a.safetensors", "weights/export/a.xml", "weights/mine.pt", "weights/README.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "weights/sha256.txt").write_text("00  a.safetensors\n00  export/a.xml\n")
    for name in ("samples/a.mp4", "samples/gt/a.txt", "reidtrack/shipped/__init__.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_listed_weights_and_the_whole_scene(checkout: Path) -> None:
    files = runpy.run_path(str(checkout / "setup.py"))["shipped_files"]()
    assert [path.as_posix() for path in files] == [
        "samples/a.mp4",
        "samples/gt/a.txt",
        "weights/README.md",
        "weights/a.safetensors",
        "weights/export/a.xml",
        "weights/sha256.txt",
    ]


def test_a_checkout_without_weights_packs_the_scene(checkout: Path) -> None:
    shutil.rmtree(checkout / "weights")
    files = runpy.run_path(str(checkout / "setup.py"))["shipped_files"]()
    assert [path.as_posix() for path in files] == ["samples/a.mp4", "samples/gt/a.txt"]


@pytest.mark.parametrize("editable", [False, True])
def test_a_build_puts_them_where_they_are_looked_for(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, editable: bool
) -> None:
    monkeypatch.chdir(checkout)
    distribution = pytest.importorskip("setuptools").Distribution(
        {"packages": ["reidtrack.shipped"], "script_name": "setup.py"}
    )
    build = runpy.run_path(str(checkout / "setup.py"))["BuildWithShipped"]
    command = build(distribution)
    command.ensure_finalized()
    command.build_lib, command.editable_mode = "built", editable
    stale = checkout / "built/reidtrack/shipped/weights/former.pt"
    stale.parent.mkdir(parents=True)
    stale.touch()
    command.run()
    there = {p.relative_to(stale.parents[1]).as_posix() for p in stale.parents[1].rglob("*") if p.is_file()}
    script = checkout / "built/reidtrack/report/run/js/main.bundle.js"
    assert script.is_file() is not editable
    assert editable or script.read_text(encoding="utf-8") == page_script("run/js/main.js")
    carried = {"weights/a.safetensors", "weights/export/a.xml", "samples/gt/a.txt"}
    assert carried & there == (set() if editable else carried)
    assert ("weights/former.pt" in there) is editable


def test_the_scene_of_this_checkout_is_packed() -> None:
    files = {path.as_posix() for path in runpy.run_path(str(ROOT / "setup.py"))["shipped_files"]()}
    assert {"samples/alley.mp4", "samples/gt/ignore_alley.txt", "samples/calibration.yaml"} <= files


def test_the_package_data_covers_what_pages_are_made_of() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    packed = {path for pattern in settings["package-data"]["reidtrack"] for path in (ROOT / "reidtrack").glob(pattern)}
    pages = {path for path in (ROOT / "reidtrack/report").rglob("*.*") if path.suffix in (".js", ".css", ".html")}
    assert len(pages) > 20
    assert pages <= packed
