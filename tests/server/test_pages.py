"""The pages in a real browser, Debian's Chromium driven by Playwright: each page's main path, without a complaint."""

from __future__ import annotations

import base64
import importlib.util
import json
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from browsing import CHROMIUM, ODD, browse, until
from served import PASSWORD, NobodyFound, Serve
from served_examples import fill_gallery

from reidtrack.cli.main import main
from reidtrack.runs.identities import read_identities
from reidtrack.server.access.rules import Role
from reidtrack.server.data import networks

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


def test_from_the_list_to_a_person_and_back(serve: Serve, root: Path, scene: Any) -> None:
    """A name that is HTML stays text on every page; boxes are drawn over the original; keys go from bar to bar."""
    (root / "mall").rename(root / ODD)
    base, _ = serve(root, recordings=[scene.folder])
    painted = "const c = document.querySelector('.films canvas'); return c.width > 0 && "
    painted += "c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v) => v);"

    async def flow(page: Any) -> None:
        await page.goto(base)
        await page.locator("a.tile").click()
        await page.get_by_role("heading", name=ODD).wait_for()
        await until(page, "[...document.querySelectorAll('video')].every((v) => v.readyState > 1)")
        await until(page, f"(() => {{ {painted} }})()")
        await page.get_by_role("application").focus()
        await page.keyboard.press("ArrowRight")
        await page.keyboard.press("ArrowRight")
        told = await page.locator(".lanes output").inner_text()
        assert told.startswith("person ")
        await page.keyboard.press("Enter")
        await page.get_by_role("heading", name="Visits").wait_for()
        assert await page.get_by_role("heading", level=1).inner_text() == told.split(",")[0]
        await page.get_by_label("Called").fill(ODD)
        await page.get_by_role("button", name="Name").click()
        await page.get_by_role("heading", name=ODD, level=1).wait_for()
        await page.get_by_role("link", name="Review").click()
        await page.get_by_role("heading", name="One person?").wait_for()
        await page.go_back()
        await page.get_by_role("heading", name=ODD, level=1).wait_for()
        assert await page.evaluate("window.hurt") is None

    browse(flow, forgiven="willReadFrequently")  # the test reads what is drawn, the page does not


def people(root: Path) -> set[frozenset[tuple[str, int]]]:
    """Who is together in the run, as its file says."""
    found = read_identities(root / "mall" / "identities.json")
    return {frozenset(t.key for t in person.tracklets) for person in found}


async def settled(page: Any) -> None:
    """Wait until an answer of the review has been told of, and the next may be given."""
    await until(page, "document.querySelector('#said p') !== null")
    await until(page, "!document.querySelector('.answers button').disabled")
    await page.evaluate("document.querySelector('#said').replaceChildren()")


def test_wrong_answers_are_taken_back_by_keyboard(serve: Serve, root: Path) -> None:
    """Whoever is one is said to be two, twice, and that is taken back; the queue follows each time."""
    base, _ = serve(root)
    right = people(root)

    async def flow(page: Any) -> None:
        await page.goto(f"{base}/runs/mall/review")
        asked = page.locator(".pair")
        await asked.wait_for()
        seen = [await asked.inner_text()]
        for _ in range(2):
            await page.keyboard.press("n")
            await settled(page)
            seen.append(await asked.inner_text())
        assert len(set(seen)) == 3
        assert people(root) != right
        for _ in range(2):
            await page.keyboard.press("z")
            await settled(page)
        assert people(root) == right
        assert await asked.inner_text() == seen[0]
        await page.keyboard.press("s")
        await until(page, f"document.querySelector('.pair').innerText !== {json.dumps(seen[0])}")

    browse(flow)


def test_planted_mistakes_are_put_right_by_keyboard(serve: Serve, root: Path) -> None:
    """Nobody is joined over cameras; a key for each question, and everybody is who they are."""
    right = people(root)
    assert main(["associate", str(root / "mall"), "--set", "associate.threshold=0.001", "--quiet"]) == 0
    mistakes = len(people(root)) - len(right)
    assert mistakes >= 3
    base, _ = serve(root)
    keys = 0

    async def flow(page: Any) -> None:
        nonlocal keys
        await page.goto(f"{base}/runs/mall/review")
        await page.locator(".pair").wait_for()
        while people(root) != right and keys < 3 * mistakes:
            (asked,) = await page.evaluate(
                "fetch('/api/v1/runs/mall/review?limit=1').then(async (r) => (await r.json()).items)"
            )
            camera_and_track = [asked[side]["ref"].rpartition(" ") for side in "ab"]
            pair = {(camera, int(track)) for camera, _, track in camera_and_track}
            await page.keyboard.press("y" if any(pair <= person for person in right) else "n")
            keys += 1
            await settled(page)

    browse(flow)
    assert people(root) == right
    assert keys == mistakes  # each answer put one right


