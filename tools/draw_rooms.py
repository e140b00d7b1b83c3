"""Draws the rooms of the package, layer by layer, from the order that tests/test_imports.py holds.

python -m tools.draw_rooms    # writes docs/pictures/rooms.svg; a test says when it has to be drawn anew
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "pictures" / "rooms.svg"
_WIDTH, _HEIGHT, _GAP, _LETTER = 820, 44, 14, 8.6
_STYLE = (
    "text{font:14px sans-serif;fill:#263238}.layer{fill:#eceff1}.room{fill:#ffffff;stroke:#546e7a}"
    ".later{fill:#ffffff;stroke:#90a4ae;stroke-dasharray:4 3}.note{font-size:12px;fill:#546e7a}"
)


def layers() -> list[list[str]]:
    """Rooms of each layer, lowest first, by name."""
    tree = ast.parse((ROOT / "tests" / "test_imports.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "LAYERS":
            return [sorted(layer) for layer in ast.literal_eval(node.value)]
    raise SystemExit("tests/test_imports.py has no LAYERS")


def is_there(room: str) -> bool:
    """Whether a room of the order is built yet."""
    return (ROOT / "reidtrack" / room).is_dir() or (ROOT / "reidtrack" / f"{room}.py").is_file()


def draw(order: Sequence[Sequence[str]]) -> str:
    """The picture: a band for each layer, the highest on top."""
    shown = [[room for room in layer if room != "__main__"] for layer in order]
    bands = [layer for layer in reversed(shown) if layer]
    height = len(bands) * (_HEIGHT + _GAP) + 40
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">',
        "<title>The rooms of reidtrack: each imports only from bands below its own</title>",
        f"<style>{_STYLE}</style>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    for row, layer in enumerate(bands):
        top = 10 + row * (_HEIGHT + _GAP)
        lines.append(f'<rect class="layer" x="10" y="{top}" width="{_WIDTH - 20}" height="{_HEIGHT}" rx="6"/>')
        widths = [round(len(room) * _LETTER + 12) for room in layer]
        left = (_WIDTH - sum(widths) - 6 * (len(layer) - 1)) // 2
        for room, width in zip(layer, widths, strict=True):
            kind = "room" if is_there(room) else "later"
            lines.append(f'<rect class="{kind}" x="{left}" y="{top + 8}" width="{width}" height="28" rx="4"/>')
            lines.append(f'<text x="{left + width / 2:g}" y="{top + 27}" text-anchor="middle">{room}</text>')
            left += width + 6
    note = "A room imports only from bands below its own; those of the lowest know each other. Dashed: to come."
    lines.append(f'<text class="note" x="{_WIDTH // 2}" y="{height - 14}" text-anchor="middle">{note}</text>')
    return "\n".join([*lines, "</svg>"]) + "\n"


if __name__ == "__main__":
    PICTURE.write_text(draw(layers()), encoding="utf-8")
