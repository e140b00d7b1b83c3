"""A page in a real browser, Debian's Chromium driven by Playwright: shared by the tests of the pages."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
ODD = "<img src=x onerror=window.hurt=1>"
WAIT_S = 60
"""However slow the machine is; what is waited for is an element, never a time."""

if CHROMIUM is None and os.environ.get("REIDTRACK_REQUIRE_SHARED") == "1":
    raise RuntimeError("Chromium is absent, and REIDTRACK_REQUIRE_SHARED=1 forbids skipping")


Flow = Callable[[Any], Coroutine[Any, Any, None]]


def browse(flow: Flow, *, forgiven: str = "$^") -> None:
    """Do something with a page of a fresh browser; complaints on its console fail the test.

    (Playwright's other interface switches stacks, which pytest's assertions do not bear in Python 3.11.)

    Args:
        flow: What is done.
        forgiven: Complaints that belong to what is done, as a regular expression.
    """
    api = pytest.importorskip("playwright.async_api")
    wrong: list[str] = []

    async def run() -> None:
        async with api.async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
            page = await browser.new_page(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
            page.set_default_timeout(WAIT_S * 1000)
            page.on("console", lambda told: wrong.append(told.text) if told.type in ("error", "warning") else None)
            page.on("pageerror", lambda error: wrong.append(str(error)))
            await flow(page)
            await browser.close()

    asyncio.run(run())
    assert [text for text in wrong if not re.search(forgiven, text)] == []


async def until(page: Any, expression: str) -> None:
    """Wait until something in a page is true."""
    for _ in range(WAIT_S * 20):
        if await page.evaluate(expression):
            return
        await asyncio.sleep(0.05)
    pytest.fail(f"never: {expression}")
