"""`reidtrack enroll`: somebody's photos into a gallery, under a name."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from reidtrack import clock
from reidtrack.config.run import DetectConfig, EmbedConfig, GalleryConfig
from reidtrack.detect.protocol import Detector
from reidtrack.embed.embedder import Embedder
from reidtrack.engines.names import EngineName
from reidtrack.engines.provenance import Weights
from reidtrack.errors import InputError, ReidtrackError, UsageError, param
from reidtrack.gallery.compare import compare
from reidtrack.gallery.dates import Dates, check_date
from reidtrack.gallery.people import open_gallery
from reidtrack.gallery.views import KnownPerson, Source, View, photo_view
from reidtrack.image import read_image
from reidtrack.networks.build import make_detector, make_embedder
from reidtrack.pipeline.people.gallery import check_gallery, check_name, gallery_signature, keep_within_limits
from reidtrack.pipeline.people.photo import choose_person, embed_person


@dataclass(frozen=True, slots=True)
class EnrollRequest:
    """A request to enrol somebody.

    Attributes:
        name: What the person is called.
        photos: Image files.
        gallery: Which gallery, and its bounds.
        embed: The re-identification network.
        detect: The detector.
        box_xyxy: The person in the photo, pixels; of one photo.
        person: Which of the detected people, from 1, left to right; of one photo.
        consent: When the person agreed to be known, `YYYY-MM-DD`; None leaves it as it is.
        until: The last day on which the person is kept; None leaves it as it is.
        device: Where networks run.
        engine: The inference engine.
    """

    name: str
    photos: tuple[Path, ...]
    gallery: GalleryConfig
    embed: EmbedConfig
    detect: DetectConfig
    box_xyxy: tuple[float, float, float, float] | None = None
    person: int | None = None
    consent: str | None = None
    until: str | None = None
    device: str = "auto"
    engine: EngineName = "auto"


class Enrolled(NamedTuple):
    """The outcome of an enrolment.

    Attributes:
        person: The person as the gallery knows them now.
        alike: Somebody else in the gallery who looks alike, and the distance.
        faults: Why photos could not be used, one error each.
    """

    person: KnownPerson
    alike: tuple[KnownPerson, float] | None
    faults: tuple[ReidtrackError, ...]


def enroll(request: EnrollRequest) -> Enrolled:
    """Put photos of somebody into a gallery; a photo that is there already is replaced.

    Raises:
        UsageError: If options do not fit, or the only photo shows several people.
        InputError: If no photo can be used, or the gallery cannot be read.
        WeightsError: If weights cannot be used, or the gallery's features were made by others.
        DeviceError: If the device or engine is not there.
        OutputError: If the gallery cannot be written.
    """
    path = _check(request)
    embedder, weights = make_embedder(request.embed, request.device, request.engine)
    check_gallery(request.gallery, weights)
    detector = None
    if request.box_xyxy is None:
        detector, _ = make_detector(request.detect, request.device, request.engine)
    found, faults = _photos(request, detector, embedder)
    config = request.gallery.model_copy(update={"path": path})
    dates = Dates(request.consent, request.until)
    return keep_photos(request.name, found, config, weights, dates)._replace(faults=tuple(faults))


def keep_photos(
    name: str, found: Mapping[Source, View], config: GalleryConfig, weights: Weights, dates: Dates
) -> Enrolled:
    """Put the views of photos into a gallery, which is made where it is not there.

    Args:
        name: What the person is called.
        found: The view of each photo.
        config: Which gallery, and its bounds.
        weights: Of the network that made the features.
        dates: Set where they are given.

    Raises:
        InputError: If the gallery cannot be read.
        WeightsError: If its features were made by other weights.
        OutputError: If it cannot be written.
    """
    assert config.path is not None
    with open_gallery(config.path, gallery_signature(weights.sha256), make=True) as gallery, gallery.writing():
        for source in found:
            gallery.withdraw(source.key)
        person = gallery.find_name(name)
        near = compare(gallery, [list(found.values())], config.strangers, prior=weights.prior, photo=True)
        if person is None:
            person = gallery.add_person(name)
        for source, view in found.items():
            gallery.add_views(source, {person: [view]})
        gallery.set_dates(gallery.key(person), **{day: text for day, text in dates._asdict().items() if text})
        keep_within_limits(gallery, config)
        known = {one.key: one for one in gallery.people()}
        people = {i: known[key] for i, (key, _) in gallery.names().items()}
        others = zip(near.short.person[0].tolist(), near.short.distance[0].tolist(), strict=True)
        alike = ((people[i], d) for i, d in others if i != person and i in people and d <= near.threshold)
        return Enrolled(people[person], next(alike, None), ())


def photo_source(content: bytes, path: str) -> Source:
    """The source of a photo by what it holds: the same photo again is no second one."""
    return Source(f"photo-{hashlib.sha256(content).hexdigest()[:16]}", "photo", path)


def _check(request: EnrollRequest) -> Path:
    if request.gallery.path is None:
        raise UsageError("is missing", field="gallery", expected="a file such as people.db")
    if not request.name.strip():
        raise UsageError("is empty", field="name", expected="what the person is called")
    check_name(request.name, "name")
    for field, day in (("consent", request.consent), ("until", request.until)):
        if day is not None:
            check_date(day, field)
    if len(request.photos) != 1 and (request.box_xyxy is not None or request.person is not None):
        raise UsageError(f"{param('box')} and {param('person')} are of one photo", hint="enroll the photos one by one")
    if request.box_xyxy is not None and request.person is not None:
        raise UsageError(f"{param('box')} and {param('person')} exclude each other", hint="give one of them")
    return request.gallery.path


def _photos(
    request: EnrollRequest, detector: Detector | None, embedder: Embedder
) -> tuple[dict[Source, View], list[ReidtrackError]]:
    """View of each photo that can be used, and an error for each that cannot.

    Raises:
        ReidtrackError: The only fault, if no photo can be used.
    """
    found: dict[Source, View] = {}
    faults: list[ReidtrackError] = []
    for path in dict.fromkeys(request.photos):
        try:
            image = read_image(path)
            box = choose_person(
                image, path, box_xyxy=request.box_xyxy, person=request.person, detector=detector, whole=False
            )
            _, feature = embed_person(image, box, embedder, path)
            content = path.read_bytes() + box.tobytes()
        except (InputError, UsageError) as error:
            faults.append(error)
            continue
        found[photo_source(content, str(path.resolve()))] = photo_view(feature, clock.now().timestamp())
    if not found:
        if len(faults) == 1:
            raise faults[0]
        raise InputError(f"none of {len(faults)} photos can be used: {faults[0].text}")
    return found, faults
