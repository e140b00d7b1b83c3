"""How long an archive takes: some seconds of it are tried, the first of which do not count."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from reidtrack.cli.main import main
from reidtrack.config.run import RunConfig
from reidtrack.errors import InputError
from reidtrack.pipeline.archive import speed
from reidtrack.pipeline.archive.plan import ArchivePlan
from reidtrack.pipeline.archive.speed import Speed, measure
from reidtrack.pipeline.archive.tasks import Task, cut
from reidtrack.pipeline.run.reading import RunNetworks
from reidtrack.runtime.progress import Silent
from reidtrack.video.segment_list import Segment, SegmentList

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


def plan_of(*begins_s: float) -> ArchivePlan:
    """Of files of 100 s in tasks of 100 s."""
    listed = SegmentList(
        tuple(
            Segment(Path(f"{n}.mp4"), NOON + timedelta(seconds=begins), "name", 100, (64, 48), f"{n}", 1)
            for n, begins in enumerate(begins_s)
        )
    )
    tasks = cut("cam", listed, 100, 10)
    return ArchivePlan({"cam": listed}, {}, tasks, tasks[0].start, tasks[-1].end)


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[Task]:
    """Tasks that were done: 20 frames of a camera of 10 a second each."""
    done: list[Task] = []

    def do(task: Task, *_: object) -> Any:
        if "broken" in str(task.pieces[0].path):
            raise InputError("cannot be read")
        done.append(task)
        return SimpleNamespace(frame=[0] * 20, about={"nominal_fps": 10.0})

    monkeypatch.setattr(speed, "do_task", do)
    monkeypatch.setattr(speed, "encode", lambda _: bytes(1000))
    monkeypatch.setattr(RunNetworks, "load", lambda *_: None)
    return done


def test_so_much_is_tried_and_the_first_is_not_counted(tried: list[Task]) -> None:
    clock = count()  # each sample takes a second
    found = measure(plan_of(0, 100, 250), RunConfig(), Silent(), lambda: float(next(clock)))
    assert (found.recorded_s, found.took_s, found.bytes) == (12, 6, 6000)
    assert len(tried) == 7
    assert all((task.end - task.start).total_seconds() == 2 and task.lead_s == 0 for task in tried)
    assert len({task.start for task in tried}) == 6  # the first comes twice


def test_estimates() -> None:
    plan = plan_of(0, 100)
    found = Speed(recorded_s=10, took_s=5, bytes=3000)
    assert found.work_s(plan) == pytest.approx(plan.seconds_with_leads / 2)
    assert found.bytes_of(plan) == pytest.approx(plan.seconds * 300)


def test_nothing_can_be_read(tried: list[Task], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Any:
        raise InputError("cannot be read")

    monkeypatch.setattr(speed, "do_task", fail)
    with pytest.raises(InputError, match="cannot be read"):
        measure(plan_of(0), RunConfig(), Silent())


@pytest.mark.parametrize("as_json", [False, True])
def test_the_plan_says_it(archive: Path, tried: list[Task], capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    assert main(["archive", "plan", str(archive), *["--json"] * as_json]) == 0
    out = capsys.readouterr().out
    if as_json:
        assert json.loads(out)["measured"]["recorded_s"] > 0
    else:
        assert "s of the recordings took one process" in out
        assert "h of work on this machine" in out
