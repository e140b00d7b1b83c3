"""docs/architecture.md against the code: the order of the layers, the picture, and every file and name it gives."""

from __future__ import annotations

import ast
import re

import pytest
from doc_pages import ROOT

from tools.draw_rooms import PICTURE, draw, is_there, layers

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| [^|]*\? \| `(reidtrack/[\w/]+\.py)` \| (.*) \|$", PAGE, flags=re.M)
STEPS = re.findall(r"\[(\w+)\]\(\.\./(reidtrack/[\w/]+\.py)\) in\s+`([\w/.]+)`", PAGE)


def names_of(path: str) -> set[str]:
    """Names that a module defines, those within classes as `Class.name`."""
    found: set[str] = set()
    for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
            inner = node.body if isinstance(node, ast.ClassDef) else []
            found |= {f"{node.name}.{one.name}" for one in inner if isinstance(one, ast.FunctionDef)}
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


def test_layers_are_those_of_the_test_of_imports() -> None:
    block = PAGE[PAGE.index("<!-- layers -->") :].split("```")[1]
    written = [line.split() for line in block.strip().splitlines()]
    assert written == [layer for layer in layers() if layer != ["__main__"]]


def test_every_room_is_in_the_table() -> None:
    table = PAGE[PAGE.index("## Rooms") : PAGE.index("## Layers")]
    rooms = {room for layer in layers() for room in layer if is_there(room)} - {"__main__"}
    assert set(re.findall(r"\[(\w+)\]\(\.\./reidtrack/", table)) == rooms


def test_the_picture_is_of_today() -> None:
    """`python -m tools.draw_rooms` draws it anew."""
    assert PICTURE.read_text(encoding="utf-8") == draw(layers())


def test_questions_are_found() -> None:
    asked = PAGE[PAGE.index("## Where is it?") :].split("\n## ")[0]
    assert len(ROWS) == asked.count("\n| ") - 2 > 10


@pytest.mark.parametrize(("path", "text"), ROWS, ids=[f"{path} {text[:30]}" for path, text in ROWS])
def test_what_the_table_names_is_there(path: str, text: str) -> None:
    """Names before the first sentence's end; what stands in another file is told with its own."""
    names = {name for name in re.findall(r"`([\w.]+)`", text.split(":")[0]) if not name.endswith("/")}
    assert names
    assert names - {"Source", "TrackingPass"} <= names_of(path)


@pytest.mark.parametrize(("name", "path", "said"), STEPS)
def test_steps_are_where_they_are_said_to_be(name: str, path: str, said: str) -> None:
    assert said == path
    assert name in names_of(path)
