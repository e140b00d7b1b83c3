"""Slower and slower answers to wrong passwords, by account and by address."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime, timedelta

from reidtrack import clock

FREE = 3
"""Tries that cost no waiting."""
MOST_WAIT_S = 300.0
FORGET_S = 3600.0
"""After this long without a try, an account or an address begins anew."""
MOST_KEYS = 10_000
"""Remembered at most: whoever tries names at random must not fill the memory."""


class LoginThrottle:
    """Counts failures of keys (accounts, addresses) and says how long they have to wait. Any thread may ask."""

    def __init__(self) -> None:
        self._failed: OrderedDict[str, tuple[int, datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def wait_s(self, *keys: str) -> float:
        """Seconds until another try of these keys is looked at, 0 for at once."""
        now = clock.now()
        with self._lock:
            return max([0.0, *(self._wait_of(key, now) for key in keys)])

    def failed(self, *keys: str) -> None:
        """Another try has failed."""
        now = clock.now()
        with self._lock:
            for key in keys:
                count, last = self._failed.pop(key, (0, now))
                self._failed[key] = (1 if (now - last).total_seconds() > FORGET_S else count + 1, now)
            while len(self._failed) > MOST_KEYS:
                self._failed.popitem(last=False)

    def succeeded(self, *keys: str) -> None:
        """A try was right: the keys begin anew."""
        with self._lock:
            for key in keys:
                self._failed.pop(key, None)

    def _wait_of(self, key: str, now: datetime) -> float:
        count, last = self._failed.get(key, (0, now))
        if count < FREE:
            return 0.0
        until = last + timedelta(seconds=min(2.0 ** (count - FREE), MOST_WAIT_S))
        return max(0.0, (until - now).total_seconds())
