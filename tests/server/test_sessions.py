"""Accounts, sessions, tokens, slower logins, and what is written down."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from served import PASSWORD, Open, log_in

from reidtrack import clock
from reidtrack.errors import UsageError
from reidtrack.server.access.accounts import Accounts
from reidtrack.server.access.rules import Role
from reidtrack.server.access.throttle import FORGET_S, MOST_KEYS, LoginThrottle

START = datetime(2026, 3, 29, 0, 59, tzinfo=UTC)


class Now:
    """What time it is."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.time = START
        monkeypatch.setattr(clock, "now", lambda: self.time)

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Now:
    """The time, which passes when it is told to."""
    return Now(monkeypatch)


def test_nothing_in_the_files_opens_a_door(kept: Path, tmp_path: Path, open_app: Open) -> None:
    client = log_in(open_app(tmp_path), "anna", Role.ADMIN)
    token = client.post("/api/v1/tokens", json={"label": "a script"}).json()["token"]
    cookie = client.cookies["reidtrack_session"]
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"$argon2id$" in stored
    for secret in (PASSWORD, token, cookie):
        assert secret.encode() not in stored
    assert (tmp_path / ".serve/accounts.db").stat().st_mode & 0o077 == 0


def test_the_cookie_is_for_the_browser_alone(tmp_path: Path, open_app: Open) -> None:
    client = open_app(tmp_path)
    client.services.accounts.add("anna", Role.VIEWER, PASSWORD)
    said = client.post("/api/v1/session", json={"name": "anna", "password": PASSWORD})
    cookie = said.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie
    assert "secure" not in cookie  # of http: browsers would not send it back
    secure = client.post("https://127.0.0.1:8080/api/v1/session", json={"name": "anna", "password": PASSWORD}).headers[
        "set-cookie"
    ]
    assert "secure" in secure.lower()


def test_sessions_end(tmp_path: Path, open_app: Open, at: Now) -> None:
    client = log_in(open_app(tmp_path, session_hours=2), "anna", Role.VIEWER)
    at.later(2 * 3600 - 1)
    assert client.get("/api/v1/session").json()["name"] == "anna"
    at.later(1)
    assert client.get("/api/v1/session").status_code == 401


@pytest.mark.parametrize("how", ["log out", "end it by its name", "remove the account", "change the account"])
def test_sessions_can_be_ended(tmp_path: Path, open_app: Open, how: str) -> None:
    client = log_in(open_app(tmp_path), "anna", Role.VIEWER)
    accounts: Accounts = client.services.accounts
    accounts.add("root", Role.ADMIN, PASSWORD)
    cookie = client.cookies["reidtrack_session"]
    if how == "log out":
        assert client.delete("/api/v1/session").status_code == 204
    elif how == "end it by its name":
        (one,) = client.get("/api/v1/sessions").json()["items"]
        assert client.delete(f"/api/v1/sessions/{one['id']}").status_code == 204
    elif how == "remove the account":
        accounts.remove("anna")
    else:
        accounts.add("anna", Role.VIEWER, PASSWORD)
    assert accounts.session(cookie) is None
    client.cookies.set("reidtrack_session", cookie)
    assert client.get("/api/v1/runs").status_code == 401


@pytest.mark.parametrize("kind", ["sessions", "tokens"])
def test_those_of_others_are_not_there(tmp_path: Path, open_app: Open, kind: str) -> None:
    client = log_in(open_app(tmp_path), "anna", Role.ADMIN)
    client.post("/api/v1/tokens", json={"label": "a script"})
    (one,) = client.get(f"/api/v1/{kind}").json()["items"]
    log_in(client, "berta", Role.ADMIN)
    assert one not in client.get(f"/api/v1/{kind}").json()["items"]
    assert client.delete(f"/api/v1/{kind}/{one['id']}").status_code == 404
    assert client.delete(f"/api/v1/{kind}/{one['id'][:4]}").status_code == 404


def test_tokens_are_whose_they_are(kept: Path, open_app: Open, tmp_path: Path) -> None:
    client = log_in(open_app(tmp_path), "anna", Role.VIEWER, ["left"])
    token = client.post("/api/v1/tokens", json={"label": "a script"}).json()["token"]
    client.cookies.clear()
    del client.headers["x-csrf-token"]
    bearer = {"authorization": f"Bearer {token}"}
    assert client.get("/api/v1/session", headers=bearer).json()["cameras"] == ["left"]
    assert client.get("/api/v1/users", headers=bearer).status_code == 403
    assert client.get("/api/v1/session", headers={"authorization": "Bearer reid_wrong"}).status_code == 401
    (one,) = client.get("/api/v1/tokens", headers=bearer).json()["items"]
    assert client.delete(f"/api/v1/tokens/{one['id']}", headers=bearer).status_code == 204
    assert client.get("/api/v1/session", headers=bearer).status_code == 401


