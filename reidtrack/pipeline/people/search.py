"""`reidtrack search`: a photo of somebody against pictures, everybody that a run saw, or a gallery over many runs.

Distances to pictures and to the people of a run are plain cosine distances of features. A run removes the bias of each
camera from its features before it compares them; a photo belongs to no camera whose bias could be known, so nothing is
removed here, neither from the photo nor from what is searched. A gallery over runs has seen enough cameras to tell what
all of them share, and removes that (`compare`). The ranking is meant to be looked at, and no threshold decides:
somebody is always first, also where the person was never seen.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from reidtrack.config.run import DetectConfig, EmbedConfig, GalleryConfig
from reidtrack.embed.file import ImageFeatures, read_features
from reidtrack.embed.index import INDEX_FROM, FeatureIndex, index_path, make_index, open_index
from reidtrack.embed.nearest import nearest
from reidtrack.engines.names import EngineName
from reidtrack.engines.provenance import Weights
from reidtrack.errors import InputError, UsageError, WeightsError, param
from reidtrack.gallery.compare import compare
from reidtrack.gallery.people import open_gallery
from reidtrack.gallery.store import is_gallery
from reidtrack.gallery.views import DescribedView, photo_view
from reidtrack.image import read_image
from reidtrack.networks.build import make_detector, make_embedder
from reidtrack.pipeline.embed import digest, embed_images
from reidtrack.pipeline.people.gallery import check_gallery, gallery_signature
from reidtrack.pipeline.people.photo import choose_person, embed_person, may_be_one
from reidtrack.runs.crops import list_crops
from reidtrack.runs.features_by_identity import EmbeddedTracklet, RunPeople, read_run_people
from reidtrack.runtime.progress import Progress
from reidtrack.types import FloatArray, ImageArray

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A request to search for the person of a photo.

    Attributes:
        photo: An image file.
        gallery: A folder of images, a file of `reidtrack embed`, the folder of a run, or a gallery over runs.
        embed: The re-identification network.
        detect: The detector; if None the shipped one, and only where a photo may show more than one person.
        top: Length of the ranking at most.
        box_xyxy: The person in the photo, pixels.
        person: Which of the detected people, from 1, left to right.
        device: Where networks run.
        engine: The inference engine.
        index: Whether an index is made beside a file of features that has none.
    """

    photo: Path
    gallery: Path
    embed: EmbedConfig
    detect: DetectConfig | None = None
    top: int = 10
    box_xyxy: tuple[float, float, float, float] | None = None
    person: int | None = None
    device: str = "auto"
    engine: EngineName = "auto"
    index: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Hit:
    """One entry of the ranking.

    Attributes:
        distance: Cosine distance, 0..2.
        picture: An image file; None where a run kept no crop.
        visit: In a run, the person's nearest tracklet.
        sighting: In a gallery over runs, the person's nearest view.
    """

    distance: float
    picture: Path | None
    visit: EmbeddedTracklet | None = None
    sighting: DescribedView | None = None


@dataclass(frozen=True, eq=False, slots=True)
class SearchResult:
    """The ranking, and who was searched for.

    Attributes:
        hits: Nearest first; in a run each person once.
        crop: (H, W, 3) uint8 BGR, the person searched for, at the network's size.
        box_xyxy: (4,) float32 pixels, the person in the photo.
        weights: The network that made the features.
        faults: One line for each image of the gallery that could not be used.
        origin: In a run, when its time begins.
        origin_known: Whether the user said so; otherwise it is when the run was started.
    """

    hits: tuple[Hit, ...]
    crop: ImageArray
    box_xyxy: FloatArray
    weights: Weights
    faults: tuple[str, ...] = ()
    origin: datetime | None = None
    origin_known: bool = False


def search(request: SearchRequest, progress: Progress | None = None) -> SearchResult:
    """Rank pictures or people by their appearance distance to the person of a photo.

    Args:
        request: The photo, what is searched, and how.
        progress: Told how the images of a folder are embedded.

    Raises:
        UsageError: If it is not clear which person of the photo is meant, or options do not fit.
        InputError: If the photo or the gallery cannot be read.
        WeightsError: If weights cannot be used, or the gallery's features were made by others.
        DeviceError: If the device or engine is not there.
    """
    _check(request)
    image = read_image(request.photo)
    lasting = is_gallery(request.gallery)
    gallery = None if lasting else _open(request.gallery)
    index = _index(request, gallery)
    embedder, weights = make_embedder(request.embed, request.device, request.engine)
    if gallery is not None and gallery.sha256 != digest(weights):
        raise WeightsError(
            f"its features were made by other weights, sha256 {gallery.sha256[:12]}...",
            where=request.gallery,
            expected=f"{digest(weights)[:12]}... of {weights.path}",
            hint=f"give {param('reid')} the weights that made them",
        )
    if lasting:
        check_gallery(GalleryConfig(path=request.gallery), weights)
    box_xyxy = _person(request, image)
    crop, feature = embed_person(image, box_xyxy, embedder, request.photo)
    if lasting:
        hits = rank_known(feature, request.gallery, weights, request.top)
        return SearchResult(hits, crop, box_xyxy, weights)
    if isinstance(gallery, RunPeople):
        hits = rank_people(feature, gallery.tracklets, request.top)
        return SearchResult(hits, crop, box_xyxy, weights, (), gallery.origin, gallery.origin_known)
    faults: tuple[str, ...] = ()
    if gallery is None:
        gallery, faults = embed_images([request.gallery], embedder, weights, progress)
    return SearchResult(rank_images(feature, gallery, request.top, index), crop, box_xyxy, weights, faults)


