"""Carries `weights/` and `samples/` into a wheel; everything else about the package is in pyproject.toml."""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
TARGET = Path("reidtrack/shipped")
"""Where reidtrack/shipped/files.py looks for them."""


def shipped_files() -> list[Path]:
    """What goes into the wheel, by its path in the repository: of weights, what sha256.txt lists."""
    digests = ROOT / "weights/sha256.txt"
    listed = digests.read_text(encoding="utf-8").splitlines() if digests.exists() else []
    weights = ["README.md", "sha256.txt", *(line.split("  ", 1)[1] for line in listed)] if listed else []
    scene = [path.relative_to(ROOT) for path in (ROOT / "samples").rglob("[!.]*") if path.is_file()]
    return sorted([*(Path("weights") / name for name in weights), *scene])


class BuildWithShipped(build_py):
    """Copies them when a wheel is built; an editable installation finds them where they are."""

    def run(self) -> None:
        """Build as usual, then copy."""
        super().run()
        if self.editable_mode:
            return
        target = Path(self.build_lib) / TARGET
        for folder in ("weights", "samples"):  # of an earlier build
            shutil.rmtree(target / folder, ignore_errors=True)
        for path in shipped_files():
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, target / path)


if __name__ == "__main__":
    setup(cmdclass={"build_py": BuildWithShipped})
