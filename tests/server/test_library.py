"""Runs that many viewers ask for at once, and runs that are read before anybody asks."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from reidtrack.server.data import prepare
from reidtrack.server.data.library import LoadedRun, RunLibrary, RunSeen
from reidtrack.server.data.prepare import Preparer


def test_viewers_do_not_wait_for_each_other(kept: Path) -> None:
    """One makes something of the people of a run while another asks for them: neither holds what the other needs."""
    loaded = RunLibrary(kept).load("mall")
    assert loaded is not None
    one, other = (RunSeen(loaded, lambda camera: camera == "left") for _ in range(2))
    making, asked = threading.Event(), threading.Event()
    counts: list[int] = []

    def make() -> int:
        making.set()
        assert asked.wait(60)
        return len(one.identities)

    def ask() -> None:
        assert making.wait(60)
        asked.set()
        counts.append(len(other.identities))

    threads = [
        threading.Thread(target=lambda: counts.append(one.made_once("count", make)), daemon=True),
        threading.Thread(target=ask, daemon=True),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(counts) == 2
    assert counts[0] == counts[1] > 0


def test_a_page_that_asks_twice_at_once_has_a_run_read_once(kept: Path) -> None:
    library, found = RunLibrary(kept), list[LoadedRun | None]()
    together = threading.Barrier(8)

    def ask() -> None:
        together.wait(60)
        found.append(library.load("mall"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len({id(run) for run in found}) == 1
    assert len(found) == 8


def test_large_runs_are_prepared_when_they_change(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    library = RunLibrary(root)
    preparer = Preparer(library, lambda run: run.made_once("people", lambda: made.append(run.id)))
    assert preparer.look() == []  # it is small
    monkeypatch.setattr(prepare, "FROM_BYTES", 1)
    assert preparer.look() == ["mall"]
    assert preparer.look() == []
    identities = root / "mall" / "identities.json"
    identities.write_text(identities.read_text() + "\n")
    assert preparer.look() == ["mall"]
    assert made == ["mall", "mall"]
    identities.write_text("no JSON")
    assert preparer.look() == ["mall"]  # whoever asks for it is told
    loaded = library.load("mall")
    assert loaded is not None
    with pytest.raises(Exception, match="is not JSON"):
        _ = loaded.identities
