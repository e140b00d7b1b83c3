"""Writes weights/sha256.txt anew: `make weights-sha256`, after a file in weights/ has changed."""

from __future__ import annotations

import hashlib
from pathlib import Path

from reidtrack.files import write_whole
from reidtrack.shipped.files import DIGESTS

WEIGHTS = Path(__file__).resolve().parents[1] / "weights"


def digest_lines(folder: Path) -> list[str]:
    """A line of `sha256sum` for each file in a folder and below, except the list itself and the README."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    kept = [name for name in names if name not in (DIGESTS, "README.md") and not Path(name).name.startswith(".")]
    return [f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}" for name in kept]


def main() -> None:
    """Write the list, and show it."""
    text = "".join(f"{line}\n" for line in digest_lines(WEIGHTS))
    write_whole(WEIGHTS / DIGESTS, text)
    print(text, end="")


if __name__ == "__main__":
    main()
