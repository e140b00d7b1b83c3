"""Pictures that are asked about: a photo that is sent, somebody's picture in a run, a frame of a camera with a box."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from reidtrack.errors import InputError
from reidtrack.image import decode_image
from reidtrack.runs.crops import Crop
from reidtrack.server.data.frames import films, frame_at
from reidtrack.server.data.library import RunSeen
from reidtrack.server.data.networks import NetworksInUse
from reidtrack.server.data.places import plain_file
from reidtrack.server.endpoint import Call, Refused, Words, not_there
from reidtrack.types import FloatArray, ImageArray

MOST_PHOTO = 16 << 20
"""Bytes of a photo that is sent."""
MOST_PIXELS = 64 << 20
"""Pixels of one: 67 million are 200 MB in memory, and more than nearly all phones take."""
MOST_BYTES = 2 * MOST_PHOTO * 4 // 3 + (1 << 20)
"""Bytes of a body with two photos in base64."""
_BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM")
_Pixel = Annotated[float, Field(allow_inf_nan=False, ge=-1e6, le=1e6)]
_Word = Annotated[str, Field(min_length=1, max_length=300)]
_Number = Annotated[int, Field(ge=0, lt=1 << 60)]


class Picture(Words):
    """A picture: `image`; or `run`, `camera`, `track_id` and `frame`; or `run`, `camera`, `time_s` and `box_xyxy`.

    Attributes:
        image: A JPEG, PNG, WebP or BMP file in base64.
        run: A run.
        camera: A camera of it.
        track_id: With `frame`: a picture that the run has kept.
        frame: Of that picture.
        time_s: A moment of the camera, seconds since the run's origin.
        box_xyxy: The person, pixels of the picture; needed where there are several, and in a frame.
    """

    image: Annotated[str, Field(min_length=1, max_length=MOST_PHOTO * 4 // 3 + 4)] | None = None
    run: _Word | None = None
    camera: _Word | None = None
    track_id: _Number | None = None
    frame: _Number | None = None
    time_s: Annotated[float, Field(allow_inf_nan=False, ge=-1e12, le=1e12)] | None = None
    box_xyxy: tuple[_Pixel, _Pixel, _Pixel, _Pixel] | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        names = ("image", "run", "camera", "track_id", "frame", "time_s")
        given = {name for name in names if getattr(self, name) is not None}
        ways = ({"image"}, {"run", "camera", "track_id", "frame"}, {"run", "camera", "time_s"})
        if given not in ways:
            raise ValueError("give image, or run, camera, track_id and frame, or run, camera, time_s and box_xyxy")
        return self


class OnePicture(Words):
    """A picture."""

    picture: Picture


class TwoPictures(Words):
    """Two pictures."""

    first: Picture
    second: Picture


class Wanted(OnePicture):
    """Somebody to look for, in which runs (all where none are named), whether in the gallery, and how many to name."""

    runs: Annotated[list[_Word], Field(max_length=1000)] | None = None
    gallery: bool = True
    top: Annotated[int, Field(ge=1, le=200)] = 20


@dataclass(frozen=True, eq=False, slots=True)
class Shown:
    """A picture as it was found: of a run and camera that the user sees, or sent."""

    asked: Picture
    run: RunSeen | None = None
    crop: Crop | None = None


@dataclass(frozen=True, eq=False, slots=True)
class AllShown:
    """The pictures of a request; photos that are sent are of no camera."""

    pictures: tuple[Shown, ...]

    @property
    def cameras(self) -> Iterable[str]:
        """Those that took them."""
        return tuple(one.asked.camera for one in self.pictures if one.asked.camera is not None)


def the_pictures(call: Call) -> AllShown:
    """The pictures that a request names; for rules."""
    body = call.body
    asked = (body.first, body.second) if isinstance(body, TwoPictures) else (body.picture,)
    return AllShown(tuple(find_picture(call, one) for one in asked))


def find_picture(call: Call, asked: Picture) -> Shown:
    """A picture that is sent, or of a run that the user sees; anything else is not there."""
    if asked.run is None or asked.camera is None:
        return Shown(asked)
    run = call.runs.get(asked.run)
    if run is None or asked.camera not in run.cameras:
        not_there()
    if asked.track_id is None:
        return Shown(asked, run)
    return Shown(asked, run, run.crop(asked.camera, str(asked.track_id), str(asked.frame)) or not_there())


def look(shown: Shown, networks: NetworksInUse, call: Call) -> tuple[FloatArray, FloatArray]:
    """The box and the feature of the person in a picture; arguments of errors as `NetworksInUse.embed` has them."""
    return networks.embed(pixels(shown, call), shown.asked.box_xyxy, cropped=_is_cropped(shown))


def _is_cropped(shown: Shown) -> bool:
    return shown.crop is not None and shown.asked.box_xyxy is None


def pixels(shown: Shown, call: Call) -> ImageArray:
    """A picture, (H, W, 3) uint8 BGR.

    Raises:
        InputError: If it is no picture, too large, or cannot be read.
        Refused: If no film of the camera is at hand, or the photo is too large.
    """
    asked = shown.asked
    if asked.image is not None:
        return _decoded(asked.image)
    assert shown.run is not None and asked.camera is not None
    if shown.crop is not None:
        return decode_image(plain_file(shown.crop.path).read_bytes(), Path("the picture"), MOST_PIXELS)
    assert asked.time_s is not None
    if asked.box_xyxy is None:
        raise InputError("box_xyxy is missing", expected="the person in the frame")
    film = next(iter(films(shown.run, asked.camera, call.services.allowed)), None)
    if film is None:
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "no film of this camera is at hand")
    return decode_image(frame_at(film, asked.camera, asked.time_s, None).jpeg, Path("the frame"), MOST_PIXELS)


def _decoded(text: str) -> ImageArray:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise InputError("the photo is no base64", expected="the bytes of a picture in base64") from None
    if len(data) > MOST_PHOTO:
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a photo has at most {MOST_PHOTO >> 20} MB")
    if not data.startswith(_BEGINNINGS) and not (data.startswith(b"RIFF") and data[8:12] == b"WEBP"):
        raise InputError("the photo is of a kind that is not read", expected="JPEG, PNG, WebP or BMP")
    return decode_image(data, Path("the photo"), MOST_PIXELS)


def as_noted(shown: Shown) -> dict[str, Any]:
    """What the audit log says of a picture: where it is from, or the digest of a photo."""
    asked = shown.asked
    if asked.image is not None:
        return {"photo_sha256": hashlib.sha256(asked.image.encode()).hexdigest()[:16]}
    return asked.model_dump(exclude_none=True)
