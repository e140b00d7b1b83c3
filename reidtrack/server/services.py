"""What the application works with: made once, handed to every call."""

from __future__ import annotations

import secrets
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from reidtrack.config.serve import ServeConfig
from reidtrack.publish.health import is_loopback, parse_bind
from reidtrack.runtime.background import first_fault
from reidtrack.server.access.accounts import Accounts
from reidtrack.server.access.audit import AuditLog
from reidtrack.server.access.throttle import LoginThrottle
from reidtrack.server.data.library import RunLibrary
from reidtrack.server.data.networks import Networks
from reidtrack.server.data.places import AllowedFolders
from reidtrack.server.data.prepare import Preparer
from reidtrack.server.data.timeline import timeline
from reidtrack.server.data.uploads import clean_uploads
from reidtrack.server.jobs.queue import OVER, JobQueue
from reidtrack.server.jobs.runner import JobRunner
from reidtrack.server.live.camera_list import WatchedCameras
from reidtrack.server.live.hub import LiveHub
from reidtrack.server.live.overseer import LivePlan, Overseer

STATE = ".serve"
"""Folder of accounts, audit log, queue and uploads, within the served folder; hidden, and never served."""


@dataclass(frozen=True, eq=False)
class Services:
    """Everything that outlives a request.

    Attributes:
        root: The served folder.
        config: Settings.
        library: Its runs.
        preparer: Reads large ones before somebody asks.
        accounts: Who may come in.
        audit: What is put down.
        throttle: Slows wrong passwords.
        allowed: Recordings that may be opened.
        queue: Long work.
        runner: Does it.
        networks: Look at photos.
        live: What is known of live cameras.
        overseer: Keeps the process running that watches them.
        local_csrf: What our page sends along while there are no accounts.
        settling: Run to the lock of whoever settles its identities.
    """

    root: Path
    config: ServeConfig
    library: RunLibrary
    preparer: Preparer
    accounts: Accounts
    audit: AuditLog
    throttle: LoginThrottle
    allowed: AllowedFolders
    queue: JobQueue
    runner: JobRunner
    networks: Networks
    live: LiveHub
    overseer: Overseer
    local_csrf: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    settling: dict[str, threading.Lock] = field(default_factory=lambda: defaultdict(threading.Lock))

    @classmethod
    def of(cls, root: Path, config: ServeConfig) -> Services:
        """What serves a folder with some settings; nothing is started."""
        state = root / STATE
        queue = JobQueue(state / "jobs.db")
        live, library = LiveHub(), RunLibrary(root)
        return cls(
            root=root,
            config=config,
            library=library,
            preparer=Preparer(library, timeline),
            accounts=accounts_of(root, config.session_hours),
            audit=AuditLog(state / "audit.jsonl"),
            throttle=LoginThrottle(),
            allowed=AllowedFolders([*config.recordings, state / "uploads"]),
            queue=queue,
            runner=JobRunner(queue, config.jobs),
            networks=Networks(config.reid),
            live=live,
            overseer=Overseer(_plan_of(root, config), live),
        )

    @property
    def fault(self) -> BaseException | None:
        """The first bug that a thread has met which works beside the calls; None where none has."""
        return first_fault((self.preparer, self.runner, self.overseer))

    @property
    def gallery(self) -> Path:
        """File of the gallery; it need not be there."""
        return self.config.gallery or self.root / "people.db"

    @property
    def uploads(self) -> Path:
        """Folder of recordings that were sent."""
        return self.root / STATE / "uploads"

    def clean_uploads(self) -> None:
        """Remove recordings that were sent too long ago, or are too much; what work is to read stays."""
        waiting = [job for job in self.queue.all() if job.state not in OVER]
        sources = [str(path) for job in waiting for path in job.request.get("sources", ())]
        gone = clean_uploads(self.uploads, self.config.upload_days, self.config.uploads_bytes, sources)
        if gone:
            self.audit.write("", "removed recordings that were sent", count=gone)

    @property
    def needs_accounts(self) -> bool:
        """Whether people have to log in: where others can come in, and once there is an account also on this machine.

        Who removes the last account of a server that others can reach locks everybody out, and lets nobody in.
        """
        return self.is_reached_by_others or self.accounts.exist()

    @property
    def is_reached_by_others(self) -> bool:
        """Whether more than this machine can reach it."""
        return self.config.proxy is not None or not is_loopback(parse_bind(self.config.http)[0])


def _plan_of(root: Path, config: ServeConfig) -> LivePlan | None:
    if config.live is None:
        return None
    cameras = WatchedCameras(config.live, root / STATE)
    return LivePlan(cameras, root / config.live_run, config.live_config, config.live_allow)


def accounts_of(root: Path, session_hours: float = 12.0) -> Accounts:
    """The accounts of a served folder."""
    return Accounts(root / STATE / "accounts.db", session_hours)