def rank_images(
    feature: FloatArray, gallery: ImageFeatures, top: int, index: FeatureIndex | None = None
) -> tuple[Hit, ...]:
    """Rank images by their distance to a unit vector (D,), nearest first, of equal ones the earlier."""
    search = nearest if index is None else index.nearest
    found = search(feature[None], gallery.features, top)
    pairs = zip(found.rows[0].tolist(), found.distance[0].tolist(), strict=True)
    return tuple(Hit(distance, Path(gallery.paths[i])) for i, distance in pairs)


def rank_people(feature: FloatArray, tracklets: Sequence[EmbeddedTracklet], top: int) -> tuple[Hit, ...]:
    """Rank a run's people by the distance of their nearest tracklet to a unit vector (D,), nearest first.

    Of people at the same distance the lower identity comes first.
    """
    ordered = sorted(tracklets, key=lambda tracklet: tracklet.identity)
    if not ordered:
        return ()
    found = nearest(feature[None], np.stack([tracklet.appearance for tracklet in ordered]), len(ordered))
    best: dict[int, Hit] = {}
    for row, distance in zip(found.rows[0].tolist(), found.distance[0].tolist(), strict=True):
        tracklet = ordered[row]
        if tracklet.identity not in best:
            best[tracklet.identity] = Hit(distance, tracklet.picture(feature), tracklet)
        if len(best) == top:
            break
    return tuple(best.values())


def rank_known(feature: FloatArray, path: Path, weights: Weights, top: int) -> tuple[Hit, ...]:
    """Rank a gallery's people by their distance to a unit vector (D,), nearest first, each with the nearest view."""
    with open_gallery(path, gallery_signature(weights.sha256)) as gallery, gallery.reading():
        short = compare(gallery, [[photo_view(feature)]], 1.0, prior=weights.prior, photo=True, length=top).short
        best: dict[int, tuple[float, int]] = {}
        for block in gallery.blocks(short.person[0].tolist()):
            for view, person, distance in zip(
                block.view.tolist(), block.person.tolist(), (1 - block.feature @ feature).tolist(), strict=True
            ):
                best[person] = min(best.get(person, (np.inf, view)), (distance, view))
        seen = gallery.describe([view for _, view in best.values()])
    crops = _CropsOfRuns()
    ranked = zip(short.person[0].tolist(), short.distance[0].tolist(), strict=True)
    found = [(distance, seen[best[person][1]]) for person, distance in ranked]
    return tuple(Hit(distance, _kept_picture(view, crops), None, view) for distance, view in found)


class _CropsOfRuns:
    """Pictures of runs by camera and track, listed once for all views of a run: an archive has very many."""

    def __init__(self) -> None:
        self._known: dict[Path, dict[tuple[str, int], list[Path]]] = {}

    def of(self, run: Path, camera: str, tracks: Collection[int]) -> list[Path]:
        """Those of some tracks, sorted as they are listed."""
        if run not in self._known:
            found: dict[tuple[str, int], list[Path]] = {}
            for crop in list_crops(run / "crops"):
                found.setdefault((crop.camera, crop.track_id), []).append(crop.path)
            self._known = {run: found}  # views of one run follow each other often enough; memory is that of one
        return [path for track in sorted(tracks) for path in self._known[run].get((camera, track), ())]


def _kept_picture(view: DescribedView, crops: _CropsOfRuns) -> Path | None:
    """Path of the photo, or of a crop that the run kept, if it still lies there."""
    path = Path(view.source.path)
    if view.source.kind == "photo":
        return path if path.is_file() else None
    wanted = crops.of(path, view.camera, view.tracks) if path.is_dir() else []
    return next(iter(wanted), None)


def _check(request: SearchRequest) -> None:
    if request.top < 1:
        raise UsageError(f"got {request.top}", field="top", expected="1 or more")
    if request.box_xyxy is not None and request.person is not None:
        raise UsageError(f"{param('box')} and {param('person')} exclude each other", hint="give one of them")


def _open(path: Path) -> ImageFeatures | RunPeople | None:
    """Read features that are there already; None for a folder of images."""
    if (path / "run.json").is_file():
        gallery = read_run_people(path)
        if gallery.featureless:
            logger.warning("%s: %d visits have no features and cannot be found", path, gallery.featureless)
        return gallery
    if path.is_dir():
        return None
    if not path.exists():
        raise InputError("is not there", where=path, expected="images, a .npz file, a run or a gallery")
    if path.name == "tracklets.npz" and (path.parent / "run.json").is_file():
        raise UsageError("is part of a run", where=path, hint=f"give the run's folder, {path.parent}")
    return read_features(path)


def _index(request: SearchRequest, gallery: ImageFeatures | RunPeople | None) -> FeatureIndex | None:
    """The index of a file of features, made if that is asked for; None for whatever has none."""
    if not isinstance(gallery, ImageFeatures):
        if request.index:
            raise UsageError("is no file of features", where=request.gallery, hint="others are searched without index")
        return None
    if request.index and not index_path(request.gallery).exists():
        make_index(request.gallery, gallery.features)
    found = open_index(request.gallery, gallery.features)
    if found is None and len(gallery.features) >= INDEX_FROM:
        logger.warning(
            "%s: all %s features are compared; %s makes an index",
            request.gallery,
            f"{len(gallery.features):,}",
            param("index", True),
        )
    return found


def _person(request: SearchRequest, image: ImageArray) -> FloatArray:
    detector = None
    wanted = request.detect is not None or request.person is not None or not may_be_one(image)
    if request.box_xyxy is None and wanted:
        detector, _ = make_detector(request.detect or DetectConfig(), request.device, request.engine)
    return choose_person(image, request.photo, box_xyxy=request.box_xyxy, person=request.person, detector=detector)
