"""The health page: what it says, to whom, and what it never says."""

from __future__ import annotations

import http.client
import json
import logging
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from reidtrack.errors import OutputError, UsageError
from reidtrack.publish import health as health_module
from reidtrack.publish.health import HealthPage, health, is_loopback, parse_bind
from reidtrack.publish.status import CameraStatus, LiveStatus, OutletStatus

UP = CameraStatus(state="up", frames=100, dropped=3, left_out=7, damaged=5, fps_in=25.0, delay_p50_s=0.05, people=2)
DOWN = CameraStatus(state="down", reason="unauthorised", since_s=12.0, reconnects=4, gaps=2)
OUT = CameraStatus(state="down", reason="removed", wanted=False)
STATUS = LiveStatus(
    cameras={"hall": UP, 'ya"rd\n': DOWN, "old": OUT},
    people_now=2,
    people_total=31,
    memory_bytes=1 << 30,
    disk_free_bytes=5 << 30,
    detect_every=2,
    outlets={"mqtt": OutletStatus(sent=9, dropped=1, connected=True)},
)


@contextmanager
def page(status: Callable[[], LiveStatus] = lambda: STATUS, host: str = "127.0.0.1") -> Iterator[HealthPage]:
    served = HealthPage(host, 0, status)
    try:
        yield served
    finally:
        served.close()


def ask(
    port: int, path: str, method: str = "GET", host: str | None = None, address: str = "127.0.0.1"
) -> tuple[int, str, dict[str, str]]:
    connection = http.client.HTTPConnection(address, port, timeout=5)
    try:
        connection.request(method, path, headers={} if host is None else {"Host": host})
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), dict(answer.getheaders())
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("cameras", "code", "down"),
    [
        pytest.param({}, 200, [], id="no camera"),
        pytest.param({"a": UP}, 200, [], id="one up"),
        pytest.param({"a": CameraStatus(state="starting")}, 200, [], id="starting is not down"),
        pytest.param({"a": UP, "b": OUT}, 200, [], id="taken out of the list"),
        pytest.param({"a": UP, "b": DOWN}, 503, ["b"], id="one down"),
        pytest.param({"b": DOWN, "a": DOWN}, 503, ["a", "b"], id="all down"),
    ],
)
def test_health_says_which_cameras_are_down(cameras: dict[str, CameraStatus], code: int, down: list[str]) -> None:
    found, content = health(LiveStatus(cameras=cameras))
    assert (found, content["down"]) == (code, down)
    assert content["status"] == ("down" if down else "ok")


def test_healthz_over_http() -> None:
    with page() as served:
        code, text, headers = ask(served.port, "/healthz")
        assert code == 503
        assert json.loads(text) == {
            "status": "down",
            "down": ['ya"rd\n'],
            "cameras": {"hall": {"state": "up"}, 'ya"rd\n': {"state": "down", "reason": "unauthorised"}},
        }
        assert headers["Content-Type"].startswith("application/json")
        assert ask(served.port, "/healthz?now=1")[0] == 503
        assert ask(served.port, "/healthz", "HEAD")[:2] == (503, "")


def test_metrics_are_what_prometheus_reads() -> None:
    parser = pytest.importorskip("prometheus_client.parser")
    with page() as served:
        code, text, headers = ask(served.port, "/metrics")
    assert code == 200
    assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
    found = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in parser.text_string_to_metric_families(text)
        for sample in family.samples
    }
    hall, yard = (("camera", "hall"),), (("camera", 'ya"rd\n'),)
    assert found["reidtrack_camera_up", hall] == 1
    assert found["reidtrack_camera_up", yard] == 0
    assert found["reidtrack_camera_frames_total", hall] == 100
    assert found["reidtrack_camera_frames_dropped_total", hall] == 3
    assert found["reidtrack_camera_frames_left_out_total", hall] == 7
    assert found["reidtrack_camera_damaged_total", hall] == 5
    assert found["reidtrack_camera_reconnects_total", yard] == 4
    assert found["reidtrack_camera_delay_seconds", (*hall, ("quantile", "0.5"))] == 0.05
    assert ("reidtrack_camera_delay_seconds", (*hall, ("quantile", "0.95"))) not in found  # not known
    assert found["reidtrack_people", ()] == 2
    assert found["reidtrack_people_known", ()] == 31
    assert found["reidtrack_memory_bytes", ()] == 1 << 30
    assert found["reidtrack_detect_every", ()] == 2
    assert found["reidtrack_outlet_dropped_total", (("outlet", "mqtt"),)] == 1


