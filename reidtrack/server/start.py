"""Starting the server, and refusing to where everybody could come in."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable
from pathlib import Path

from reidtrack.config.live import read_cameras
from reidtrack.config.serve import ServeConfig
from reidtrack.errors import DeviceError, InputError, OutputError, UsageError, param
from reidtrack.publish.health import is_loopback, parse_bind
from reidtrack.runtime.background import raise_first
from reidtrack.server.services import Services

logger = logging.getLogger(__name__)

_GC_FROM = 50_000
"""New objects from which on Python looks for unused cycles: at 700, as it is by itself, half the time in which a large
run is read goes into that (docs/results/serve.md), and what is read holds no cycles."""


def check_serve(root: Path, config: ServeConfig) -> None:
    """Raise where a folder cannot be served, or not there.

    Raises:
        UsageError: If others could reach it and there are no accounts.
        InputError: If there is no such folder, or a certificate is not there.
        DeviceError: If the packages of the extra are not installed.
    """
    _require_packages()
    if not root.is_dir():
        raise InputError("is no folder", where=root, expected="a folder of runs", hint="make it, or name another")
    for path in filter(None, (config.tls_cert, config.tls_key)):
        if not path.is_file():
            raise InputError("is not there", where=path, expected="a file in PEM form")
    for folder in config.recordings:
        if not folder.is_dir():
            raise InputError("is no folder", where=folder, expected="a folder of recordings")
    _check_live(root, config)
    services = Services.of(root, config)
    if services.is_reached_by_others and not services.accounts.exist():
        raise UsageError(
            f"{config.http} can be reached by others, and there are no accounts",
            field="http",
            hint=f"first: `reidtrack user add NAME` with {param('role', 'admin')} and {param('runs', str(root))}",
        )
    if not is_loopback(parse_bind(config.http)[0]) and config.tls_cert is None and config.proxy is None:
        logger.warning(
            "passwords and pictures travel unencrypted: give a certificate and its key, or use a proxy with TLS"
        )


def _check_live(root: Path, config: ServeConfig) -> None:
    if config.live is None:
        return
    if (root / "run.json").exists():
        raise UsageError(
            "is a run itself: live cameras are written beside others", where=root, expected="a folder of runs"
        )
    read_cameras(config.live)


def serve(root: Path, config: ServeConfig, ready: Callable[[str], None]) -> None:
    """Serve a folder until the process is told to end.

    Args:
        root: Folder of runs.
        config: Settings.
        ready: Told the address once it is listened on.

    Raises:
        UsageError: As `check_serve`.
        OutputError: If it cannot be listened there.
        BaseException: The first bug that a thread has met which worked beside the calls, once it has ended.
    """
    check_serve(root, config)
    import uvicorn

    from reidtrack.server.app import make_app

    services = Services.of(root, config)
    host, port = parse_bind(config.http)
    scheme = "http" if config.tls_cert is None else "https"

    class Server(uvicorn.Server):
        async def startup(self, sockets: object = None) -> None:
            await super().startup(sockets)  # type: ignore[arg-type]
            if self.started:
                bound = self.servers[0].sockets[0].getsockname()[1]
                shown = f"[{host}]" if ":" in host else host
                ready(f"{scheme}://{shown}:{bound}/")

    settings = uvicorn.Config(
        make_app(services),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,  # addresses of people and pictures stay out of logs
        server_header=False,
        date_header=True,
        proxy_headers=config.proxy is not None,
        forwarded_allow_ips=config.proxy or "",
        ssl_certfile=config.tls_cert,
        ssl_keyfile=None if config.tls_key is None else str(config.tls_key),
        timeout_graceful_shutdown=5,
        ws_per_message_deflate=False,  # films are small already
        ws_max_size=64 << 10,
        h11_max_incomplete_event_size=64 << 10,
    )
    gc.set_threshold(_GC_FROM)
    server = Server(settings)
    try:
        server.run()
    except SystemExit as error:
        raise OutputError(
            "cannot be listened on", where=config.http, hint=f"another program may: give {param('http')} another port"
        ) from error
    finally:
        raise_first([services.fault])


def _require_packages() -> None:
    for name in ("starlette", "uvicorn", "argon2"):
        try:
            __import__(name)
        except ImportError as error:
            raise DeviceError(f"the package {name} is not installed", hint="pip install 'reidtrack[serve]'") from error
