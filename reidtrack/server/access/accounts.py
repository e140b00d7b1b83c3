"""Accounts, sessions and tokens, in one SQLite file: passwords by argon2, all else that opens a door as SHA-256.

Nothing that is read from the file lets anybody in: it holds no password, no session and no token itself.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from reidtrack import clock
from reidtrack.errors import OutputError, UsageError
from reidtrack.server.access.rules import Principal, Role
from reidtrack.video.naming import is_camera_name

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 1000
"""Argon2 reads all of what is typed."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}")
_TABLES = """
CREATE TABLE IF NOT EXISTS users(name TEXT PRIMARY KEY, role TEXT NOT NULL, cameras TEXT, password TEXT NOT NULL,
    created TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sessions(digest TEXT PRIMARY KEY,
    user TEXT NOT NULL REFERENCES users(name) ON DELETE CASCADE,
    csrf TEXT NOT NULL, created TEXT NOT NULL, ends TEXT NOT NULL, address TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tokens(digest TEXT PRIMARY KEY, user TEXT NOT NULL REFERENCES users(name) ON DELETE CASCADE,
    label TEXT NOT NULL, created TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Opened:
    """A session or a token of somebody, as they may see it.

    Attributes:
        id: The first letters of its digest, which name it and open nothing.
        label: Where it was opened from, or what it is for.
        created: When, ISO 8601.
        ends: When it ends; None for tokens.
    """

    id: str
    label: str
    created: str
    ends: str | None


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who has logged in.

    Attributes:
        user: Who.
        csrf: What a page of ours has to send along with whatever changes something.
        digest: Of the cookie.
    """

    user: Principal
    csrf: str
    digest: str


