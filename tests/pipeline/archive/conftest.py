"""The sample's first camera in files of uneven length, as an archive."""

from __future__ import annotations

from pathlib import Path

import pytest
from archives import archive_words, cut_recording

from reidtrack.cli.main import main
from reidtrack.shipped.files import sample_scene


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The list of an archive of one camera in three files."""
    folder = tmp_path_factory.mktemp("archive")
    cut_recording(sample_scene().videos["plaza"], folder / "plaza", [5, 3, 6])
    (folder / "archive.yaml").write_text("cameras:\n- {name: plaza, source: plaza}\n")
    return folder / "archive.yaml"


@pytest.fixture(scope="session")
def alone(archive: Path) -> Path:
    """What one process makes of it."""
    out = archive.parent / "alone"
    assert main(archive_words(archive, out, "--workers", "1")) == 0
    return out
