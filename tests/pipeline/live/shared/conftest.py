"""What holds after each test of shared identities."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def no_thread_stays() -> Iterator[None]:
    """A thread that goes on asking a server would trouble whatever test comes later."""
    yield
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("redis")] == []