class Accounts:
    """The accounts of a served folder. Methods may be called by any thread.

    Args:
        path: The file; made, with its folder, when somebody is added.
        session_hours: How long a session lasts.
    """

    def __init__(self, path: Path, session_hours: float = 12.0) -> None:
        self._path = path
        self._lasts = timedelta(hours=session_hours)

    def exist(self) -> bool:
        """Whether there is an account."""
        return bool(self.users())

    def users(self) -> list[Principal]:
        """Everybody, by name."""
        if not self._path.is_file():
            return []
        with self._open() as data:
            return [_principal(row) for row in data.execute("SELECT name, role, cameras FROM users ORDER BY name")]

    def add(self, name: str, role: Role, password: str, cameras: Sequence[str] | None = None) -> None:
        """Add an account, or change one; whoever is logged in with it is logged out.

        Args:
            name: Letters, digits and _ - . , at most 64.
            role: What they may do.
            password: Ten letters or more.
            cameras: Which they may see; None for all.

        Raises:
            UsageError: If something does not fit.
            OutputError: If the file cannot be written.
        """
        _check(name, role, password, cameras)
        held = None if cameras is None else json.dumps(sorted(set(cameras)))
        hashed, now = self._hasher.hash(password), clock.now().isoformat()
        with self._open() as data:
            data.execute("DELETE FROM users WHERE name = ?", (name,))
            data.execute("INSERT INTO users VALUES (?, ?, ?, ?, ?)", (name, role.word, held, hashed, now))

    def remove(self, name: str) -> None:
        """Remove an account, its sessions and tokens.

        Raises:
            UsageError: If there is none.
        """
        if name not in [user.name for user in self.users()]:
            known = ", ".join(user.name for user in self.users()) or "nobody"
            raise UsageError(f"there is no account {name!r}", expected=f"one of: {known}")
        with self._open() as data:
            data.execute("DELETE FROM users WHERE name = ?", (name,))

    def log_in(self, name: str, password: str, address: str) -> tuple[str, Session] | None:
        """Open a session; the cookie and the session, or None where name or password are wrong.

        Args:
            name: What was typed.
            password: What was typed.
            address: Where from.
        """
        user = self._user_of(name, password)
        if user is None:
            return None
        cookie, csrf, now = secrets.token_urlsafe(32), secrets.token_urlsafe(32), clock.now()
        row = (digest(cookie), user.name, csrf, now.isoformat(), (now + self._lasts).isoformat(), address)
        with self._open() as data:
            data.execute("DELETE FROM sessions WHERE ends <= ?", (now.isoformat(),))
            data.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?)", row)
        return cookie, Session(user, csrf, row[0])

    def session(self, cookie: str) -> Session | None:
        """The session of a cookie; None where it has ended or never was."""
        found = self._one(
            "SELECT users.name, role, cameras, csrf, ends FROM sessions JOIN users ON users.name = user"
            " WHERE digest = ?",
            digest(cookie),
        )
        if found is None or datetime.fromisoformat(found[4]) <= clock.now():
            return None
        return Session(_principal(found[:3]), found[3], digest(cookie))

    def make_token(self, user: Principal, label: str) -> str:
        """Make a token for programs; it is told this once."""
        token = f"reid_{secrets.token_urlsafe(32)}"
        with self._open() as data:
            row = (digest(token), user.name, label, clock.now().isoformat())
            data.execute("INSERT INTO tokens VALUES (?, ?, ?, ?)", row)
        return token

    def of_token(self, token: str) -> Principal | None:
        """Whose a token is; None where it is nobody's."""
        found = self._one(
            "SELECT users.name, role, cameras FROM tokens JOIN users ON users.name = user WHERE digest = ?",
            digest(token),
        )
        return None if found is None else _principal(found)

    def opened(self, user: Principal, kind: str) -> list[Opened]:
        """What somebody has opened: `sessions` or `tokens`, the oldest first."""
        query = {
            "sessions": "SELECT digest, address, created, ends FROM sessions WHERE user = ? AND ends > ? ORDER BY 3",
            "tokens": "SELECT digest, label, created, NULL FROM tokens WHERE user = ? AND created < ? ORDER BY 3",
        }[kind]
        if not self._path.is_file():
            return []
        moment = clock.now() if kind == "sessions" else clock.now() + timedelta(days=1)
        with self._open() as data:
            return [Opened(row[0][:12], *row[1:]) for row in data.execute(query, (user.name, moment.isoformat()))]

    def end(self, user: Principal, kind: str, identifier: str) -> bool:
        """End a session or a token of somebody's own; whether there was one of these first letters."""
        table = {"sessions": "sessions", "tokens": "tokens"}[kind]
        if len(identifier) < 12 or not self._path.is_file():
            return False
        with self._open() as data:
            query = f"DELETE FROM {table} WHERE user = ? AND substr(digest, 1, ?) = ?"
            return data.execute(query, (user.name, len(identifier), identifier)).rowcount > 0

    def _user_of(self, name: str, password: str) -> Principal | None:
        from argon2.exceptions import InvalidHashError, VerificationError

        found = self._one("SELECT name, role, cameras, password FROM users WHERE name = ?", name)
        stored = self._nobodys if found is None else found[3]  # as slow for a name that is not there
        try:
            self._hasher.verify(stored, password[:LONGEST_PASSWORD])
        except (VerificationError, InvalidHashError):
            return None
        return None if found is None else _principal(found[:3])

    def _one(self, query: str, value: str) -> tuple[str, ...] | None:
        if not self._path.is_file():
            return None
        with self._open() as data:
            row: tuple[str, ...] | None = data.execute(query, (value,)).fetchone()
        return row

    @cached_property
    def _hasher(self) -> PasswordHasher:
        from argon2 import PasswordHasher

        return PasswordHasher()

    @cached_property
    def _nobodys(self) -> str:
        return self._hasher.hash(secrets.token_urlsafe(16))

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self._path.exists():
                self._path.touch(mode=0o600)
            with contextlib.closing(sqlite3.connect(self._path, timeout=10)) as data:
                data.execute("PRAGMA foreign_keys = ON")
                data.executescript(_TABLES)
                with data:
                    yield data
        except (OSError, sqlite3.Error) as error:
            raise OutputError("accounts cannot be read or written", where=self._path, hint=str(error)) from error


def digest(text: str) -> str:
    """SHA-256 of a random secret, in hex; of a password it would be too quick to try."""
    return hashlib.sha256(text.encode()).hexdigest()


def _principal(row: Sequence[str | None]) -> Principal:
    name, role, cameras = row
    return Principal(str(name), Role.of(str(role)), None if cameras is None else frozenset(json.loads(cameras)))


def _check(name: str, role: Role, password: str, cameras: Sequence[str] | None) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} cannot be an account", expected="letters, digits and _ - . , at most 64")
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise UsageError("the password is too short or too long", expected=f"{SHORTEST_PASSWORD} letters or more")
    if role is Role.ADMIN and cameras is not None:
        raise UsageError("an admin sees every camera", field="cameras", hint="leave it out, or choose another role")
    for camera in cameras or ():
        if not is_camera_name(camera):
            raise UsageError(f"{camera!r} cannot be a camera", field="cameras", expected="names such as hall,door")
