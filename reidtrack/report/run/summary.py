"""The run's facts at the top of the page, who was where, and at its end how the run was made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from reidtrack.report.html import Markup, join, tag
from reidtrack.report.run.context import PageContext, links_by_visit, time_in_view_s
from reidtrack.report.run.link_text import MARGIN, PROBABILITY, WORDS, certainty_class
from reidtrack.report.run.report_data import CameraSummary
from reidtrack.report.times import format_duration, format_time
from reidtrack.types import Identity

_MEANING = {
    "clear": f"the runner-up at least {MARGIN['clear']:.2f} farther (probability {PROBABILITY['clear']:.0%} or more)",
    "fair": f"at least {MARGIN['fair']:.2f} farther ({PROBABILITY['fair']:.0%} or more)",
    "close": "less: worth a look",
    "said": "merged or locked by a person",
}
"""What each class of links means."""


def facts(page: PageContext) -> Markup:
    """Counts of the run, notes included."""
    people, data = page.identities, page.data
    numbers = {
        "people": str(len(people)),
        "cameras": str(len(data.cameras)),
        "visits": str(sum(len(identity.tracklets) for identity in people)),
        "length": format_duration(page.span_s if any(c.frames for c in data.cameras) or people else 0.0),
    }
    values = [tag("div", tag("dt", name), tag("dd", value)) for name, value in numbers.items()]
    notes = tag("ul", *(tag("li", note) for note in data.notes), class_="notes") if data.notes else Markup()
    return join([tag("dl", *values, _cameras_per_person(page), _links_by_certainty(page), class_="facts"), notes])


def _cameras_per_person(page: PageContext) -> Markup:
    seen = Counter(min(len(identity.cameras), 3) for identity in page.identities)
    names = {1: "1 camera", 2: "2 cameras", 3: "3 or more"}
    return _shares("people seen by", {name: seen[n] for n, name in names.items() if n <= max(2, len(page.cameras))})


def _links_by_certainty(page: PageContext) -> Markup:
    words = Counter(certainty_class(link) for identity in page.identities for link in links_by_visit(identity).values())
    shown = [*WORDS, "said"] if words["said"] else WORDS
    return _shares("links", {word: words[word] for word in shown}, {word: _MEANING[word] for word in shown})


def _shares(name: str, parts: Mapping[str, int], meaning: Mapping[str, str] | None = None) -> Markup:
    """A fact that is made of parts: a bar of their shares and the counts under it."""
    keys = list(meaning) if meaning else [str(index) for index in range(len(parts))]
    bar = [tag("i", class_=f"k{key}", style=f"flex-grow:{n}") for key, n in zip(keys, parts.values(), strict=True) if n]
    legend = [
        tag("span", tag("i", class_=f"k{key}"), tag("b", str(n)), f" {part}", title=(meaning or {}).get(part))
        for key, (part, n) in zip(keys, parts.items(), strict=True)
    ]
    inside = [tag("div", *bar, class_="shares", aria_hidden="true"), tag("div", *legend, class_="legend")]
    return tag("div", tag("dt", name), tag("dd", *inside), class_="wide")


def presence(page: PageContext) -> Markup:
    """The table of people and cameras: time in view, and the number of visits where there were several."""
    heads = [tag("th", name, scope="col", title=name) for name in page.cameras]
    head = tag("tr", tag("th", "Person", scope="col"), *heads, tag("th", "All", scope="col", class_="sum"))
    rows = [_presence_row(page, identity) for identity in page.identities]
    return tag("table", tag("thead", head), tag("tbody", *rows, id="presence"), class_="presence")


def _presence_row(page: PageContext, identity: Identity) -> Markup:
    visits = page.visits_by_camera(identity)
    seconds = {camera: time_in_view_s(t for _, t in found) for camera, found in visits.items()}
    longest = max(seconds.values()) or 1.0
    name = str(identity.id) if identity.name is None else identity.name
    cells = [tag("th", tag("i", class_="dot"), name, scope="row")]
    for camera in page.cameras:
        if camera not in visits:
            cells.append(tag("td"))
            continue
        count = len(visits[camera])
        several = tag("sup", f"{count}×", title=f"{count} visits") if count > 1 else Markup()
        share = f"--w:{seconds[camera] / longest:.3f}"
        cells.append(tag("td", several, format_time(seconds[camera], page.decimals), class_="in", style=share))
    cells.append(tag("td", format_time(sum(seconds.values()), page.decimals), class_="sum"))
    return tag("tr", *cells, id=f"t{identity.id}", style=f"--c:{page.colour(identity)}")


def cameras(page: PageContext) -> Markup:
    """The table of cameras."""
    read, rate = ("Frames", "Frames per second") if page.data.day is None else ("Recorded", "Gaps")
    names = ("Camera", read, "Size", "From", "To", rate, "People", "Video")
    rows = [_camera_row(page, camera) for camera in page.data.cameras]
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in names)))
    table = tag("table", head, tag("tbody", *rows), class_="cameras")
    return tag("div", table, class_="scroll", tabindex="0", role="region", aria_label="Cameras")


def _camera_row(page: PageContext, camera: CameraSummary) -> Markup:
    first, last = camera.first_time_s, camera.last_time_s
    known = first is not None and last is not None
    length = last - first if first is not None and last is not None else 0.0
    rate = f"{(camera.frames - 1) / length:.1f}" if length > 0 and camera.frames > 1 else "–"
    count = str(camera.frames)
    if page.data.day is not None:
        recorded_s = camera.recorded_s or 0.0
        gaps_s = length - recorded_s
        count, rate = format_duration(recorded_s), format_duration(gaps_s) if gaps_s >= 1 else "–"
    cells = [
        count,
        f"{camera.size[0]} × {camera.size[1]}" if camera.size else "–",
        page.moment(first, 1) if first is not None and known else "–",
        page.moment(last, 1) if last is not None and known else "–",
        rate,
        str(camera.people),
    ]
    link = page.video_at(camera.name, first or 0.0)
    video = tag("a", camera.video or "", href=link.partition("#")[0], target="_blank") if link else "–"
    return tag("tr", tag("th", camera.name, scope="row"), *(tag("td", cell) for cell in cells), tag("td", video))


def made(page: PageContext) -> Markup:
    """Settings and timings, folded away."""
    timings = {name: format_duration(seconds) for name, seconds in page.data.timings.items()}
    parts = {"Settings": dict(flatten(page.data.settings)), "Time taken": timings}
    return join(
        tag("details", tag("summary", name), _pairs(values), class_="made") for name, values in parts.items() if values
    )


def flatten(values: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Dotted names of nested settings, with their values as text."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f"{prefix}{key}.")
        elif isinstance(value, bool):
            yield f"{prefix}{key}", "yes" if value else "no"
        else:
            yield f"{prefix}{key}", "–" if value is None else str(value)


def _pairs(values: Mapping[str, str]) -> Markup:
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in values.items()))
