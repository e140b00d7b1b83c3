"""The process that watches live cameras for the server: told what as a line of JSON, tells what it sees in messages.

A process of its own, so that those who look on do not slow it down, and it takes nothing else with it. It ends in good
order on a signal, and when the server is gone.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from reidtrack.errors import EXIT_BUG, EXIT_OK, ReidtrackError
from reidtrack.runtime.background import SideThread, raise_first
from reidtrack.runtime.cancel import CancelToken
from reidtrack.server.live.relay import Outbox, Relay
from reidtrack.server.live.wire import Message


def watch(asked: Mapping[str, Any], commands: TextIO, outbox: Outbox) -> int:
    """Watch cameras until told to end; the exit code, as the command line has it.

    Raises:
        BaseException: What a thread ended by that hears from the server, or tells it: that ends the session.
    """
    from reidtrack.config.live import LiveConfig
    from reidtrack.config.load import load
    from reidtrack.pipeline.live.request import LiveRequest, cameras_of
    from reidtrack.pipeline.live.session import ReloadToken, live

    cameras_file, out = Path(asked["cameras_file"]), Path(asked["out"])
    config_file = None if asked["config"] is None else Path(asked["config"])
    config = load(LiveConfig, config_file, options=asked["settings"])
    if config.gallery.path is None:
        gallery = config.gallery.model_copy(update={"path": (out / "people.db").resolve()})
        config = config.model_copy(update={"gallery": gallery})
    cameras = cameras_of((), None, cameras_file)
    request = LiveRequest(cameras, out, config, realtime=True, cameras_file=cameras_file)
    cancel, reload, relay = CancelToken(), ReloadToken(), Relay(outbox)
    _end_on_signals(cancel)
    outbox.failed = cancel.cancel
    obeying = SideThread(lambda: _obey(commands, relay, cancel, reload), "commands", failed=cancel.cancel)
    obeying.start()
    live(request, relay, cancel, reload)
    raise_first((obeying.fault, relay.fault))
    return EXIT_OK


def _obey(commands: TextIO, relay: Relay, cancel: CancelToken, reload: Any) -> None:
    """Do what the server says, line by line; its end ends the session."""
    for line in commands:
        told = json.loads(line)
        if told["do"] == "reload":
            reload.wanted.set()
        elif told["do"] == "jpeg":
            relay.want_jpeg(told["cameras"])
    cancel.cancel()


def _end_on_signals(cancel: CancelToken) -> None:
    def end(*_: object) -> None:
        cancel.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)


def main() -> int:
    """Read what is asked for and do it; what libraries print goes to standard error."""
    told: BinaryIO = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    outbox = Outbox(told)
    try:
        return watch(json.loads(sys.stdin.readline()), sys.stdin, outbox)
    except ReidtrackError as error:
        outbox.send(Message({"kind": "failed", "what": error.message, "code": error.exit_code}))
        return error.exit_code
    except Exception as error:
        outbox.send(Message({"kind": "failed", "what": f"a bug: {type(error).__name__}", "code": EXIT_BUG}))
        raise
    finally:
        outbox.close()


if __name__ == "__main__":
    sys.exit(main())
