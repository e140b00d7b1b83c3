"""Pages of days are outputs as others: kept up to date, cleared of people, removed; a user's own file stays."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from reidtrack.cli.main import main
from reidtrack.pipeline.run import days_report
from reidtrack.runs.folder import RunFolder


def dated(run: Path, origin: str) -> None:
    """Have the run begin at another moment, in Berlin."""
    content = json.loads((run / "run.json").read_text())
    content |= {"origin_utc": origin, "origin_from": "--origin"}
    content["part"]["time_zone"] = "Europe/Berlin"
    (run / "run.json").write_text(json.dumps(content))


def pages(run: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted((run / "report").glob("*.html"))}


def test_a_run_over_midnight_has_pages_that_follow_it(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(days_report, "SHORT_S", 0.0)  # the run is one of seconds
    run = Path(shutil.copytree(finished, tmp_path / "run"))
    dated(run, "2026-11-28T22:59:58+00:00")
    assert main(["associate", str(run), "--quiet"]) == 0
    first = pages(run)
    assert list(first) == ["2026-11-28.html", "2026-11-29.html"]
    assert "23:59:58" in first["2026-11-28.html"] and "data:image/jpeg" in first["2026-11-28.html"]
    assert "2026-11-29.html" in (run / "report.html").read_text()

    assert main(["associate", str(run), "--quiet"]) == 0
    assert pages(run) == first

    assert main(["name", str(run), "1", "Anna Nym"]) == 0
    assert any("Anna Nym" in page for page in pages(run).values())
    (run / "report" / "2026-11-27.html").write_text("Anna Nym, of an earlier settling")
    (run / "report" / "mine.html").write_text("mine")
    assert main(["erase", str(run), "Anna Nym", "--json"]) == 0
    assert list(pages(run)) == [*first, "mine.html"]
    assert not [path for path in run.rglob("*") if path.is_file() and b"Anna Nym" in path.read_bytes()]

    dated(run, "2026-11-28T12:00:00+00:00")
    assert main(["associate", str(run), "--quiet"]) == 0
    assert list(pages(run)) == ["mine.html"]
    assert 'id="timeline"' in (run / "report.html").read_text()


def test_pages_are_not_written_through_links(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, elsewhere = Path(shutil.copytree(finished, tmp_path / "run")), tmp_path / "elsewhere"
    elsewhere.mkdir()
    RunFolder(run).day_pages.symlink_to(elsewhere)
    assert main(["associate", str(run), "--quiet"]) == 5
    assert "symbolic link" in capsys.readouterr().err
    assert not list(elsewhere.iterdir())
