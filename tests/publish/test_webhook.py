"""Events by POST: what is tried again and what is not, redirections, secrets, and an end that does not wait."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from publish.broker import eventually, free_port

from reidtrack.errors import ConfigError
from reidtrack.publish import webhook as webhook_module
from reidtrack.publish.network import reason, wait_s
from reidtrack.publish.outlet import Waiting
from reidtrack.publish.status import LiveStatus
from reidtrack.publish.webhook import TRIES, WebhookOutlet, parse_webhook


class Server:
    """Answers posts as it was told: (status, headers) for each in turn, and 200 from then on."""

    def __init__(self, port: int = 0) -> None:
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.posts: list[tuple[str, dict[str, str], Any]] = []
        self.delay_s = 0.0
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                time.sleep(server.delay_s)
                status, headers = server.answers.pop(0) if server.answers else (200, {})
                server.posts.append((self.path, dict(self.headers), json.loads(body)))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def do_GET(self) -> None:
                server.posts.append((f"GET {self.path}", {}, None))
                self.send_error(405)

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def ids(self) -> list[int]:
        return [body["track_id"] for _, _, body in self.posts if body is not None]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()
    yield found
    found.close()


MakeOutlet = Callable[..., WebhookOutlet]


@pytest.fixture
def outlet(monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeOutlet]:
    """Outlets that try again soon."""
    monkeypatch.setattr(webhook_module, "wait_s", lambda tries, jitter: 0.02)
    made: list[WebhookOutlet] = []

    def make(address: str, **options: Any) -> WebhookOutlet:
        made.append(WebhookOutlet(parse_webhook(address), **options))
        return made[-1]

    yield make
    for one in made:
        one.close(2.0)


def line(number: int) -> dict[str, object]:
    return {"event": "tracklet_started", "time_s": 1.5, "camera": "hall", "track_id": number}


def test_events_arrive_in_order(server: Server, outlet: MakeOutlet) -> None:
    out = outlet(f"http://127.0.0.1:{server.port}/hook/a b?key=1&x=ä".replace(" ", "%20"))
    for number in range(30):
        out.send(line(number))
    out.show(LiveStatus())
    eventually(lambda: out.status().sent == 30)
    assert server.ids == list(range(30))
    path, headers, body = server.posts[4]
    assert path == "/hook/a%20b?key=1&x=%C3%A4"
    assert headers["Content-Type"] == "application/json"
    assert "Authorization" not in headers
    assert body == line(4)
    assert (out.status().dropped, out.status().waiting, out.status().connected) == (0, 0, True)


@pytest.mark.parametrize(
    ("answers", "posts", "sent"),
    [
        pytest.param([], 1, 1, id="taken"),
        pytest.param([204], 1, 1, id="taken without a word"),
        pytest.param([500], 2, 1, id="server error"),
        pytest.param([503, 502, 504], 4, 1, id="three server errors"),
        pytest.param([429], 2, 1, id="too many"),
        pytest.param([408], 2, 1, id="too slow"),
        pytest.param([500] * (TRIES - 1), TRIES, 1, id="the last try"),
        pytest.param([500] * TRIES, TRIES, 0, id="one more than the last try"),
        pytest.param([400], 1, 0, id="refused"),
        pytest.param([401], 1, 0, id="not allowed"),
        pytest.param([404], 1, 0, id="not there"),
        pytest.param([410], 1, 0, id="gone"),
        pytest.param([500, 404], 2, 0, id="an error, then not there"),
        pytest.param([301], 1, 0, id="moved"),
        pytest.param([304], 1, 0, id="an answer without sense"),
    ],
)
def test_what_is_tried_again(server: Server, outlet: MakeOutlet, answers: list[int], posts: int, sent: int) -> None:
    server.answers = [(status, {}) for status in answers]
    out = outlet(f"http://127.0.0.1:{server.port}/")
    out.send(line(0))
    eventually(lambda: out.status().sent + out.status().dropped == 1)
    assert (len(server.posts), out.status().sent, out.status().dropped) == (posts, sent, 1 - sent)
    out.send(line(1))
    eventually(lambda: server.ids[-1:] == [1], "the next event")


@pytest.mark.parametrize(
    ("status", "location", "followed"),
    [
        pytest.param(307, "/other?x=1", True, id="kept within"),
        pytest.param(308, "http://127.0.0.1:{port}/other?x=1", True, id="the same host, whole"),
        pytest.param(307, "//127.0.0.1:{port}/other?x=1", True, id="the same host, without a scheme"),
        pytest.param(301, "/other", False, id="would turn a POST into a GET"),
        pytest.param(302, "/other", False, id="found"),
        pytest.param(303, "/other", False, id="see other"),
        pytest.param(307, "http://localhost:{port}/other", False, id="another name"),
        pytest.param(307, "http://127.0.0.1:{other}/other", False, id="another port"),
        pytest.param(307, "https://127.0.0.1:{port}/other", False, id="another scheme"),
        pytest.param(307, "file:///etc/passwd", False, id="a file"),
        pytest.param(307, "http://169.254.169.254/latest", False, id="another host"),
        pytest.param(307, "http://127.0.0.1:{port}@evil.example/", False, id="a host in disguise"),
        pytest.param(307, None, False, id="nowhere"),
    ],
)
def test_redirections(server: Server, outlet: MakeOutlet, status: int, location: str | None, followed: bool) -> None:
    other = Server()
    told: list[str] = []
    target = None if location is None else location.format(port=server.port, other=other.port)
    server.answers = [(status, {} if target is None else {"Location": target})]
    out = outlet(f"http://127.0.0.1:{server.port}/", tell=told.append)
    out.send(line(0))
    eventually(lambda: out.status().sent + out.status().dropped == 1)
    assert other.posts == []
    assert [path for path, _, _ in server.posts] == (["/", "/other?x=1"] if followed else ["/"])
    assert out.status().sent == followed
    if not followed:
        assert "leads to another address, which is not followed" in told[0]
        assert "evil" not in told[0]
    other.close()


def test_redirections_without_end(server: Server, outlet: MakeOutlet) -> None:
    server.answers = [(307, {"Location": "/"})] * 50
    out = outlet(f"http://127.0.0.1:{server.port}/")
    out.send(line(0))
    eventually(lambda: out.status().dropped == 1)
    assert len(server.posts) == 3


def test_it_waits_as_long_as_it_is_told(server: Server, outlet: MakeOutlet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_module, "wait_s", lambda tries, jitter: 60.0)
    server.answers = [(429, {"Retry-After": "0"}), (503, {"Retry-After": "0"})]
    out = outlet(f"http://127.0.0.1:{server.port}/")
    out.send(line(0))
    eventually(lambda: out.status().sent == 1)


def test_nobody_there_and_then_somebody(outlet: MakeOutlet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_module, "TRIES", 1000)
    told: list[str] = []
    port = free_port()
    out = outlet(f"http://127.0.0.1:{port}/s3cret", tell=told.append, most=5)
    for number in range(20):
        out.send(line(number))
    eventually(lambda: told == [f"webhook http://127.0.0.1:{port}: nobody listens there; trying again"])
    assert out.status().waiting + out.status().dropped == 20
    server = Server(port)
    eventually(lambda: out.status().sent + out.status().dropped == 20)
    assert server.ids[-5:] == [15, 16, 17, 18, 19]
    assert told[1:] == [f"webhook http://127.0.0.1:{port}: events arrive again"]
    server.close()


def test_user_and_password_become_a_header(server: Server, outlet: MakeOutlet) -> None:
    out = outlet(f"http://us%20er:p%40ss@127.0.0.1:{server.port}/")
    out.send(line(0))
    eventually(lambda: out.status().sent == 1)
    assert server.posts[0][1]["Authorization"] == "Basic dXMgZXI6cEBzcw=="
    assert "p@ss" not in repr(out._address) and "p%40ss" not in repr(out._address)


def test_a_connection_that_was_closed_meanwhile(outlet: MakeOutlet) -> None:
    """A server that closes each connection after its answer, without saying so."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for _ in range(3):
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        threading.Thread(target=serve, daemon=True).start()
        out = outlet(f"http://127.0.0.1:{listener.getsockname()[1]}/")
        for number in range(3):
            out.send(line(number))
            eventually(lambda number=number: out.status().sent == number + 1)
        assert out.status().dropped == 0


