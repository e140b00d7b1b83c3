"""Progress: bars on a terminal, plain lines elsewhere, errors alone where quiet is asked for."""

from __future__ import annotations

import io
from argparse import Namespace
from pathlib import Path

import pytest
from rich.console import Console

from reidtrack.cli import progress as shown
from reidtrack.cli.options import make_progress
from reidtrack.cli.progress import Bars, Errors, Lines
from reidtrack.runtime.progress import Progress


def work(progress: Progress) -> None:
    """A camera of three frames, one whose length nobody knows, and one that fails."""
    progress.stage("reading", {"a": 3, "b": None, "c": 0})
    for _ in range(3):
        progress.advance("a", figures={"people": 2})
    progress.advance("b", figures={"people": 1})
    progress.info("what came of it")
    progress.warn("[b] 1 damaged packet passed over")
    progress.fail("c.mp4: cannot be read")
    for camera in ("a", "b", "c"):
        progress.finish(camera)
    progress.close()
    progress.close()


def test_lines(capsys: pytest.CaptureFixture[str]) -> None:
    work(Lines())
    said = capsys.readouterr()
    assert said.out == ""
    lines = said.err.splitlines()
    assert lines[:3] == ["what came of it", "[b] 1 damaged packet passed over", "error: c.mp4: cannot be read"]
    assert [line.split(",")[0] for line in lines[3:]] == [
        "reading a: 3/3 frames",
        "reading b: 1/1 frames",
        "reading c: 0/0 frames",
    ]


def test_lines_come_while_work_goes_on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    clock = iter(range(0, 1000, 3))
    monkeypatch.setattr(shown.time, "monotonic", lambda: float(next(clock)))
    lines = Lines()
    lines.stage("reading", {"a": 10, "b": None})
    for _ in range(3):
        lines.advance("a", figures={"people": 4})
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("reading a: 2/10 frames, ")
    assert "4 people" in said[0]
    assert said[0].endswith(" s left")
    assert said[1].startswith("reading b: 0 frames, ")


def test_bars() -> None:
    text = io.StringIO()
    bars = Bars()
    bars._console = Console(file=text, force_terminal=True, width=100, highlight=False)
    work(bars)
    told = text.getvalue()
    for part in (
        "reading",
        "3/3",
        "1/1",
        "what came of it",
        "[b] 1 damaged packet passed over",
        "error: c.mp4: cannot be read",
    ):
        assert part in told


def test_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    work(Errors())
    assert capsys.readouterr() == ("", "error: c.mp4: cannot be read\n")


@pytest.mark.parametrize(
    ("quiet", "terminal", "kind"), [(True, True, Errors), (False, True, Bars), (False, False, Lines)]
)
def test_what_is_shown_where(monkeypatch: pytest.MonkeyPatch, quiet: bool, terminal: bool, kind: type) -> None:
    monkeypatch.setattr(shown.sys.stderr, "isatty", lambda: terminal, raising=False)
    with make_progress(Namespace(quiet=quiet)) as progress:
        assert type(progress) is kind


def test_messages_of_the_library_are_shown(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    import logging

    with make_progress(Namespace(quiet=False)):
        logging.getLogger("reidtrack.models.checkpoint").info("no model card")
    logging.getLogger("reidtrack.models.checkpoint").info("nobody listens any more")
    assert capsys.readouterr().err == "no model card\n"
