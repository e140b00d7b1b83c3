"""Progress: bars on a terminal, plain lines elsewhere, errors alone where quiet is asked for."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from reidtrack.cli import progress as shown
from reidtrack.cli.progress import Bars, Errors, Lines, make_progress
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
    with make_progress(quiet=quiet) as progress:
        assert type(progress) is kind


def test_messages_of_the_library_are_shown(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    import logging

    with make_progress(quiet=False):
        logging.getLogger("reidtrack.models.checkpoint").info("no model card")
    logging.getLogger("reidtrack.models.checkpoint").info("nobody listens any more")
    assert capsys.readouterr().err == "no model card\n"


class Clock:
    """A second between any two looks at it."""

    def __init__(self) -> None:
        self._now = 0.0

    def __call__(self) -> float:
        self._now += 1.0
        return self._now


@pytest.mark.parametrize(
    ("unit", "figures", "said"),
    [
        pytest.param("frames", {"people": 3}, "{done} frames, {rate} fps, 3 people", id="a run"),
        pytest.param("images", None, "{done} images, {rate} images/s", id="pictures"),
        pytest.param(
            "steps",
            {"loss": 0.12345, "accuracy": 0.5},
            "{done} steps, {rate} steps/s, loss 0.123, accuracy 0.5",
            id="a training",
        ),
    ],
)
def test_one_line_fits_all_work(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    unit: str,
    figures: dict[str, float] | None,
    said: str,
) -> None:
    monkeypatch.setattr(shown.time, "monotonic", Clock())
    lines = Lines()
    lines.stage("doing", {"it": 8}, unit)
    lines.advance("it", 4, figures)
    lines.finish("it")
    assert capsys.readouterr().err == f"doing it: {said.format(done='4/4', rate='2.0')}\n"


def test_bars_of_any_work() -> None:
    text = io.StringIO()
    bars = Bars()
    bars._console = Console(file=text, force_terminal=True, width=100, highlight=False)
    bars.stage("epoch 2 of 9", {"train": 8}, "steps")
    bars.advance("train", 4, {"loss": 0.12345})
    bars.advance("train", 4)
    bars.close()
    for part in ("epoch 2 of 9", "8/8", "steps/s", "loss 0.123"):
        assert part in text.getvalue()
