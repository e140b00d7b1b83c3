"""The networks that look at photos: loaded when first needed, one picture at a time, few requests waiting."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

from reidtrack.associate.calibration.prior import AppearancePrior
from reidtrack.config.run import DetectConfig, EmbedConfig
from reidtrack.detect.protocol import Detector
from reidtrack.embed.embedder import Embedder
from reidtrack.engines.provenance import Weights
from reidtrack.networks.build import make_detector, make_embedder
from reidtrack.pipeline.embed import digest
from reidtrack.pipeline.people.photo import choose_person, embed_person, may_be_one, people_of
from reidtrack.server.data.finding import LooksOfRuns
from reidtrack.server.endpoint import Refused
from reidtrack.types import FloatArray, ImageArray

MOST_WAITING = 8
"""Requests that wait for the networks; who comes then is told to come again, and no thread is kept from other work."""
_PHOTO = Path("the photo")


class Networks:
    """The embedder and the detector. Any thread may ask; one picture is looked at at a time.

    Args:
        reid: Weights of the re-identification network: a name or a file.
        device: Where networks run.

    Attributes:
        looks: Of everybody in runs that were searched.
    """

    def __init__(self, reid: Path, device: str = "auto") -> None:
        self._reid = reid
        self._device = device
        self._turn = threading.Lock()
        self._places = threading.BoundedSemaphore(MOST_WAITING)
        self._embedder: tuple[Embedder, Weights] | None = None
        self._detector: Detector | None = None
        self.looks = LooksOfRuns()

    @contextmanager
    def turn(self) -> Iterator[NetworksInUse]:
        """Wait for the networks, and have them alone: pictures are decoded within it too, for they are large.

        Raises:
            Refused: If too many wait already.
        """
        if not self._places.acquire(blocking=False):
            what = "too many photos are being looked at: try again in a moment"
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, what, {"Retry-After": "5"})
        try:
            with self._turn:
                yield NetworksInUse(self)
        finally:
            self._places.release()

    def embedder(self) -> tuple[Embedder, Weights]:
        """The embedder, loaded the first time; within `turn`."""
        if self._embedder is None:
            self._embedder = make_embedder(EmbedConfig(weights=self._reid), self._device, "auto")
        return self._embedder

    def detector(self) -> Detector:
        """The detector, loaded the first time; within `turn`."""
        if self._detector is None:
            self._detector, _ = make_detector(DetectConfig(), self._device, "auto")
        return self._detector


class NetworksInUse:
    """The networks, for who has the turn.

    Args:
        networks: Them.
    """

    def __init__(self, networks: Networks) -> None:
        self._networks = networks

    @property
    def weights(self) -> Weights:
        """Where the embedder came from."""
        return self._networks.embedder()[1]

    @property
    def sha256(self) -> str:
        """Digest of the embedder's weights."""
        return digest(self.weights)

    @property
    def prior(self) -> AppearancePrior:
        """What is known of the embeddings."""
        return self.weights.prior

    def people(self, image: ImageArray) -> FloatArray:
        """Boxes (N, 4) of the people in a photo, left to right; a narrow one in which nobody is found is one person."""
        found = people_of(image, self._networks.detector())
        if not len(found) and may_be_one(image):
            found = choose_person(image, _PHOTO)[None]
        return found

    def embed(
        self, image: ImageArray, box_xyxy: tuple[float, float, float, float] | None, *, cropped: bool = False
    ) -> tuple[FloatArray, FloatArray]:
        """The box (4,) and the feature (D,), a unit vector, of the person in a photo.

        Args:
            image: The photo, (H, W, 3) uint8 BGR.
            box_xyxy: The person; None where there is one alone.
            cropped: Whether the picture is known to be one person from edge to edge.

        Raises:
            UsageError: If it is not clear who is meant, or the box lies outside.
            InputError: If nobody is found, or there is too little to see.
        """
        look = box_xyxy is None and not cropped
        detector = self._networks.detector() if look else None
        whole = (0.0, 0.0, float(image.shape[1]), float(image.shape[0]))
        box = choose_person(image, _PHOTO, box_xyxy=whole if cropped else box_xyxy, detector=detector)
        _, feature = embed_person(image, box, self._networks.embedder()[0], _PHOTO)
        return box, feature
