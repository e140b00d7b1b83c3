"""A file of corrections while cameras are live: read when it was changed, told of once where it is wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reidtrack.associate.live.constraints import Said
from reidtrack.pipeline.live.corrections import CorrectionsFile


def write(path: Path, text: str, written_s: float) -> None:
    path.write_text(text)
    os.utime(path, (written_s, written_s))


def test_each_change_is_read_once(tmp_path: Path) -> None:
    path, said = tmp_path / "corrections.yaml", list[str]()
    file = CorrectionsFile(path, said.append)
    assert file.changed() is None
    write(path, "- merge: [hall 3, door 7]\n", 100.0)
    assert file.changed() == Said([(("hall", 3), ("door", 7))], [])
    assert file.changed() is None
    for written_s, wrong in ((200.0, "- merge: [hall"), (300.0, "- merge: [a 1, b 1]\n- apart: [b 1, a 1]\n")):
        write(path, wrong, written_s)
        assert file.changed() is None
        assert file.changed() is None
    assert [line.count("\n") for line in said] == [0, 0]
    assert said[1].startswith(f"{path}:2: b 1 and a 1 cannot be two people")
    path.unlink()
    assert file.changed() == Said()


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="needs links")
def test_a_link_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere.yaml", "- merge: [hall 3, door 7]\n", 100.0)
    (tmp_path / "corrections.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    assert CorrectionsFile(tmp_path / "corrections.yaml", print).changed() is None
