"""Who looked for whom, who changed what, who came in: one line of JSON each, appended."""

from __future__ import annotations

import json
import logging
import threading
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reidtrack import clock

logger = logging.getLogger(__name__)


class AuditLog:
    """The log of a served folder. Any thread may write.

    Args:
        path: The file, `audit.jsonl`; made with its folder when something is written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def write(self, user: str, what: str, **about: Any) -> None:
        """Put something down; a disk that takes nothing is told to the log of the program, and nobody is stopped."""
        line = {"time": clock.now().isoformat(timespec="seconds"), "user": user, "what": what, **about}
        try:
            with self._lock:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                if not self._path.exists():
                    self._path.touch(mode=0o600)
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(line, ensure_ascii=True) + "\n")
        except OSError as error:
            logger.warning("the audit log cannot be written: %s", error.strerror)

    def last(self, count: int) -> list[Mapping[str, Any]]:
        """The last lines, the newest first; a line that a kill cut short is passed over."""
        found: deque[str] = deque(maxlen=count)
        try:
            with self._path.open(encoding="utf-8", errors="replace") as file:
                found.extend(file)
        except FileNotFoundError:
            return []
        return [line for line in map(_read, reversed(found)) if line is not None]


def _read(line: str) -> Mapping[str, Any] | None:
    try:
        read = json.loads(line)
    except ValueError:
        return None
    return read if isinstance(read, dict) else None
