"""From what a user calls weights to their file: a path, a name of what ships, or a name of what others publish.

A file that exists wins over a name. Published files are fetched once into the cache folder, and only when named.
"""

from __future__ import annotations

import difflib
from pathlib import Path

from reidtrack.errors import WeightsError
from reidtrack.fetch import cache_folder, fetch
from reidtrack.models.checkpoint import IMAGENET
from reidtrack.shipped.files import Kind, find_shipped, shipped_names

_ULTRALYTICS = "https://github.com/ultralytics/assets/releases/download/v8.3.0/"
_TORCHREID = "https://huggingface.co/kaiyangzhou/osnet/resolve/main/"
_RECIPE = "combineall_256x128_amsgrad_ep150_stp60_lr0.0015_b64_fb10_softmax_labelsmooth_flip_jitter.pth"
_RECIPE_AIN = "256x128_amsgrad_ep50_lr0.0015_coslr_b64_fb10_softmax_labsmth_flip_jitter.pth"

PUBLISHED: dict[Kind, dict[str, str]] = {
    "detector": {
        f"{family}{size}.pt": f"{_ULTRALYTICS}{family}{size}.pt" for family in ("yolo11", "yolov8") for size in "nsmlx"
    },
    "reid": {
        "osnet_x1_0_msmt17.pth": f"{_TORCHREID}osnet_x1_0_msmt17_{_RECIPE}",
        "osnet_x0_25_msmt17.pth": f"{_TORCHREID}osnet_x0_25_msmt17_{_RECIPE}",
        "osnet_ain_x1_0_msmt17.pth": f"{_TORCHREID}osnet_ain_x1_0_msmt17_{_RECIPE_AIN}",
    },
}
"""Name of a file to where its makers publish it."""

_BEGINNINGS = (b"PK", b"\x80\x02")
"""Of PyTorch's files: a zip, or a pickle as older versions wrote."""

_ZOO = "torchreid publishes others: https://kaiyangzhou.github.io/deep-person-reid/MODEL_ZOO"


def find_weights(given: Path, kind: Kind, *, exported: bool = False) -> Path:
    """The file, or folder, of weights.

    Args:
        given: A path; or the name, with or without its ending, of what ships or of a file in `PUBLISHED`.
        kind: Of network.
        exported: Of a shipped detector, take the form for CPUs.

    Returns:
        A path that exists; or one with a folder in it, as it was given: who reads it says what is wrong.

    Raises:
        WeightsError: If nothing has that name, or it is damaged, or cannot be fetched.
        OutputError: If what is fetched cannot be kept.
    """
    if given.is_file() or any(given.glob("*.xml")) or given.parent != Path() or str(given) == IMAGENET:
        return given
    shipped = find_shipped(given.name, kind, exported=exported)
    if shipped is not None:
        return shipped
    published = PUBLISHED[kind]
    file = next((name for name in published if given.name in (name, Path(name).stem)), None)
    if file is not None:
        return _fetched(file, kind)
    if given.exists():
        return given
    raise _unknown(given, kind)


def _fetched(file: str, kind: Kind) -> Path:
    path = cache_folder() / "weights" / file
    if not path.is_file():
        hint = "put it there, give the path of another, or name none: the shipped weights are used then"
        fetch(PUBLISHED[kind][file], path, hint=hint)
        with path.open("rb") as fetched:
            beginning = fetched.read(2)
        if beginning not in _BEGINNINGS:  # a page of a proxy or a login, say
            path.unlink()
            raise WeightsError("what came is no PyTorch file", where=PUBLISHED[kind][file], hint=hint)
    return path


def _unknown(given: Path, kind: Kind) -> WeightsError:
    shipped, names = shipped_names(kind), [*shipped_names(kind), *PUBLISHED[kind]]
    near = difflib.get_close_matches(given.name, names, n=1)
    hint = f"did you mean {near[0]!r}?" if near else _ZOO if given.name.startswith("osnet_") else None
    if not shipped:
        hint = "no weights came with this installation: clone the whole repository, or install its wheel"
    return WeightsError("no such file, nor known by that name", where=given, expected=_listed(names), hint=hint)


def _listed(names: list[str]) -> str:
    return f"a path, or one of {', '.join(names)}"
