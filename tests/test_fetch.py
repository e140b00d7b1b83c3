"""Fetching a file: whole and checked, or an error at once that leaves nothing behind."""

from __future__ import annotations

import hashlib
import logging
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from reidtrack import fetch as fetch_module
from reidtrack.errors import WeightsError
from reidtrack.fetch import cache_folder, fetch

CONTENT = bytes(range(256)) * 4000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Server(BaseHTTPRequestHandler):
    """Serves CONTENT, whole or in part."""

    def do_GET(self) -> None:
        if self.path == "/gone":
            self.send_error(404)
            return
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/whole")
            self.end_headers()
            return
        self.send_response(200)
        if self.path != "/endless":
            self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[:1000] if self.path == "/cut" else CONTENT)

    def log_message(self, *words: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_address[1]}"
        httpd.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def plain_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the machine's own settings are."""
    monkeypatch.delenv("REIDTRACK_OFFLINE", raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.mark.parametrize(
    ("page", "digits"),
    [
        pytest.param("whole", SHA256, id="digest"),
        pytest.param("whole", SHA256[:8], id="first digits"),
        pytest.param("whole", "", id="no digest"),
        pytest.param("moved", SHA256, id="redirected"),
        pytest.param("endless", SHA256, id="of unknown length"),
    ],
)
def test_a_file_arrives(
    server: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    page: str,
    digits: str,
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(fetch_module, "_SAY_EVERY_S", 0.0)
    path = tmp_path / "cache" / "file"
    fetch(f"{server}/{page}", path, sha256=digits, hint="no")
    assert path.read_bytes() == CONTENT
    assert [p.name for p in path.parent.iterdir()] == ["file"]
    assert caplog.messages[0].startswith(f"fetching {server}/{page} (")
    assert caplog.messages[-1].startswith("file: 1 of ")


@pytest.mark.parametrize(
    ("page", "digits", "said"),
    [
        pytest.param("gone", "", "cannot be fetched from .*: HTTP Error 404: Not Found; do this", id="no such file"),
        pytest.param("cut", "", "broke off after 1,000 of 1,024,000 bytes; try again", id="cut short"),
        pytest.param("whole", "00", "was damaged on its way", id="another digest"),
    ],
)
def test_a_file_does_not_arrive(server: str, tmp_path: Path, page: str, digits: str, said: str) -> None:
    with pytest.raises(WeightsError, match=said):
        fetch(f"{server}/{page}", tmp_path / "file", sha256=digits, hint="do this")
    assert not list(tmp_path.iterdir())


def test_nobody_listens(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/file"
        with pytest.raises(WeightsError) as caught:
            fetch(url, tmp_path / "file", hint="do this")
    assert str(caught.value) == f"{tmp_path / 'file'}: cannot be fetched from {url}: Connection refused; do this"


def test_nobody_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch_module, "ANSWER_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/file"
        with pytest.raises(WeightsError, match=r"no answer within 0\.1 s; do this"):
            fetch(url, tmp_path / "file", hint="do this")


@pytest.mark.parametrize(("value", "forbids"), [("1", True), ("true", True), ("0", False), ("", False)])
def test_offline(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, forbids: bool) -> None:
    monkeypatch.setenv("REIDTRACK_OFFLINE", value)
    if forbids:
        with pytest.raises(WeightsError, match="REIDTRACK_OFFLINE forbids to fetch"):
            fetch(f"{server}/whole", tmp_path / "file", hint="do this")
    else:
        fetch(f"{server}/whole", tmp_path / "file", hint="do this")
    assert (tmp_path / "file").exists() is not forbids


@pytest.mark.parametrize(
    ("named", "xdg", "expected"),
    [
        pytest.param("/a", "/b", "/a", id="named"),
        pytest.param("", "/b", "/b/reidtrack", id="the desktop's"),
        pytest.param("", "", str(Path.home() / ".cache/reidtrack"), id="neither"),
    ],
)
def test_cache_folder(monkeypatch: pytest.MonkeyPatch, named: str, xdg: str, expected: str) -> None:
    monkeypatch.setenv("REIDTRACK_CACHE", named)
    monkeypatch.setenv("XDG_CACHE_HOME", xdg)
    assert cache_folder() == Path(expected)