def test_who_may_see_one_camera(serve: Serve, root: Path) -> None:
    base, services = serve(root)
    services.accounts.add("anna", Role.VIEWER, PASSWORD, ["left"])

    async def flow(page: Any) -> None:
        await page.goto(f"{base}/runs/mall")
        await page.get_by_label("Name").fill("anna")
        await page.get_by_label("Password").fill("wrong password")
        await page.get_by_role("button", name="Log in").click()
        await page.get_by_role("alert").filter(has_text="wrong").wait_for()
        await page.get_by_label("Password").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await page.get_by_role("heading", name="mall").wait_for()
        assert await page.locator("figcaption").all_inner_texts() == ["left"]
        assert await page.get_by_role("link", name="report").count() == 0
        await page.goto(f"{base}/runs/mall/people/1")
        await page.get_by_role("heading", name="Visits").wait_for()
        assert await page.get_by_role("button", name="Undo").count() == 0
        assert "right" not in await page.locator("#page").inner_text()
        await page.goto(f"{base}/runs/mall/review")
        await page.get_by_role("heading", name="Not to be seen").wait_for()
        await page.get_by_role("button", name="log out").click()
        await page.get_by_role("heading", name="Log in").wait_for()

    browse(flow, forgiven="status of 40[13]")  # the browser tells of each refusal


DROP = """([text, where]) => {
  const held = new DataTransfer();
  held.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], "photo.png", { type: "image/png" }));
  const event = new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: held });
  document.querySelector(where).dispatchEvent(event);
}"""


