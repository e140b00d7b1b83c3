"""Which folders a run writes to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reidtrack.errors import UsageError
from reidtrack.runs.prepare import check_folder


@pytest.mark.parametrize("how", [{}, {"overwrite": True}, {"resume": True}], ids=["neither", "overwrite", "resume"])
def test_no_run_is_written_into_the_folder_of_live_cameras(tmp_path: Path, how: dict[str, bool]) -> None:
    entry = {"reidtrack": "1", "inputs": [{"camera": "hall"}], "live": {}}
    (tmp_path / "run.json").write_text(json.dumps(entry), encoding="utf-8")
    with pytest.raises(UsageError, match="is the folder of live cameras"):
        check_folder(tmp_path, [], **how)


def test_an_earlier_run_may_be_overwritten(tmp_path: Path) -> None:
    entry = {"reidtrack": "1", "inputs": [{"camera": "hall"}]}
    (tmp_path / "run.json").write_text(json.dumps(entry), encoding="utf-8")
    check_folder(tmp_path, [], overwrite=True)
    with pytest.raises(UsageError, match="exists and is not empty"):
        check_folder(tmp_path, [])
