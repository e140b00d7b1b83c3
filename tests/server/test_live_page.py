"""The page Live in a real browser: films and single pictures with boxes that move, one camera alone, every size."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from browsing import CHROMIUM, ODD, browse, until
from scene import Scene
from served import PASSWORD, Serve
from served_live import watch_scene

from reidtrack.server.access.rules import Role
from reidtrack.server.live.wire import Message

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")

NO_FILMS = "delete window.ManagedMediaSource; MediaSource.isTypeSupported = () => false;"
PAINTED = """(() => {
  const all = [...document.querySelectorAll('.live figure .boxes')];
  const seen = (c) => c.width && c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v) => v);
  return all.length === COUNT && all.every(seen);
})()"""
SHOWN = "[...document.querySelectorAll('.live figure')].map((f) => Number(f.dataset.shown || 0))"
FORGIVEN = "willReadFrequently|status of 4(04|22)"
"""The test reads what is drawn, the page does not; a better picture of somebody may have taken the place of one."""


async def moves(page: Any, cameras: int) -> None:
    """Pictures of every camera go on, with boxes over them."""
    await until(page, f"{SHOWN}.length === {cameras} && {SHOWN}.every((s) => s > 0)")
    before = await page.evaluate(SHOWN)
    await until(page, f"{SHOWN}.every((s, n) => s > {before}[n] + 1)")
    await until(page, PAINTED.replace("COUNT", str(cameras)))


def test_films_with_boxes_that_move_and_who_is_where(
    serve: Serve, root: Path, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A click on a name says where; a name that is HTML stays text; axe finds nothing serious; nothing sticks out."""
    base, services = watch_scene(serve, root, scene, monkeypatch)
    found = importlib.util.find_spec("axe_playwright_python")
    assert found is not None and found.origin is not None
    axe = (Path(found.origin).parent / "axe.min.js").read_text(encoding="utf-8")

    async def flow(page: Any) -> None:
        await page.goto(f"{base}/live")
        await page.get_by_role("heading", name="Live", exact=True).wait_for()
        await until(page, "[...document.querySelectorAll('.live video')].every((v) => !v.hidden && v.videoWidth > 0)")
        await moves(page, 2)
        named = {"event": "identity", "camera": "left", "track_id": 1, "identity": 1, "time_s": 1.0, "name": ODD}
        services.live.take(Message({"kind": "event", "event": {**named, "time": "2026-01-01T00:00:00Z"}}))
        await page.locator(".events li", has_text=ODD).first.wait_for()
        who = page.locator(".here button").first
        await who.focus()
        await page.keyboard.press("Enter")
        panel = page.get_by_role("region", name="Person", exact=True)
        await panel.get_by_text("since").first.wait_for()
        await page.keyboard.press("Escape")
        await panel.wait_for(state="hidden")
        await page.keyboard.press("2")
        assert await page.locator("figure.large figcaption b").inner_text() == "right"
        await page.keyboard.press("Escape")
        assert await page.evaluate("window.hurt") is None
        await page.evaluate(axe)
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)
            told = await page.evaluate("axe.run({resultTypes: ['violations']})")
            serious = [v for v in told["violations"] if v["impact"] in ("serious", "critical")]
            assert [(v["id"], v["nodes"][0]["html"]) for v in serious] == [], scheme
        for width, height in ((375, 740), (3840, 2160)):
            await page.set_viewport_size({"width": width, "height": height})
            assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, width

    browse(flow, forgiven=FORGIVEN)


def test_single_pictures_where_films_cannot_be_played_and_a_viewer_of_one_camera(
    serve: Serve, root: Path, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    base, services = watch_scene(serve, root, scene, monkeypatch)
    services.accounts.add("anna", Role.VIEWER, PASSWORD, ["left"])

    async def flow(page: Any) -> None:
        await page.add_init_script(NO_FILMS)
        await page.goto(f"{base}/live")
        await page.get_by_label("Name").fill("anna")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await page.get_by_role("heading", name="Live", exact=True).wait_for()
        await until(page, "document.querySelector('.live .picture')?.width === 224")
        await moves(page, 1)
        assert await page.locator(".live figcaption b").all_inner_texts() == ["left"]
        assert "right" not in await page.locator("#page").inner_text()
        assert await page.get_by_text("people in all").count() == 0
        assert await page.get_by_role("button", name="take out").count() == 0
        services.accounts.remove("anna")
        await page.get_by_text("The connection is lost").wait_for()

    browse(flow, forgiven=f"{FORGIVEN}|status of 40[13]|WebSocket")
