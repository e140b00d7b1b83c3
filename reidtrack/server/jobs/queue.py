"""The queue of long work, in SQLite: what was asked for outlives the program, and goes on where it was."""

from __future__ import annotations

import contextlib
import json
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reidtrack import clock
from reidtrack.errors import OutputError

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
OVER = (DONE, FAILED, CANCELLED)
_TABLE = """
CREATE TABLE IF NOT EXISTS jobs(number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, run TEXT NOT NULL,
    cameras TEXT NOT NULL, request TEXT NOT NULL, state TEXT NOT NULL, user TEXT NOT NULL, created TEXT NOT NULL,
    started TEXT, ended TEXT, progress TEXT NOT NULL DEFAULT '{}', error TEXT, resume INTEGER NOT NULL DEFAULT 0);
"""
_COLUMNS = "id, run, cameras, request, state, user, created, started, ended, progress, error, resume"


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of long work.

    Attributes:
        id: What names it.
        run: Name of the run's folder.
        cameras: Of the run: who sees them sees the job.
        request: What the worker is told.
        state: `queued`, `running`, `done`, `failed` or `cancelled`.
        user: Who asked for it.
        created: When, ISO 8601.
        started: When it was begun last; None before.
        ended: When it was over; None before.
        progress: How far it is: `stage`, `unit`, and `tasks`, each with `done` and `total`.
        error: Why it failed.
        resume: Whether it goes on with what an earlier try has left.
    """

    id: str
    run: str
    cameras: tuple[str, ...]
    request: Mapping[str, Any]
    state: str
    user: str
    created: str
    started: str | None
    ended: str | None
    progress: Mapping[str, Any]
    error: str | None
    resume: bool

    def to_json(self) -> dict[str, Any]:
        """As the interface gives it."""
        names = ("id", "run", "state", "user", "created", "started", "ended", "progress", "error")
        return {**{name: getattr(self, name) for name in names}, "cameras": list(self.cameras)}


class JobQueue:
    """The queue of a served folder. Any thread may use it.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def add(self, run: str, cameras: tuple[str, ...], request: Mapping[str, Any], user: str) -> Job:
        """Put a job at the end of the queue."""
        identifier = secrets.token_hex(8)
        row = (identifier, run, json.dumps(cameras), json.dumps(request), QUEUED, user, clock.now().isoformat())
        with self._open() as data:
            data.execute(
                "INSERT INTO jobs(id, run, cameras, request, state, user, created) VALUES (?, ?, ?, ?, ?, ?, ?)", row
            )
        found = self.get(identifier)
        assert found is not None
        return found

    def get(self, identifier: str) -> Job | None:
        """The job of an id."""
        return next(iter(self._select("WHERE id = ?", identifier)), None)

    def all(self) -> list[Job]:
        """Every job, the newest first."""
        return self._select("ORDER BY number DESC")

    def busy(self, run: str) -> bool:
        """Whether a run is waited for or worked at."""
        return bool(self._select("WHERE run = ? AND state IN (?, ?)", run, QUEUED, RUNNING))

    def take(self) -> Job | None:
        """The next job in the queue, which is running from now on; None where there is none."""
        with self._lock, self._open() as data:
            row = data.execute("SELECT id FROM jobs WHERE state = ? ORDER BY number LIMIT 1", (QUEUED,)).fetchone()
            if row is None:
                return None
            now = clock.now().isoformat()
            data.execute("UPDATE jobs SET state = ?, started = ?, error = NULL WHERE id = ?", (RUNNING, now, row[0]))
        return self.get(row[0])

    def tell(self, identifier: str, progress: Mapping[str, Any]) -> None:
        """Put down how far a job is."""
        with self._open() as data:
            data.execute("UPDATE jobs SET progress = ? WHERE id = ?", (json.dumps(progress), identifier))

    def end(self, identifier: str, state: str, error: str | None = None) -> None:
        """A job is over."""
        with self._open() as data:
            values = (state, error, clock.now().isoformat(), identifier)
            data.execute("UPDATE jobs SET state = ?, error = ?, ended = ? WHERE id = ?", values)

    def cancel_queued(self, identifier: str) -> bool:
        """Take a job out of the queue; whether it was still waiting there."""
        with self._lock, self._open() as data:
            values = (CANCELLED, clock.now().isoformat(), identifier, QUEUED)
            query = "UPDATE jobs SET state = ?, ended = ? WHERE id = ? AND state = ?"
            return data.execute(query, values).rowcount > 0

    def again(self, identifier: str) -> bool:
        """Put a job that failed or was cancelled back into the queue, to go on; whether it was such a one."""
        with self._lock, self._open() as data:
            query = "UPDATE jobs SET state = ?, resume = 1, ended = NULL WHERE id = ? AND state IN (?, ?)"
            return data.execute(query, (QUEUED, identifier, FAILED, CANCELLED)).rowcount > 0

    def recover(self) -> None:
        """Put back what was running when the program ended: it goes on where it was."""
        if self._path.is_file():
            with self._open() as data:
                data.execute("UPDATE jobs SET state = ?, resume = 1 WHERE state = ?", (QUEUED, RUNNING))

    def _select(self, where: str, *values: str) -> list[Job]:
        if not self._path.is_file():
            return []
        with self._open() as data:
            rows = data.execute(f"SELECT {_COLUMNS} FROM jobs {where}", values).fetchall()
        return [_job(row) for row in rows]

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with contextlib.closing(sqlite3.connect(self._path, timeout=10)) as data:
                data.executescript(_TABLE)
                with data:
                    yield data
        except (OSError, sqlite3.Error) as error:
            raise OutputError("the queue cannot be read or written", where=self._path, hint=str(error)) from error


def _job(row: tuple[Any, ...]) -> Job:
    identifier, run, cameras, request, state, user, created, started, ended, progress, error, resume = row
    return Job(
        identifier,
        run,
        tuple(json.loads(cameras)),
        json.loads(request),
        state,
        user,
        created,
        started,
        ended,
        json.loads(progress),
        error,
        bool(resume),
    )
