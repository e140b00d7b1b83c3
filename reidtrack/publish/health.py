"""The health page: `/healthz` says whether every camera runs, `/metrics` gives figures for Prometheus.

It answers GET and HEAD, tells numbers and names of cameras, and nothing about people but how many there are. Bound to
this machine alone, it answers only to names of this machine, so that no web page can read it through a browser by a
name of its own that leads here (DNS rebinding).
"""

from __future__ import annotations

import ipaddress
import json
import logging
import re
import socket
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from reidtrack.errors import OutputError, UsageError, param
from reidtrack.publish.metrics import METRICS_TYPE, MetricsUnavailableError, metrics_text
from reidtrack.publish.status import LiveStatus
from reidtrack.runtime.background import SideThread

logger = logging.getLogger(__name__)

TIMEOUT_S = 5.0
"""A client that is slower in asking or in reading is cut off."""
MOST_CLIENTS = 16
"""Answered at once; others are turned away."""
MOST_REQUESTS_WAITING = 32
_HOST = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9.\-]+))(?::\d{1,5})?")


def parse_bind(text: str) -> tuple[str, int]:
    """Address and port on which to listen, from `host:port` or a port alone, which means this machine alone.

    An address that others can reach has to be written out (`0.0.0.0:8787`), never left out (`:8787`).

    Args:
        text: Such as `127.0.0.1:8787`, `[::1]:8787`, `localhost:8787`, `8787`.

    Raises:
        UsageError: If it is none.
    """
    host, colon, port = text.strip().rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        host = ""
    if not colon:
        host = "127.0.0.1"
    if not (port.isascii() and port.isdigit() and int(port) < 65536) or not host or host == "*":
        raise UsageError(
            f"got {text!r}",
            field="http",
            expected="host:port, such as 127.0.0.1:8787",
            hint="0.0.0.0:8787 lets every machine that reaches this one read it",
        )
    return host, int(port)


def is_loopback(host: str) -> bool:
    """Whether an address or name is this machine's own that no other can reach."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class HealthPage:
    """Answers `/healthz` and `/metrics` over HTTP in threads of its own, from its making until `close`.

    Args:
        host: Address or name to listen on.
        port: Port; 0 takes a free one.
        status: Asked for each answer, in any thread.

    Attributes:
        port: The port that is listened on.

    Raises:
        OutputError: If it cannot listen there.
    """

    def __init__(self, host: str, port: int, status: Callable[[], LiveStatus]) -> None:
        local = is_loopback(host)
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
            if local and host.lower().rstrip(".") == "localhost":  # whatever it resolves to here
                local = all(is_loopback(str(entry[4][0])) for entry in found)
            self._server = _Server(found[0][0], found[0][4][:2], status, local)
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise OutputError(
                f"cannot listen there ({reason})", where=_shown(host, port), hint=f"give {param('http')} another port"
            ) from error
        self.port = int(self._server.server_address[1])
        if not local:
            logger.warning(
                "the health page on %s can be read by every machine that reaches this one", _shown(host, self.port)
            )
        self._thread = SideThread(lambda: self._server.serve_forever(0.1), "health")
        self._thread.start()

    @property
    def fault(self) -> BaseException | None:
        """What it stopped listening by before its time; None where it did not."""
        return self._thread.fault

    def close(self) -> None:
        """Stop listening; answers that are under way are cut off."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _shown(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = MOST_REQUESTS_WAITING

    def __init__(self, family: int, address: Any, status: Callable[[], LiveStatus], local: bool) -> None:
        self.address_family = family
        self.status, self.local = status, local
        self._room = threading.BoundedSemaphore(MOST_CLIENTS)
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Bind, without asking a name server what this machine is called, as the class above does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread, or turn the client away where many are being answered."""
        if not self._room.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer one client."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - as in the class above
        """A client that goes away in the midst is nobody's fault; anything else is a bug to be logged."""
        error = sys.exception()
        if not isinstance(error, OSError):
            logger.error("the health page could not answer: %r", error)
            logger.debug("where that was", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = TIMEOUT_S
    protocol_version = "HTTP/1.0"
    server_version, sys_version = "reidtrack", ""

    def do_GET(self) -> None:
        """Answer a request."""
        if self.server.local and not self._asks_this_machine():
            self._answer(403, "text/plain", "this page answers only to names of this machine\n")
            return
        path = self.path.split("?", 1)[0]
        if path == "/healthz":
            code, content = health(self.server.status())
            self._answer(code, "application/json", json.dumps(content) + "\n")
        elif path == "/metrics":
            try:
                self._answer(200, METRICS_TYPE, metrics_text(self.server.status()))
            except MetricsUnavailableError as error:
                self._answer(501, "text/plain", f"{error}\n")
        else:
            self._answer(404, "text/plain", "there are /healthz and /metrics\n")

    do_HEAD = do_GET  # noqa: N815

    def _asks_this_machine(self) -> bool:
        hosts = self.headers.get_all("Host") or []
        found = _HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
        return found is not None and is_loopback(found["six"] or found["name"])

    def _answer(self, code: int, kind: str, text: str) -> None:
        body = text.encode()
        self.send_response(code)
        self.send_header("Content-Type", f"{kind}; charset=utf-8" if ";" not in kind else kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as in the class above
        """Say nothing on the terminal: it is asked every few seconds."""


def health(status: LiveStatus) -> tuple[int, dict[str, Any]]:
    """Status code and content of `/healthz`: 503 while a camera that should run does not.

    Where others decide who is who and are away, `identities` says why; a restart would not mend that, so it is 200.
    """
    down = status.down
    cameras = {
        name: {"state": camera.state, **({"reason": down[name]} if name in down else {})}
        for name, camera in status.cameras.items()
        if camera.wanted
    }
    word = "down" if down else "ok" if status.identities_wait is None else "degraded"
    content = {"status": word, "down": sorted(down), "cameras": cameras}
    if status.identities_wait is not None:
        content["identities"] = status.identities_wait
    return 503 if down else 200, content
