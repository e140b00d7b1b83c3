"""What `reidtrack evaluate --blame` prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

    from reidtrack.cli.console import SafeConsole

MOST_LINES = 20
"""Of a table; blame.html and --json have all."""


def print_blame(console: SafeConsole, content: Mapping[str, Any]) -> None:
    """Print the stages, the mistakes of linking and tracking, and the pairs of cameras.

    Args:
        console: Where to.
        content: What `--json` gives as `blame`.
    """
    console.print(_stages(content))
    linking = [(f"{m['IDF1']:.2f}", m["kind"], _place(m), _links(m)) for m in content["linking"]]
    if linking:
        console.print(_table("linking", ("IDF1", "kind", "what", "by"), linking))
        pairs = [
            (f"{p['IDF1']:.2f}", " - ".join(p["cameras"]), str(p["splits"]), str(p["merges"]))
            for p in content["camera_pairs"]
        ]
        console.print(_table("camera pairs", ("IDF1", "cameras", "splits", "merges"), pairs))
    tracking = [(f"{s['IDF1']:.2f}", _name(s), _slip(s)) for s in content["tracking"]]
    if tracking:
        console.print(_table("tracking", ("IDF1", "tracklet", "what"), tracking))


def _stages(content: Mapping[str, Any]) -> Table:
    detection = content["detection"].values()
    missed, false = (sum(loss[name] for loss in detection) for name in ("missed", "false"))
    seen = [loss["missed_but_detected"] for loss in detection]
    detected = "" if None in seen else f" ({sum(seen)} of them had been detected)"
    texts = {
        "detection": f"{_count(missed, 'box')} missed{detected}, {false} false",
        "tracking": f"{_count(sum(s['boxes'] for s in content['tracking']), 'box')} on somebody else",
        "linking": f"{_count(len(content['linking']), 'group')} of tracklets in a wrong identity",
    }
    rows = [
        (stage, *(f"{content['loss'][stage][name]:.2f}" for name in ("IDF1", "HOTA")), text)
        for stage, text in texts.items()
    ]
    rows.append(("result", *(f"{content['result'][name]:.2f}" for name in ("IDF1", "HOTA")), ""))
    return _table("cross-camera points lost", ("stage", "IDF1", "HOTA", "by"), rows)


def _place(entry: Mapping[str, Any]) -> str:
    names = ", ".join(_name(key) for key in entry["tracklets"])
    where = f"ID {entry['identity']}" + ("" if entry["owner"] is None else f" (person {entry['owner']})")
    home = "" if entry["home"] is None else f", the rest in ID {entry['home']}"
    return f"person {entry['person']}: {names} in {where}{home}"


def _slip(entry: Mapping[str, Any]) -> str:
    frames = f"frames {entry['first_frame']} to {entry['last_frame']}"
    if entry["owner"] == entry["person"]:
        return f"person {entry['person']}, who has another tracklet then: {_count(entry['boxes'], 'box')}, {frames}"
    return f"person {entry['owner']}, but {_count(entry['boxes'], 'box')} on person {entry['person']}, {frames}"


def _count(number: int, what: str) -> str:
    plural = f"{what}es" if what.endswith("x") else f"{what}s"
    return f"{number} {what if number == 1 else plural}"


def _links(entry: Mapping[str, Any]) -> str:
    texts = [f"{_link(link)} linked" for link in entry["wrong_links"]]
    if entry["missing_link"] is not None and (not texts or entry["home"] is not None):
        texts.append(f"{_link(entry['missing_link'])} not linked")
    return "; ".join(texts)


def _link(link: Mapping[str, Any]) -> str:
    near = "" if link["distance"] is None else f" at {link['distance']:.2f}"
    limit = "" if link["distance"] is None or link["threshold"] is None else f" (threshold {link['threshold']:.2f})"
    return f"{_name(link['a'])} - {_name(link['b'])}{near}{limit}"


def _name(key: Mapping[str, Any]) -> str:
    return f"{key['camera']} {key['track_id']}"


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for name in head:
        number = name in ("IDF1", "HOTA", "splits", "merges")
        table.add_column(name, justify="right" if number else "left", overflow="fold", no_wrap=number)
    for row in rows[:MOST_LINES]:
        table.add_row(*(escape(cell) for cell in row))
    if len(rows) > MOST_LINES:
        table.add_row(*["..."] * len(head))
    return table
