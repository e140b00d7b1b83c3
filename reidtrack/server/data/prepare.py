"""Reads large runs anew when they have changed, before somebody asks: whoever comes first need not wait for it."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable

from reidtrack.errors import ReidtrackError
from reidtrack.runtime.background import Faults, SideThread
from reidtrack.server.access.rules import Principal, Role
from reidtrack.server.data.library import RunLibrary, RunSeen

EVERY_S = 2.0
"""How often it is looked whether a run has changed."""
FROM_BYTES = 1 << 20
"""Runs with smaller `identities.json` are read quickly enough when somebody asks."""
MOST = 4
"""Runs that are prepared, those that changed last."""
_ALL = Principal("", Role.ADMIN)


class Preparer:
    """Looks after the runs of a library in a thread of its own, from `start` to `close`.

    Args:
        library: The runs.
        make: Makes what is asked for first of a run, which keeps it (`RunSeen.made_once`).

    A bug in one run is said in a line and keeps the others from nothing; who asks for that run meets it, too.
    """

    def __init__(self, library: RunLibrary, make: Callable[[RunSeen], object]) -> None:
        self._library, self._make = library, make
        self._done: dict[str, object] = {}
        self._ending = threading.Event()
        self._faults = Faults("prepare")
        self._thread = SideThread(self._keep, "prepare")

    @property
    def fault(self) -> BaseException | None:
        """The first bug that was met; None where there was none."""
        return self._faults.first or self._thread.fault

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End; what is being read is read to its end."""
        self._ending.set()
        self._thread.join()

    def _keep(self) -> None:
        while not self._ending.is_set():
            try:
                self.look()
            except Exception as error:  # the next look may find the folder in another state
                self._faults.note(error)
            self._ending.wait(EVERY_S)

    def look(self) -> list[str]:
        """Prepare what has changed; names of those runs."""
        found = self._library.settled(FROM_BYTES)
        newest = heapq.nlargest(MOST, found, key=lambda run: (found[run], run))
        changed = [run for run in newest if self._done.get(run) != found[run]]
        self._done = {run: found[run] for run in newest}
        for run in changed:
            try:
                seen = self._library.seen_by(_ALL).get(run)
                if seen is not None and not self._ending.is_set():
                    self._make(seen)
            except (ReidtrackError, OSError):
                pass  # who asks for it is told
            except Exception as error:
                self._faults.note(error)
        return changed
