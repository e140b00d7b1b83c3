"""Runs that many viewers ask for at once."""

from __future__ import annotations

import threading
from pathlib import Path

from reidtrack.server.data.library import RunLibrary, RunSeen


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
