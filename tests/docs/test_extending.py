"""docs/extending.md does what it says: its files and lines go into a copy of the package, and its uses run on a scene.

A block of Python with a path as its title is a new file, one of `diff` changes a file, one titled `use` runs.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from doc_pages import ROOT
from people import paint_people
from scene import Shot, build_scene, save_reid

BLOCK = re.compile(r'^```(\w+) title="([^"]+)"\n(.*?)^```$', flags=re.M | re.S)
PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
SECTIONS = {text.split("\n")[0]: BLOCK.findall(text) for text in re.split(r"^## ", PAGE, flags=re.M)[1:]}
DRIVER = """
import sys, traceback, torch
torch.set_num_threads(1)
for path in sys.argv[1:]:
    code = open(path, encoding="utf-8").read()
    try:
        exec(compile(code, path, "exec"), {"__name__": "__main__"})
    except Exception:
        traceback.print_exc()
        print("FAILED", path)
"""


def changed(text: str, diff: str) -> str:
    """A file's text after a change: lines that stay or go are found in one place, lines that come stand there."""
    lines = diff.splitlines()
    before = "".join(line[1:] + "\n" for line in lines if line[:1] in (" ", "-"))
    after = "".join(line[1:] + "\n" for line in lines if line[:1] in (" ", "+"))
    assert text.count(before) == 1, before
    return text.replace(before, after)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package with everything that the page adds."""
    folder = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "reidtrack", folder / "reidtrack", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "weights").symlink_to(ROOT / "weights")
    shutil.copy(ROOT / "pyproject.toml", folder)  # by which the package knows that it stands in a checkout
    for kind, title, code in (block for blocks in SECTIONS.values() for block in blocks):
        path = folder / title
        if title != "use" and kind == "python":
            assert not path.exists()
            path.write_text(code, encoding="utf-8")
        elif title != "use":
            path.write_text(changed(path.read_text(encoding="utf-8"), code), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory, copy: Path) -> str:
    """What is said while all uses run one after another, in a folder with all that they name."""
    desk = tmp_path_factory.mktemp("desk")
    scene = build_scene(desk / "scene", save_reid(desk / "reid.safetensors"), {"cam1": Shot(), "cam2": Shot()})
    for camera in ("cam1", "cam2"):
        shutil.copy(scene.videos[camera], desk / f"{camera}.mp4")
        shutil.copy(scene.detections[camera], desk / f"{camera}.txt")
    pictures = sorted(paint_people(desk / "people", people=9, images=8).glob("*/*.png"))
    for name, picture in (("photo1.jpg", pictures[0]), ("photo2.jpg", pictures[-1])):
        shutil.copy(picture, desk / name)
    uses = []
    for number, (section, blocks) in enumerate(SECTIONS.items()):
        for _, title, code in blocks:
            if title == "use":
                path = desk / f"{number}_{re.sub(r'[^a-z]', '_', section.lower())}.py"
                path.write_text(with_recorded_detections(code), encoding="utf-8")
                uses.append(path)
    environment = {**os.environ, "PYTHONPATH": str(copy), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", DRIVER, *map(str, uses)]
    done = subprocess.run(command, cwd=desk, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def with_recorded_detections(code: str) -> str:
    """The drawn people are none to the shipped detector: their detections are on file."""
    files = '{"cam1": "cam1.txt", "cam2": "cam2.txt"}'
    code = code.replace('"runs/nearest",\n    settings', f'"runs/nearest",\n    detections={files},\n    settings')
    paths = '{"cam1": Path("cam1.txt"), "cam2": Path("cam2.txt")}'
    return code.replace('out=Path("runs/observed"),', f'out=Path("runs/observed"),\n    detections={paths},')


@pytest.mark.slow
@pytest.mark.parametrize("section", [section for section, blocks in SECTIONS.items() if blocks])
def test_what_the_page_shows_works(section: str, said: str) -> None:
    name = re.sub(r"[^a-z]", "_", section.lower())
    assert any(title == "use" for _, title, _ in SECTIONS[section])
    assert f"_{name}.py" not in "\n".join(re.findall(r"^FAILED .*$", said, flags=re.M)), said


def test_what_the_page_adds_is_clean(copy: Path) -> None:
    """The new files and the changed ones, by the rules of the repository."""
    titles = {title for blocks in SECTIONS.values() for _, title, _ in blocks if title != "use"}
    command = [sys.executable, "-m", "ruff", "check", *sorted(titles)]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("text", "diff", "expected"),
    [
        pytest.param("a\nb\n", " a\n+x\n", "a\nx\nb\n", id="a line comes"),
        pytest.param("a\nb\n", "-a\n+x\n", "x\nb\n", id="a line is another"),
        pytest.param("a\nb\n", "-a\n", "b\n", id="a line goes"),
        pytest.param("a\n    b\n", "     b\n+    c\n", "a\n    b\n    c\n", id="indented"),
    ],
)
def test_changes(text: str, diff: str, expected: str) -> None:
    assert changed(text, diff) == expected


def test_a_change_of_what_is_not_there_is_told() -> None:
    with pytest.raises(AssertionError):
        changed("a\n", "-b\n")
