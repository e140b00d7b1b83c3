"""`reidtrack explore`: a data set's counts, imbalance, cameras and images as one HTML page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reidtrack import clock
from reidtrack.datasets import explore as lists
from reidtrack.datasets.pixels import PixelFigures, draw_samples, measure
from reidtrack.datasets.record import ReidDataset, counted, one_image_people, queries_with_match
from reidtrack.errors import InputError
from reidtrack.files import write_whole
from reidtrack.pipeline.images.explore_pictures import camera_name, camera_rows, side_by_side, strips
from reidtrack.report.dataset.page import render_dataset
from reidtrack.report.dataset.page_data import DatasetPage, SplitRow
from reidtrack.runtime.progress import Progress, Silent, one_task

SEED = 0
OPENED = 20_000
"""Images that are read at most."""
PEOPLE_SHOWN = 16
CAMERAS_SHOWN = 16


@dataclass(frozen=True, slots=True)
class Exploration:
    """A data set and the content of its page."""

    dataset: ReidDataset
    page: DatasetPage

    def html(self) -> str:
        """The page as a whole HTML document."""
        return render_dataset(self.page)

    def to_json(self) -> dict[str, object]:
        """Plain values of the page's figures."""
        page = self.page
        fields = ("name", "images", "people", "cameras", "junk", "distractors", "one_image")
        return {
            "name": page.title,
            "notes": list(page.notes),
            "splits": [{field: getattr(row, field) for field in fields} for row in page.splits],
            "cameras": [
                {
                    "name": camera.name,
                    "images": camera.images,
                    "people": camera.people,
                    "brightness_percentiles": dict(
                        zip(("5", "25", "50", "75", "95"), camera.brightness.tolist(), strict=True)
                    ),
                    "contrast": camera.contrast,
                    "rgb": list(camera.rgb),
                }
                for camera in page.cameras
            ],
            "camera_pairs": page.pairs.tolist(),
            "cameras_per_person": page.cameras_per_person.tolist(),
            "gini": page.gini,
            "top_tenth": page.top_tenth,
            "images_opened": page.opened[0],
            "unreadable": list(page.bad),
        }


def explore(
    dataset: ReidDataset, *, source: str, opened: int = OPENED, progress: Progress | None = None
) -> Exploration:
    """Collect counts, figures and pictures of a data set.

    Args:
        dataset: As loaded.
        source: Where it lies, as text for the page.
        opened: Number of images to read at most, random ones where there are more.
        progress: Told how reading gets on.

    Raises:
        InputError: If there are no images, or none can be read.
    """
    if not dataset.samples:
        raise InputError("has no images", where=dataset.name)
    generator = np.random.default_rng(SEED)
    drawn = draw_samples(dataset.samples, opened, generator)
    with one_task(progress or Silent(), "reading", dataset.name, len(drawn), "images") as advance:
        pixels = measure(drawn, advance=advance)
    people = lists.named_people(dataset.samples, dataset)
    cameras = lists.camera_ids(dataset.samples)
    shown = cameras[:CAMERAS_SHOWN]
    counts = lists.images_per_person(people)
    page = DatasetPage(
        title=dataset.name,
        created=clock.now_text(),
        source=source,
        notes=[*dataset.notes, *oddities(dataset), *_bad_note(pixels)],
        splits=[_split_row(figures) for figures in lists.split_figures(dataset)],
        cameras=camera_rows(dataset, cameras, people, pixels),
        pairs=lists.camera_pairs(people, cameras),
        cameras_per_person=lists.cameras_per_person(people, cameras),
        lorenz=lists.lorenz(counts),
        gini=lists.gini(counts),
        top_tenth=lists.top_share(counts),
        size_wh=pixels.size_wh,
        opened=(len(pixels.samples) + len(pixels.bad), len(dataset.samples)),
        people=side_by_side(dataset, people, shown, PEOPLE_SHOWN, generator),
        people_rows=[camera_name(dataset, camera) for camera in shown] or ["Image"],
        strips=strips(dataset, pixels, generator),
        bad=pixels.bad,
    )
    return Exploration(dataset, page)


def write_page(found: Exploration, path: Path | None = None) -> Path:
    """Write the page, by default `explore-NAME.html` in the current folder, and return its path.

    Raises:
        OutputError: If it cannot be written.
    """
    path = path or Path(f"explore-{found.dataset.name}.html")
    write_whole(path, found.html())
    return path


def oddities(dataset: ReidDataset) -> list[str]:
    """Notes on persons with a single training image, and on queries without a match in the gallery."""
    notes = []
    alone = one_image_people(dataset.train)
    if alone:
        names = ", ".join(dataset.person_names.get(person, str(person)) for person in alone[:3])
        verb = "person has" if len(alone) == 1 else "persons have"
        notes.append(f"train: {len(alone):,} {verb} one image only, such as {names}: no positive pair to learn from")
    if dataset.query and dataset.gallery:
        lost = len(dataset.query) - queries_with_match(dataset.query, dataset.gallery)
        if lost:
            notes.append(f"query: {lost:,} of {len(dataset.query):,} have no match by another camera and are left out")
    return notes


def _bad_note(pixels: PixelFigures) -> list[str]:
    if not pixels.bad:
        return []
    return [f"{counted(len(pixels.bad), 'file')} cannot be read, such as {pixels.bad[0]}"]


def _split_row(figures: lists.SplitFigures) -> SplitRow:
    return SplitRow(
        name=figures.name,
        images=figures.images,
        people=figures.people,
        cameras=figures.cameras,
        junk=figures.junk,
        distractors=figures.distractors,
        one_image=figures.one_image,
        per_person=figures.per_person,
    )
