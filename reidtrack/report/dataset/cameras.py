"""The section on cameras: what each saw, how its pictures look, whom two of them have in common."""

from __future__ import annotations

import numpy as np

from reidtrack.report.charts import spread
from reidtrack.report.dataset.images import picture_image
from reidtrack.report.dataset.page_data import CameraRow, DatasetPage, Picture
from reidtrack.report.html import Markup, join, tag

_HINT = (
    "Brightness: mean luma of an image, black is 0 and white 255; the box is the middle half of the images, the line"
    " reaches from the 5th to the 95th percentile. Cast: how far the camera’s mean red, green and blue are from those"
    " of all cameras."
)


def camera_section(page: DatasetPage) -> Markup:
    """Table of cameras and matrix of their pairs; a sentence where no camera is known."""
    if not page.cameras:
        text = tag("p", "The cameras are not known.", class_="hint")
        return tag("section", tag("h2", "Cameras"), text, id="cameras")
    most = max(camera.images for camera in page.cameras)
    lowest = 10 * np.floor(min(camera.brightness[0] for camera in page.cameras) / 10)
    highest = max(lowest + 10, 10 * np.ceil(max(camera.brightness[-1] for camera in page.cameras) / 10))
    brightness = f"Brightness, {lowest:.0f} to {highest:.0f}"
    names = (
        "Camera",
        "Mean picture",
        "Images",
        "",
        "Persons",
        brightness,
        "Median",
        "Contrast",
        "Colour",
        "Cast R G B",
    )
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in names)))
    body = tag("tbody", *(_row(camera, most, (lowest, highest)) for camera in page.cameras))
    table = tag("div", tag("table", head, body, class_="cams"), class_="scroll")
    parts = [tag("h2", "Cameras"), tag("p", _HINT, class_="hint"), table]
    if len(page.cameras) > 1:
        parts += _pairs(page)
    return tag("section", *parts, id="cameras")


def _row(camera: CameraRow, most: int, shown: tuple[float, float]) -> Markup:
    share = tag("span", tag("i", style=f"--w:{camera.images / most:.3f}"), class_="share")
    swatch = tag("span", class_="swatch", style="background:rgb({},{},{})".format(*camera.rgb))
    hexadecimal = "#{:02x}{:02x}{:02x}".format(*camera.rgb)
    bias = join(tag("b", f"{round(value):+d}".replace("-", "−")) for value in camera.cast)
    picture = Picture(camera.mean_picture, f"mean of camera {camera.name}") if camera.mean_picture else None
    cells = [
        tag("td", picture_image(picture)) if picture else tag("td", "–"),
        tag("td", f"{camera.images:,}"),
        tag("td", share),
        tag("td", f"{camera.people:,}"),
        tag("td", spread(camera.brightness, *shown)),
        tag("td", f"{camera.brightness[2]:.0f}"),
        tag("td", f"{camera.contrast:.0f}"),
        tag("td", swatch, hexadecimal),
        tag("td", bias, class_="cast"),
    ]
    return tag("tr", tag("th", camera.name, scope="row"), *cells)


def _pairs(page: DatasetPage) -> list[Markup]:
    names = [camera.name for camera in page.cameras]
    off = [int(page.pairs[i, j]) for i in range(len(names)) for j in range(len(names)) if i != j]
    most = max([1, *off])
    rows = []
    for i, name in enumerate(names):
        cells = []
        for j, other in enumerate(names):
            count = int(page.pairs[i, j])
            if i == j:
                cells.append(tag("td", f"{count:,}", class_="own", title=f"camera {name} saw {count:,} persons"))
            else:
                title = f"cameras {name} and {other} both saw {count:,} persons"
                cells.append(tag("td", f"{count:,}", style=f"--w:{count / most:.3f}", title=title))
        rows.append(tag("tr", tag("th", name, scope="row"), *cells))
    head = tag("thead", tag("tr", tag("th", ""), *(tag("th", name, scope="col") for name in names)))
    empty = sum(count == 0 for count in off) // 2
    hint = "Persons that both cameras saw; on the diagonal, that camera alone."
    if empty:
        hint += f" {empty} of {len(off) // 2} pairs have nobody in common."
    return [
        tag("h3", "Camera pairs"),
        tag("p", hint, class_="hint"),
        tag("div", tag("table", head, tag("tbody", *rows), class_="heat"), class_="scroll"),
    ]
