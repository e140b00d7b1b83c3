"""The name of a camera as a field of settings and of requests."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from reidtrack.video.naming import is_camera_name


def _checked(value: str) -> str:
    if not is_camera_name(value):
        raise ValueError("letters, digits, spaces and _ - . (at most 100)")
    return value


CameraName = Annotated[str, AfterValidator(_checked)]
"""Text that can be the name of a camera, and so of files (`video.naming.is_camera_name`)."""
