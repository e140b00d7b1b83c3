"""The report of where a run lost its points, as one HTML page: the stages, and both sides of each wrong link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reidtrack.report.html import Markup, inline_image, join, tag
from reidtrack.report.run.link_text import named_terms
from reidtrack.report.shell import asset, fill_page

Key = tuple[str, int]
STAGES = {
    "detection": "boxes that are missing, lie on nobody or lie badly: identities by an oracle, on our boxes",
    "tracking": "boxes of one tracklet on several people: linking by an oracle, on our tracklets",
    "linking": "tracklets of one person in several identities, or of several people in one",
}


def render_blame(title: str, content: Mapping[str, Any], pictures: Mapping[Key, bytes]) -> str:
    """Report of where a run lost its points, as a whole HTML document.

    Args:
        title: The run's name.
        content: What `RunAttribution.to_json` gives.
        pictures: Camera and track id to a JPEG of that tracklet, where there is one.

    Returns:
        Text to be written as UTF-8.
    """
    sections = [_stages(content), _linking(content, pictures), _camera_pairs(content), _tracking(content)]
    return fill_page(
        "blame.html",
        title=title,
        style=asset("page.css") + asset("blame.css"),
        idf1=f"{content['result']['IDF1']:.1f}",
        hota=f"{content['result']['HOTA']:.1f}",
        sections=join([*sections, _detection(content)]),
    )


def _stages(content: Mapping[str, Any]) -> Markup:
    rows = [(stage, *_figures(content["loss"][stage]), text) for stage, text in STAGES.items()]
    rows.append(("result", *_figures(content["result"]), "what came out; the four add up to 100"))
    return _table("Points lost, by stage", ("", "IDF1", "HOTA", ""), rows, text=3, total=True)


def _linking(content: Mapping[str, Any], pictures: Mapping[Key, bytes]) -> Markup:
    cards = [_card(entry, pictures) for entry in content["linking"]]
    said = (
        "Each with what its correction gains, the costliest first." if cards else "No tracklet is in a wrong identity."
    )
    return tag("section", tag("h2", "Mistakes of linking"), tag("p", said, class_="hint"), *cards)


def _card(entry: Mapping[str, Any], pictures: Mapping[Key, bytes]) -> Markup:
    head = tag(
        "header", tag("h3", what(entry)), tag("p", f"{entry['IDF1']:.2f} points of IDF1, {entry['boxes']} boxes")
    )
    wrong = [_pair(link, pictures, "wrong", "linked, but two people") for link in entry["wrong_links"]]
    if entry["missing_link"] is not None:
        wrong.append(_pair(entry["missing_link"], pictures, "missing", "one person, but not linked"))
    return tag("article", head, tag("div", *wrong, class_="body"), class_="card")


def what(entry: Mapping[str, Any]) -> str:
    """Mistake of linking in words."""
    names = ", ".join(_name(key) for key in entry["tracklets"])
    if entry["kind"] == "split":
        return f"Person {entry['person']}: {names} is left in ID {entry['identity']}, the rest is ID {entry['home']}"
    where = f"ID {entry['identity']}, which is person {entry['owner']}"
    rest = "" if entry["home"] is None else f"; the rest is ID {entry['home']}"
    return f"Person {entry['person']}: {names} is put into {where}{rest}"


def _pair(link: Mapping[str, Any], pictures: Mapping[Key, bytes], kind: str, title: str) -> Markup:
    facts = [tag("dt", title)]
    for name in ("distance", "threshold", "probability"):
        if link[name] is not None:
            facts += [tag("dt", name), tag("dd", f"{link[name]:.2f}")]
    for name, text in named_terms(link["terms"]):
        facts += [tag("dt", name), tag("dd", text)]
    sides = [_side(link[side], pictures) for side in ("a", "b")]
    return tag("div", sides[0], tag("dl", *facts), sides[1], class_=f"sides {kind}")


def _side(key: Mapping[str, Any], pictures: Mapping[Key, bytes]) -> Markup:
    name, picture = _name(key), pictures.get((key["camera"], key["track_id"]))
    if picture is None:
        return tag("figure", tag("div", class_="none"), tag("figcaption", name))
    return tag("figure", inline_image(picture, alt=name, loading="lazy"), tag("figcaption", name))


def _camera_pairs(content: Mapping[str, Any]) -> Markup:
    rows = [
        (" and ".join(dict.fromkeys(p["cameras"])), str(p["splits"]), str(p["merges"]), f"{p['IDF1']:.2f}")
        for p in content["camera_pairs"]
    ]
    return _table("Links by pair of cameras", ("cameras", "splits", "merges", "IDF1"), rows)


def _tracking(content: Mapping[str, Any]) -> Markup:
    rows = []
    for s in content["tracking"]:
        other = "the same, who has another tracklet then" if s["owner"] == s["person"] else str(s["person"])
        frames = f"{s['first_frame']} to {s['last_frame']}"
        rows.append((_name(s), str(s["owner"]), other, frames, str(s["boxes"]), f"{s['IDF1']:.2f}"))
    head = ("tracklet", "mostly person", "but person", "in frames", "boxes", "IDF1")
    return _table("Mistakes of tracking", head, rows)


def _detection(content: Mapping[str, Any]) -> Markup:
    rows = []
    for camera, loss in content["detection"].items():
        seen = "" if loss["missed_but_detected"] is None else str(loss["missed_but_detected"])
        counts = (str(loss[name]) for name in ("boxes", "missed"))
        rows.append((camera, *counts, seen, str(loss["false"]), f"{loss['IDF1']:.2f}"))
    head = ("camera", "true boxes", "missed", "of these detected", "false", "IDF1")
    return _table("Mistakes of detection", head, rows)


def _table(
    title: str, head: Sequence[str], rows: Sequence[Sequence[str]], *, text: int | None = None, total: bool = False
) -> Markup:
    if not rows:
        return tag("section", tag("h2", title), tag("p", "None.", class_="hint"))

    def row(name: str, cells: Sequence[str], *, last: bool) -> Markup:
        content = [tag(name, cell, class_="text" if i == text else None) for i, cell in enumerate(cells)]
        return tag("tr", *content, class_="all" if last else None)

    body = [row("td", cells, last=total and i == len(rows) - 1) for i, cells in enumerate(rows)]
    table = tag("table", tag("thead", row("th", head, last=False)), tag("tbody", *body))
    return tag("section", tag("h2", title), tag("div", table, class_="scroll"))


def _figures(points: Mapping[str, float]) -> tuple[str, str]:
    return f"{points['IDF1']:.2f}", f"{points['HOTA']:.2f}"


def _name(key: Mapping[str, Any]) -> str:
    return f"{key['camera']} {key['track_id']}"