@pytest.mark.parametrize(
    "answer", [b"", b"words\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"x" * 99_999]
)
def test_answers_that_are_none(outlet: MakeOutlet, answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for _ in range(TRIES):
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        out = outlet(f"http://127.0.0.1:{listener.getsockname()[1]}/")
        out.send(line(0))
        eventually(lambda: out.status().dropped == 1)


def test_the_end_waits_as_long_as_it_may_and_counts_what_is_left(server: Server, outlet: MakeOutlet) -> None:
    server.delay_s = 30.0
    out = outlet(f"http://127.0.0.1:{server.port}/")
    for number in range(7):
        out.send(line(number))
    eventually(lambda: out.status().waiting == 7)
    began = time.monotonic()
    out.close(0.3)
    assert time.monotonic() - began < 10  # not the half minute that the server takes
    assert (out.status().sent, out.status().dropped, out.status().waiting) == (0, 7, 0)
    out.send(line(8))
    assert out.status().dropped == 8


def test_the_end_sends_what_waits(server: Server, outlet: MakeOutlet) -> None:
    out = outlet(f"http://127.0.0.1:{server.port}/")
    for number in range(20):
        out.send(line(number))
    out.close(20.0)
    assert (out.status().sent, server.ids) == (20, list(range(20)))


def test_the_end_does_not_wait_for_the_next_try(outlet: MakeOutlet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_module, "wait_s", lambda tries, jitter: 1000.0)
    out = outlet(f"http://127.0.0.1:{free_port()}/")
    out.send(line(0))
    eventually(lambda: out._told is not None)
    out.close(0.2)
    assert out.status().dropped == 1


@pytest.mark.parametrize(
    ("text", "shown", "target"),
    [
        ("http://host", "http://host", "/"),
        ("HTTPS://Host/a?b=c", "https://host", "/a?b=c"),
        ("http://host:81/", "http://host:81", "/"),
        ("https://[::1]:443/x", "https://[::1]", "/x"),
        ("http://host/a%2Fb;c", "http://host", "/a%2Fb;c"),
        ("http://host/#part", "http://host", "/"),
    ],
)
def test_addresses(text: str, shown: str, target: str) -> None:
    found = parse_webhook(text)
    assert (found.shown, found.target) == (shown, target)


@pytest.mark.parametrize(
    "text",
    [
        *("", "host", "ftp://s3@host", "file:///s3", "http://", "http://s3@", "http://h:s3/", "http://h/s3 x"),
        *("http://[s3/", "http://h/\r\nHost: s3", "http://u:s3%ff@h/", "http://" + "s3" * 60 + "/"),
    ],
)
def test_addresses_that_are_none_are_told_without_their_secrets(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^webhook: it ") as raised:
        parse_webhook(text)
    error: BaseException | None = raised.value
    while error is not None:
        assert "s3" not in str(error)
        error = error.__cause__ or error.__context__


def test_waiting_lines_are_bounded() -> None:
    waiting = Waiting(2)
    for number in range(5):
        waiting.put(line(number))
    assert (len(waiting), waiting.dropped) == (2, 3)
    assert [waiting.take(0), waiting.take(0), waiting.take(0)] == [line(3), line(4), None]
    waiting.close()
    assert waiting.take() is None


def test_waits_grow_and_are_bounded() -> None:
    class Middle:
        def uniform(self, low: float, high: float) -> float:
            return (low + high) / 2

    assert [wait_s(tries, Middle()) for tries in (1, 2, 3, 6, 7, 100, 10**9)] == [1, 2, 4, 32, 60, 60, 60]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (socket.gaierror(-2, "secret"), "its name cannot be resolved"),
        (ConnectionRefusedError(), "nobody listens there"),
        (TimeoutError("secret"), "no answer in time"),
        (ConnectionResetError(), "it closed the connection"),
        (OSError(113, "No route to host"), "no route to host"),
        (ValueError("http://secret"), "it does not answer as it should"),
    ],
)
def test_reasons_hold_no_address(error: Exception, text: str) -> None:
    assert reason(error) == text