def test_a_dropped_photo_is_found_and_compared(
    serve: Serve, root: Path, reid: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A picture of a walker as a dropped photo finds them; two of them are compared; the gallery is changed."""
    monkeypatch.setattr(networks, "make_detector", lambda *_: (NobodyFound(), None))
    base, services = serve(root, reid=reid)
    fill_gallery(services)
    loaded = services.library.load("mall")
    assert loaded is not None
    crop = next(iter(loaded.crops.values()))
    text = base64.b64encode(crop.path.read_bytes()).decode()
    own = next(p for p in loaded.people for t in p.tracklets if t.key == (crop.camera, crop.track_id))

    async def flow(page: Any) -> None:
        await page.goto(f"{base}/find")
        await page.locator(".drop").wait_for()
        await page.evaluate(DROP, [text, ".drop"])
        await page.locator("ol a.tile").first.wait_for()
        assert await page.locator("ol a.tile b").first.inner_text() == f"person {own.id}"
        await page.locator("ol a.tile").first.click()
        await page.get_by_role("link", name="find elsewhere").click()
        await page.locator("ol a.tile").first.wait_for()
        await page.get_by_role("link", name="Compare", exact=True).click()
        await page.get_by_role("heading", name="Compare").wait_for()
        for index in (1, 2):
            await page.evaluate(DROP, [text, f".drop:nth-child({index})"])
        await page.get_by_text("distance, 0 to 2").wait_for()
        assert "0.00" in await page.locator("#page dl.facts").inner_text()
        await page.get_by_role("link", name="People", exact=True).click()
        rita = page.locator("li").filter(has=page.locator("b", has_text="Rita"))
        await rita.get_by_text("Change").click()
        await rita.get_by_label("Called").fill(ODD)
        await rita.get_by_role("button", name="Name").click()
        await page.locator("b", has_text=ODD).wait_for()
        page.on("dialog", lambda dialog: dialog.accept())
        changed = page.locator("li").filter(has=page.locator("b", has_text=ODD))
        await changed.get_by_text("Change").click()
        await changed.get_by_role("button", name="Forget").click()
        await page.get_by_text("3 people, over all runs").wait_for()
        assert await page.evaluate("window.hurt") is None

    browse(flow)


def test_a_box_drawn_in_a_camera_finds_somebody(serve: Serve, root: Path, reid: Path, scene: Any) -> None:
    base, _ = serve(root, reid=reid, recordings=[scene.folder])

    async def flow(page: Any) -> None:
        await page.goto(f"{base}/runs/mall?t=1")
        await until(page, "[...document.querySelectorAll('video')].every((v) => v.readyState > 1)")
        await page.get_by_role("button", name="find somebody").click()
        box = await page.locator(".films figure").first.bounding_box()
        await page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.3)
        await page.mouse.down()
        await page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.8)
        await page.mouse.up()
        await page.get_by_role("heading", name="Find").wait_for()
        await page.locator(".scene-box i.meant").wait_for()
        await page.locator("ol a.tile").first.wait_for()

    browse(flow)


def test_a_run_is_measured(serve: Serve, root: Path, scene: Any) -> None:
    """Ground truth is chosen by the cameras' names; a mistake leads to its moment in the run."""
    base, _ = serve(root, recordings=[scene.folder])

    async def flow(page: Any) -> None:
        await page.goto(f"{base}/runs/mall/measure")
        await page.get_by_text("without ground truth there is nothing to measure by").wait_for()
        await page.get_by_role("button", name="Measure").click()
        await page.get_by_role("heading", name="What the points were lost by").wait_for()
        await page.get_by_text("Linking: none.").wait_for()
        await page.goto(f"{base}/runs/mall/people/1")
        await page.get_by_role("button", name="not this person").first.click()
        await until(page, "document.querySelectorAll('#said p').length > 0")
        await page.goto(f"{base}/runs/mall/measure")
        await page.get_by_text("it is of those before").wait_for()
        await page.get_by_role("button", name="Measure").click()
        await page.locator(".mistakes a").first.click()
        await page.get_by_role("heading", name="mall").wait_for()
        asked = await page.evaluate("Number(new URLSearchParams(location.search).get('t'))")
        await until(page, f"document.querySelector('.row output')?.textContent.endsWith('{asked:05.2f}')")

    browse(flow)


FOUND, CONTRAST = "{resultTypes: ['violations']}", "{runOnly: ['color-contrast'], resultTypes: ['violations']}"
RUN = f"/runs/{quote(ODD, safe='')}"
DARK = (f"{RUN}/people/1", f"{RUN}/review", f"{RUN}/measure")
"""Of the pages that are looked at in the dark too; colours are the same everywhere."""
OF_RUN = ("", "/people/1", "/review", "/measure")
PLACES = ("/", *(f"{RUN}{page}" for page in OF_RUN), "/find", "/compare", "/people", "/interface")


def with_odd_names(root: Path, scene: Any) -> Path:
    """The run, a person and a file of ground truth are called like HTML; there is a plan, a mistake, and figures.

    (No camera can be: a run with such a name in it is refused.)
    """
    run = (root / "mall").rename(root / ODD)
    half = {"homography": [[0.5, 0, 0], [0, 0.5, 0], [0, 0, 1]]}
    (run / "site.json").write_text(json.dumps({"unit": "m", "cameras": {"left": half, "right": half}}))
    assert main(["name", str(run), "1", ODD]) == 0
    assert main(["split", str(run), "left 1"]) == 0
    folder = root.parent / "truth"
    folder.mkdir()
    left = Path(shutil.copy(scene.truth["left"], folder / f"{ODD} left_gt.txt"))
    assert main(["evaluate", str(run), "--gt", f"left={left}", f"right={scene.truth['right']}", "--blame"]) == 0
    return folder


STICKS_OUT = """[...document.querySelectorAll('#page *')].filter((one) => one.matches('th')
  ? one.offsetHeight > 3 * one.offsetWidth
  : !one.closest('.scroll') && one.getBoundingClientRect().right > innerWidth + 1
).map((one) => one.outerHTML.slice(0, 200))"""
"""Elements beyond the window's edge, and headings of tables that stand letter under letter; tables may scroll."""


def test_nothing_sticks_out_and_everybody_can_read_it(serve: Serve, root: Path, scene: Any) -> None:
    """From 375 pixels to 4K, light and dark; axe finds nothing serious for who uses a screen reader or a keyboard."""
    found = importlib.util.find_spec("axe_playwright_python")
    if found is None or found.origin is None:
        pytest.skip("axe-playwright-python is not installed")
    axe = (Path(found.origin).parent / "axe.min.js").read_text(encoding="utf-8")
    base, services = serve(root, recordings=[scene.folder, with_odd_names(root, scene)])
    fill_gallery(services)

    async def check(page: Any, where: str) -> None:
        schemes = [("light", FOUND), *([("dark", CONTRAST)] if where in DARK else [])]
        for scheme, rules in schemes:
            await page.emulate_media(color_scheme=scheme)
            told = await page.evaluate(f"axe.run({rules})")
            serious = [v for v in told["violations"] if v["impact"] in ("serious", "critical")]
            assert [(v["id"], v["nodes"][0]["html"]) for v in serious] == [], f"{where}, {scheme}"

    async def flow(page: Any) -> None:
        for place in PLACES:
            await page.goto(base + place)
            await page.locator("#page h1").wait_for()
            if place == "/":
                await page.get_by_role("button", name="New run").click()
                await page.get_by_text("Settings", exact=True).wait_for()
            await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
            await page.evaluate(axe)
            await check(page, place)
            for width, height in ((375, 740), (3840, 2160)):
                await page.set_viewport_size({"width": width, "height": height})
                wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
                assert (wide <= 0, await page.evaluate(STICKS_OUT)) == (True, []), f"{place} at {width}"
            assert await page.evaluate("document.querySelectorAll('#page :is(script, img[src=x])').length") == 0
            if place.endswith(("/people/1", "/measure")):
                assert ODD in await page.locator("#page").inner_text()
            assert await page.evaluate("window.hurt") is None

    browse(flow)