def test_metrics_without_prometheus_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with page() as served:
        code, text, _ = ask(served.port, "/metrics")
        assert (code, text) == (501, "metrics need prometheus-client: pip install 'reidtrack[metrics]'\n")
        assert ask(served.port, "/healthz")[0] == 503


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
def test_only_reading(method: str) -> None:
    with page() as served:
        assert ask(served.port, "/healthz", method)[0] == 501


@pytest.mark.parametrize("path", ["/", "/healthz/", "/../etc/passwd", "/%2e%2e/x", "/healthz%00"])
def test_nothing_else_is_there(path: str) -> None:
    with page() as served:
        assert ask(served.port, path)[0] == 404


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("localhost", 503),
        ("LOCALHOST:8787", 503),
        ("localhost.", 503),
        ("127.0.0.1:1", 503),
        ("127.9.9.9", 503),
        ("[::1]:8787", 503),
        ("evil.example", 403),
        ("evil.example:8787", 403),
        ("localhost.evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("127.0.0.1@evil.example", 403),
        ("192.168.1.7", 403),
        ("", 403),
        ("[::2]", 403),
    ],
)
def test_names_of_others_get_nothing_from_this_machine(host: str, code: int) -> None:
    with page() as served:
        found, text, _ = ask(served.port, "/healthz", host=host)
        assert found == code
        assert ("hall" in text) == (code != 403)


def raw(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(request)
        parts = []
        while part := connection.recv(4096):
            parts.append(part)
    return b"".join(parts)


def test_two_hosts_or_none_get_nothing() -> None:
    with page() as served:
        for hosts in (b"", b"Host: localhost\r\nHost: evil.example\r\n"):
            assert b" 403 " in raw(served.port, b"GET /healthz HTTP/1.0\r\n" + hosts + b"\r\n").splitlines()[0]


def test_slow_and_many_clients_do_not_stop_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health_module._Handler, "timeout", 0.2)
    with page() as served:
        silent = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(60)]
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                if ask(served.port, "/healthz")[0] == 503:
                    break
            except OSError:
                time.sleep(0.05)
        else:
            pytest.fail("nobody was answered any more")
        assert threading.active_count() < 60
        for connection in silent:
            connection.close()


def test_a_status_that_cannot_be_made_does_not_end_it(caplog: pytest.LogCaptureFixture) -> None:
    answers: list[LiveStatus] = []

    def status() -> LiveStatus:
        return answers.pop()

    with page(status) as served:
        with pytest.raises((http.client.HTTPException, OSError)):
            ask(served.port, "/healthz")
        answers.append(STATUS)
        assert ask(served.port, "/healthz")[0] == 503
    assert "IndexError" in caplog.text


def test_other_machines_may_read_where_that_was_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    with page(host="0.0.0.0") as served:
        assert "can be read by every machine that reaches this one" in caplog.text
        assert ask(served.port, "/healthz", host="reidtrack:8787")[0] == 503
    with page(host="::1") if _has_six() else page() as served:
        assert ask(served.port, "/healthz", address="::1" if _has_six() else "127.0.0.1")[0] == 503


def _has_six() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as found:
            found.bind(("::1", 0))
    except OSError:
        return False
    return True


def test_a_port_in_use_is_one_line() -> None:
    with page() as served, pytest.raises(OutputError, match=rf"127.0.0.1:{served.port}: cannot listen there"):
        HealthPage("127.0.0.1", served.port, lambda: STATUS)


def test_its_port_is_free_at_once_after_the_end() -> None:
    with page() as served:
        ask(served.port, "/healthz")
        port = served.port
    HealthPage("127.0.0.1", port, lambda: STATUS).close()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("127.0.0.1:8787", ("127.0.0.1", 8787)),
        ("8787", ("127.0.0.1", 8787)),
        (" localhost:1 ", ("localhost", 1)),
        ("[::1]:8787", ("::1", 8787)),
        ("0.0.0.0:8787", ("0.0.0.0", 8787)),
        ("[::]:0", ("::", 0)),
    ],
)
def test_where_to_listen(text: str, found: tuple[str, int]) -> None:
    assert parse_bind(text) == found


@pytest.mark.parametrize(
    "text", ["", ":8787", "*:8787", "host", "host:", "host:x", "host:65536", "::1:80", "a:²", "[]:1"]
)
def test_where_nobody_can_listen(text: str) -> None:
    with pytest.raises(UsageError, match="expected host:port"):
        parse_bind(text)


@pytest.mark.parametrize(
    ("host", "local"),
    [
        *((host, True) for host in ("127.0.0.1", "127.1.2.3", "::1", "localhost")),
        *((host, False) for host in ("0.0.0.0", "::", "192.168.0.1", "example.org")),
    ],
)
def test_whose_address_it_is(host: str, local: bool) -> None:
    assert is_loopback(host) == local
