"""People of before, in a gallery: live cameras ask it, and tell it of whom they saw."""

from __future__ import annotations

from collections.abc import Callable

from reidtrack.config.run import GalleryConfig
from reidtrack.engines.provenance import Weights
from reidtrack.gallery.online import GalleryLimits, GalleryPeople
from reidtrack.pipeline.people.gallery import check_gallery, gallery_signature


def known_people(
    gallery: GalleryConfig,
    weights: Weights,
    *,
    folder: str,
    place: str,
    origin_utc: Callable[[], float],
    source: str | None = None,
) -> GalleryPeople | None:
    """The gallery that settings name, checked; None where they name none.

    Args:
        gallery: Which gallery, and how people are recognised.
        weights: Of the network that makes the features.
        folder: As `GalleryPeople` takes it, as all below.
        place: Where it lies.
        origin_utc: When its time begins.
        source: What tells it from others who have the same numbers.

    Raises:
        InputError: If the file is no gallery, or damaged.
        WeightsError: If its features were made by other weights.
        OutputError: If it cannot be opened or made.
    """
    if gallery.path is None:
        return None
    check_gallery(gallery, weights)
    limits = GalleryLimits(
        gallery.strangers,
        gallery.margin,
        None if gallery.threshold == "auto" else gallery.threshold,
        gallery.most_people,
        gallery.most_views,
    )
    return GalleryPeople(
        gallery.path,
        gallery_signature(weights.sha256),
        folder=folder,
        place=place,
        origin_utc=origin_utc,
        limits=limits,
        prior=weights.prior,
        source=source,
    )
