"""Files that others publish: fetched once, whole or not at all, and an error at once where there is no network."""

from __future__ import annotations

import hashlib
import logging
import os
import queue
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reidtrack.errors import WeightsError
from reidtrack.files import write_lines

logger = logging.getLogger(__name__)

ANSWER_S = 4.0
"""For the whole way to an answer: name server, every address of the host, redirects."""
STALL_S = 15.0
"""Longest silence within a file."""
_PIECE = 1 << 18
_SAY_EVERY_S = 5.0


def cache_folder() -> Path:
    """Folder of downloads: `$REIDTRACK_CACHE`, or `reidtrack` under `$XDG_CACHE_HOME` or `~/.cache`."""
    named = os.environ.get("REIDTRACK_CACHE")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "reidtrack"


def fetch(url: str, path: Path, *, sha256: str = "", hint: str) -> None:
    """Download a file; `$REIDTRACK_OFFLINE=1` forbids it.

    Args:
        url: Where it is published.
        path: Where it goes; its folder is made.
        sha256: First digits of its digest, as many as are known.
        hint: What the user can do without it.

    Raises:
        WeightsError: If there is no network, no such file, or it does not arrive whole.
        OutputError: If it cannot be kept.
    """
    if os.environ.get("REIDTRACK_OFFLINE", "0") not in ("", "0"):
        raise WeightsError(f"is not there, and REIDTRACK_OFFLINE forbids to fetch {url}", where=path, hint=hint)
    from http.client import HTTPException

    try:
        answer = _open(url)
    except (OSError, HTTPException) as error:
        raise WeightsError(f"cannot be fetched from {url}: {_reason(error)}", where=path, hint=hint) from error
    with answer:
        write_lines(path, _pieces(answer, url, path, sha256))


def _open(url: str) -> Any:
    """The answer to a request. Time-outs of the library hold for each address and not for name servers."""
    import urllib.error
    import urllib.request

    found: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def connect() -> None:
        try:
            found.put(urllib.request.urlopen(url, timeout=STALL_S))
        except Exception as error:  # handed over to the thread that waits
            if isinstance(error, urllib.error.HTTPError):
                error.close()
            found.put(error)

    threading.Thread(target=connect, daemon=True).start()
    try:
        answer = found.get(timeout=ANSWER_S)
    except queue.Empty:
        raise TimeoutError(f"no answer within {ANSWER_S:g} s") from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def _pieces(answer: Any, url: str, path: Path, sha256: str) -> Iterator[bytes]:
    """The content of an answer; an error in place of its end where it is not what was published."""
    from http.client import HTTPException

    total, done, digest = int(answer.headers.get("Content-Length") or 0), 0, hashlib.sha256()
    said = time.monotonic()
    logger.info("fetching %s (%.1f MB) to %s", url, total / 1e6, path)
    while True:
        try:
            piece = answer.read(_PIECE)
        except (OSError, HTTPException) as error:
            raise WeightsError(f"broke off: {_reason(error)}", where=url, hint="try again") from error
        if not piece:
            break
        done += len(piece)
        digest.update(piece)
        if time.monotonic() - said >= _SAY_EVERY_S:
            said = time.monotonic()
            logger.info("%s: %.0f of %.0f MB", path.name, done / 1e6, total / 1e6)
        yield piece
    if done < total:
        raise WeightsError(f"broke off after {done:,} of {total:,} bytes", where=url, hint="try again")
    if not digest.hexdigest().startswith(sha256):
        raise WeightsError("was damaged on its way", where=url, expected=f"sha256 {sha256}", hint="try again")


def _reason(error: Exception) -> object:
    """Message of an error of the network, without its number."""
    inner = getattr(error, "reason", None)
    if isinstance(inner, OSError):
        return inner.strerror or inner
    return error