def test_what_changes_something_needs_the_page_s_own_token(tmp_path: Path, open_app: Open) -> None:
    client = log_in(open_app(tmp_path), "anna", Role.ADMIN)
    for wrong in ("", "another"):
        client.headers["x-csrf-token"] = wrong
        assert client.post("/api/v1/tokens", json={"label": "x"}).status_code == 403
    assert client.get("/api/v1/tokens").json()["items"] == []


def test_wrong_passwords_are_answered_slower_and_slower(tmp_path: Path, open_app: Open, at: Now) -> None:
    client = open_app(tmp_path)
    client.services.accounts.add("anna", Role.VIEWER, PASSWORD)

    def attempt(password: str) -> int:
        status: int = client.post("/api/v1/session", json={"name": "anna", "password": password}).status_code
        return status

    assert [attempt("wrong") for _ in range(4)] == [401, 401, 401, 429]
    assert attempt(PASSWORD) == 429
    at.later(1)
    assert attempt("wrong") == 401
    at.later(1)
    assert attempt(PASSWORD) == 429
    at.later(1)
    assert attempt(PASSWORD) == 200
    assert attempt("wrong") == 401  # and it begins anew


def test_an_account_that_is_not_there_is_answered_like_one_that_is(tmp_path: Path, open_app: Open) -> None:
    client = open_app(tmp_path)
    client.services.accounts.add("anna", Role.VIEWER, PASSWORD)
    said = [client.post("/api/v1/session", json={"name": n, "password": "wrong"}) for n in ("anna", "nobody")]
    assert said[0].status_code == said[1].status_code == 401
    assert said[0].content == said[1].content


def test_the_throttle_forgets_and_stays_small(at: Now) -> None:
    throttle = LoginThrottle()
    for _ in range(20):
        throttle.failed("anna")
    assert throttle.wait_s("anna") == 300
    at.later(FORGET_S + 1)
    throttle.failed("anna")
    assert throttle.wait_s("anna") == 0
    for number in range(MOST_KEYS + 5):
        throttle.failed(str(number))
    assert len(throttle._failed) == MOST_KEYS


@pytest.mark.parametrize(
    ("name", "role", "password", "cameras"),
    [
        pytest.param("", Role.VIEWER, PASSWORD, None, id="no name"),
        pytest.param("a b", Role.VIEWER, PASSWORD, None, id="a name of two words"),
        pytest.param("anna", Role.VIEWER, "short", None, id="a short password"),
        pytest.param("anna", Role.VIEWER, "x" * 1001, None, id="a huge password"),
        pytest.param("anna", Role.ADMIN, PASSWORD, ["left"], id="an admin of one camera"),
        pytest.param("anna", Role.VIEWER, PASSWORD, ["../left"], id="a camera that cannot be"),
    ],
)
def test_accounts_that_cannot_be(
    tmp_path: Path, name: str, role: Role, password: str, cameras: list[str] | None
) -> None:
    accounts = Accounts(tmp_path / "accounts.db")
    with pytest.raises(UsageError):
        accounts.add(name, role, password, cameras)
    assert not accounts.exist()


def test_who_looked_for_whom_is_written_down(root: Path, open_app: Open) -> None:
    client = log_in(open_app(root), "anna", Role.ADMIN)
    assert client.get("/api/v1/runs/mall/identities/1").status_code == 200
    assert client.get("/api/v1/runs/mall/identities/99").status_code == 404
    lines = client.get("/api/v1/audit").json()["items"]
    looked = [line for line in lines if line["what"] == "looked at a person"]
    assert [(line["user"], line["run"], line["identity"]) for line in looked] == [("anna", "mall", "1")]
    assert lines[-1]["what"] == "logged in"
    stored = (root / ".serve/audit.jsonl").read_text()
    assert len(stored.splitlines()) == len(lines)
    assert PASSWORD not in stored
    assert json.loads(stored.splitlines()[0])["user"] == "anna"
