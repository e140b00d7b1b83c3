"""Adds `weights/`, `samples/` and the reports' scripts to a wheel; the rest about the package is in pyproject.toml."""

from __future__ import annotations

import runpy
import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
TARGET = Path("reidtrack/shipped")
"""Where reidtrack/shipped/files.py looks for them."""

REPORT = Path("reidtrack/report")
"""Where reidtrack/report/shell.py looks for modules and bundles."""


def shipped_files() -> list[Path]:
    """Paths in the repository of what goes into the wheel: of weights, what sha256.txt lists."""
    digests = ROOT / "weights/sha256.txt"
    listed = digests.read_text(encoding="utf-8").splitlines() if digests.exists() else []
    weights = ["README.md", "sha256.txt", *(line.split("  ", 1)[1] for line in listed)] if listed else []
    scene = [path.relative_to(ROOT) for path in (ROOT / "samples").rglob("[!.]*") if path.is_file()]
    return sorted([*(Path("weights") / name for name in weights), *scene])


def bundles() -> dict[Path, str]:
    """Scripts of the reports' pages, each one made from all its modules, by their paths in the wheel."""
    tools = runpy.run_path(str(ROOT / REPORT / "bundle.py"))

    def read(name: str) -> str:
        return (ROOT / REPORT / name).read_text(encoding="utf-8")

    return {REPORT / tools["bundled_name"](entry): tools["bundle"](entry, read) for entry in tools["ENTRIES"]}


class BuildWithShipped(build_py):
    """Adds files when a wheel is built; an editable installation finds or makes them where they are."""

    def run(self) -> None:
        """Build as usual, then add."""
        super().run()
        if self.editable_mode:
            return
        for path, script in bundles().items():
            (Path(self.build_lib) / path).parent.mkdir(parents=True, exist_ok=True)
            (Path(self.build_lib) / path).write_text(script, encoding="utf-8")
        target = Path(self.build_lib) / TARGET
        for folder in ("weights", "samples"):  # of an earlier build
            shutil.rmtree(target / folder, ignore_errors=True)
        for path in shipped_files():
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, target / path)


if __name__ == "__main__":
    setup(cmdclass={"build_py": BuildWithShipped})
