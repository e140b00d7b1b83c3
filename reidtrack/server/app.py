"""The application: the interface, the front end, and the guard before both."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import AsyncIterator, Sequence

from anyio import to_thread
from starlette.applications import Starlette
from starlette.middleware import Middleware

from reidtrack.publish.health import is_loopback, parse_bind
from reidtrack.server.endpoint import Endpoint
from reidtrack.server.guard import LOOPBACK, Guard
from reidtrack.server.pages import page_routes
from reidtrack.server.routes.table import ENDPOINTS
from reidtrack.server.services import Services

_NICE = 5


def _give_way() -> None:
    """Have this thread, and those it begins, take the processor only as far as the tracking leaves it.

    Who looks on may wait, frames do not. Threads that were begun before keep their priority, as does what they start.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)


def make_app(services: Services, endpoints: Sequence[Endpoint] = ENDPOINTS) -> Starlette:
    """The application that serves a folder.

    Args:
        services: What it works with; its jobs run while the application does.
        endpoints: Routes of the interface.
    """

    @contextlib.asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        services.clean_uploads()
        services.runner.start()
        services.overseer.start()
        if services.overseer.plan is not None:
            _give_way()
        services.preparer.start()
        try:
            yield
        finally:
            await to_thread.run_sync(services.overseer.close)
            services.runner.close()
            await to_thread.run_sync(services.preparer.close)

    config = services.config
    host, _ = parse_bind(config.http)
    names = {*config.names, *(LOOPBACK if is_loopback(host) else (host,))}
    secure = config.tls_cert is not None
    guard = Middleware(Guard, names=names, any_address=not is_loopback(host), secure=secure)
    routes = [*(endpoint.as_route(services) for endpoint in endpoints), *page_routes()]
    return Starlette(routes=routes, middleware=[guard], lifespan=life)
