"""`reidtrack enroll`: somebody's photos into a gallery, under a name."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from reidtrack import clock
from reidtrack.config.run import DetectConfig, EmbedConfig, GalleryConfig
from reidtrack.detect.protocol import Detector
from reidtrack.embed.embedder import Embedder
from reidtrack.engines.base import EngineName
from reidtrack.errors import InputError, ReidtrackError, UsageError
from reidtrack.gallery.compare import compare
from reidtrack.gallery.people import open_gallery
from reidtrack.gallery.store import Signature
from reidtrack.gallery.views import Known, Source, View
from reidtrack.image import read_image
from reidtrack.networks.build import make_detector, make_embedder
from reidtrack.pipeline.people.gallery import check_name
from reidtrack.pipeline.people.photo import choose_person, embed_person
from reidtrack.pipeline.run.recognise import PREPROCESSING, check_gallery, keep, photo_view


@dataclass(frozen=True, slots=True)
class EnrollRequest:
    """Who is enrolled, and where.

    Attributes:
        name: What the person is called.
        photos: Image files.
        gallery: Which gallery, and its bounds.
        embed: The re-identification network.
        detect: The detector.
        box_xyxy: The person in the photo, pixels; of one photo.
        person: Number of a detected person, from 1, left to right; of one photo.
        device: Where networks run.
        engine: And on what.
    """

    name: str
    photos: tuple[Path, ...]
    gallery: GalleryConfig
    embed: EmbedConfig
    detect: DetectConfig
    box_xyxy: tuple[float, float, float, float] | None = None
    person: int | None = None
    device: str = "auto"
    engine: EngineName = "auto"


class Enrolled(NamedTuple):
    """What came of it.

    Attributes:
        person: As the gallery knows the person now.
        alike: Somebody else in the gallery who looks like it, and the distance.
        faults: One line for each photo that could not be used.
    """

    person: Known
    alike: tuple[Known, float] | None
    faults: tuple[str, ...]


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
    (sha256,) = weights.sha256.values()
    with open_gallery(path, Signature(sha256, PREPROCESSING), make=True) as gallery, gallery.writing():
        for source in found:
            gallery.withdraw(source.key)
        number = gallery.find(request.name)
        near = compare(gallery, [list(found.values())], request.gallery.strangers, prior=weights.prior, photo=True)
        if number is None:
            number = gallery.add_person(request.name)
        for source, view in found.items():
            gallery.add_views(source, {number: [view]})
        keep(gallery, request.gallery)
        numbers = gallery.numbers()
        people = {known.key: known for known in gallery.people()}
        others = zip(near.short.person[0].tolist(), near.short.distance[0].tolist(), strict=True)
        alike = next(((n, d) for n, d in others if n != number and n in numbers and d <= near.threshold), None)
        told = None if alike is None else (people[numbers[alike[0]][0]], alike[1])
        return Enrolled(people[numbers[number][0]], told, tuple(faults))


def _check(request: EnrollRequest) -> Path:
    if request.gallery.path is None:
        raise UsageError("is missing", where="--gallery", expected="a file such as people.db")
    if not request.name.strip():
        raise UsageError("is empty", where="NAME", expected="what the person is called")
    check_name(request.name, "NAME")
    if len(request.photos) != 1 and (request.box_xyxy is not None or request.person is not None):
        raise UsageError("--box and --person are of one photo", hint="enroll the photos one by one")
    if request.box_xyxy is not None and request.person is not None:
        raise UsageError("--box and --person exclude each other", hint="give one of them")
    return request.gallery.path


def _photos(
    request: EnrollRequest, detector: Detector | None, embedder: Embedder
) -> tuple[dict[Source, View], list[str]]:
    """Each photo that can be used, and a line for each that cannot.

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
        key = f"photo-{hashlib.sha256(content).hexdigest()[:16]}"
        found[Source(key, "photo", str(path.resolve()))] = photo_view(feature, clock.now().timestamp())
    if not found:
        if len(faults) == 1:
            raise faults[0]
        raise InputError(f"none of {len(faults)} photos can be used: {faults[0]}")
    return found, [str(fault) for fault in faults]
