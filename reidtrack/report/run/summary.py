"""The run's facts at the top of the page, and at its end how it was made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from reidtrack.report.clock import clock, duration
from reidtrack.report.html import Markup, join, tag
from reidtrack.report.run.certainty import MARGIN, PROBABILITY, WORDS
from reidtrack.report.run.view import SAID, View, links_by_visit, sureness

_MEANING = {
    "clear": f"the runner-up at least {MARGIN['clear']:.2f} farther (probability {PROBABILITY['clear']:.0%} or more)",
    "fair": f"at least {MARGIN['fair']:.2f} farther ({PROBABILITY['fair']:.0%} or more)",
    "close": "less: worth a look",
    SAID: "merged or locked by a person",
}


def facts(view: View) -> Markup:
    """Counts of the run, notes included."""
    people, data = view.identities, view.data
    numbers = {
        "people": str(len(people)),
        "cameras": str(len(data.cameras)),
        "visits": str(sum(len(identity.tracklets) for identity in people)),
        "length": duration(view.span_s if any(c.frames for c in data.cameras) or people else 0.0),
    }
    values = [tag("div", tag("dt", name), tag("dd", value)) for name, value in numbers.items()]
    notes = tag("ul", *(tag("li", note) for note in data.notes), class_="notes") if data.notes else Markup()
    return join([tag("dl", *values, _spread(view), _sureness(view), class_="facts"), notes])


def _spread(view: View) -> Markup:
    seen = Counter(min(len(identity.cameras), 3) for identity in view.identities)
    names = {1: "1 camera", 2: "2 cameras", 3: "3 or more"}
    return _shares("people seen by", {name: seen[n] for n, name in names.items() if n <= max(2, len(view.cameras))})


def _sureness(view: View) -> Markup:
    words = Counter(sureness(link) for identity in view.identities for link in links_by_visit(identity).values())
    shown = [*WORDS, SAID] if words[SAID] else WORDS
    return _shares("links", {word: words[word] for word in shown}, {word: _MEANING[word] for word in shown})


def _shares(name: str, parts: Mapping[str, int], meaning: Mapping[str, str] | None = None) -> Markup:
    """A fact that is made of parts: a bar of their shares and the counts under it."""
    keys = list(meaning) if meaning else [str(place) for place in range(len(parts))]
    bar = [tag("i", class_=f"k{key}", style=f"flex-grow:{n}") for key, n in zip(keys, parts.values(), strict=True) if n]
    legend = [
        tag("span", tag("i", class_=f"k{key}"), tag("b", str(n)), f" {part}", title=(meaning or {}).get(part))
        for key, (part, n) in zip(keys, parts.items(), strict=True)
    ]
    inside = [tag("div", *bar, class_="shares", aria_hidden="true"), tag("div", *legend, class_="legend")]
    return tag("div", tag("dt", name), tag("dd", *inside), class_="wide")


def cameras(view: View) -> Markup:
    """The table of cameras."""
    names = ("Camera", "Frames", "Size", "From", "To", "Frames per second", "People", "Video")
    rows = []
    for camera in view.data.cameras:
        first, last = camera.first_time_s, camera.last_time_s
        known = first is not None and last is not None
        length = (last - first) if first is not None and last is not None else 0.0
        cells = [
            str(camera.frames),
            f"{camera.size[0]} × {camera.size[1]}" if camera.size else "–",
            clock(first, 1) if first is not None and known else "–",
            clock(last, 1) if last is not None and known else "–",
            f"{(camera.frames - 1) / length:.1f}" if length > 0 and camera.frames > 1 else "–",
            str(camera.people),
        ]
        link = view.video_at(camera.name, first or 0.0)
        video = tag("a", camera.video or "", href=link.partition("#")[0], target="_blank") if link else "–"
        rows.append(tag("tr", tag("th", camera.name, scope="row"), *(tag("td", c) for c in cells), tag("td", video)))
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in names)))
    return tag("div", tag("table", head, tag("tbody", *rows), class_="cameras"), class_="scroll")


def made(view: View) -> Markup:
    """Settings and timings, folded away."""
    timings = {name: duration(seconds) for name, seconds in view.data.timings.items()}
    parts = {"Settings": dict(flatten(view.data.settings)), "Time taken": timings}
    return join(
        tag("details", tag("summary", name), _pairs(values), class_="made") for name, values in parts.items() if values
    )


def flatten(values: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Nested settings as dotted names with their values as text."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f"{prefix}{key}.")
        elif isinstance(value, bool):
            yield f"{prefix}{key}", "yes" if value else "no"
        else:
            yield f"{prefix}{key}", "–" if value is None else str(value)


def _pairs(values: Mapping[str, str]) -> Markup:
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in values.items()))
