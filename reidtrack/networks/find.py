"""From what a user calls weights to their file: a path, a name of what ships, or a name of what others publish.

A file that exists wins over a name. Published files are fetched once into the cache folder, and only when named.
"""

from __future__ import annotations

import difflib
from pathlib import Path

from reidtrack.errors import WeightsError
from reidtrack.fetch import cache_folder, fetch
from reidtrack.models.checkpoint import IMAGENET
from reidtrack.models.known import KNOWN
from reidtrack.shipped.files import Kind, check_listed, find_shipped, shipped_names

_ULTRALYTICS = "https://github.com/ultralytics/assets/releases/download/v8.3.0/"
_TORCHREID = "https://huggingface.co/kaiyangzhou/osnet/resolve/main/"
_OPEN_MODEL_ZOO = "https://storage.openvinotoolkit.org/repositories/open_model_zoo/2023.0/models_bin/1/"
_RECIPE = "combineall_256x128_amsgrad_ep150_stp60_lr0.0015_b64_fb10_softmax_labelsmooth_flip_jitter.pth"
_RECIPE_AIN = "256x128_amsgrad_ep50_lr0.0015_coslr_b64_fb10_softmax_labsmth_flip_jitter.pth"

PUBLISHED: dict[Kind, dict[str, str]] = {
    "detector": {
        f"{network}.pt": f"{_ULTRALYTICS}{network}.pt"
        for network in (
            *(f"yolo11{size}" for size in "nsmlx"),
            *(f"yolov8{size}" for size in "nsmlx"),
            "rtdetr-l",
            "rtdetr-x",
        )
    },
    "reid": {
        "osnet_x1_0_msmt17.pth": f"{_TORCHREID}osnet_x1_0_msmt17_{_RECIPE}",
        "osnet_x0_25_msmt17.pth": f"{_TORCHREID}osnet_x0_25_msmt17_{_RECIPE}",
        "osnet_ain_x1_0_msmt17.pth": f"{_TORCHREID}osnet_ain_x1_0_msmt17_{_RECIPE_AIN}",
        **{f"{name}.xml": f"{_OPEN_MODEL_ZOO}{name}/FP16/{name}.xml" for name in KNOWN},
    },
}
"""Name of a file to where its makers publish it; beside an `.xml` lies its `.bin`."""

_SHA256 = {
    "person-reidentification-retail-0277.xml": "82039b1bb986231c50345550e59def94e63579998e9cddbd1a312f293eb87729",
    "person-reidentification-retail-0277.bin": "6bb69e09d07733cc3896b29081d2627f92db7b9aacd50f1a8c3df491cb10f1b7",
    "person-reidentification-retail-0286.xml": "cc547e622d8aeabf97938213f68171bf59ac7d01c910ceadfea984aa96e5d1b5",
    "person-reidentification-retail-0286.bin": "d06beb9e2b2661d42b233f64ef623f3518fc46dc11f6b7dd53cda8962d9d1bd9",
    "person-reidentification-retail-0288.xml": "0d5021c772e603dce69d9ef2e326ecf0a43234cc8b4c5bb5e8aa566f090bdb51",
    "person-reidentification-retail-0288.bin": "08e24c2f1dd976ff8e1f667b93db2950ac8db8da09e163e1ca6463b82d1dbc42",
}
"""Name of a published file to its sha256, where that is known."""

_BEGINNINGS = {".xml": (b"<?xml", b"<net"), ".bin": (b"",)}
_TORCH_BEGINNINGS = (b"PK", b"\x80\x02")
"""First bytes of PyTorch's files: a zip, or a pickle as older versions wrote."""
_PAGES = (b"<!doctype", b"<html")
"""What a proxy or a login sends in place of a file begins like that."""

_TITLE: dict[Kind, str] = {"detector": "detector", "reid": "re-identification network"}
_ZOO = "torchreid publishes others: https://kaiyangzhou.github.io/deep-person-reid/MODEL_ZOO"


def find_weights(given: Path, kind: Kind, *, exported: bool = False) -> Path:
    """The file, or folder, of weights.

    Args:
        given: A path; or the name, with or without its ending, of what ships or of a file in `PUBLISHED`.
        kind: Of network.
        exported: Of shipped weights, take the form for CPUs where there is one.

    Returns:
        A path that exists; or one with a folder in it, as it was given: who reads it says what is wrong.

    Raises:
        WeightsError: If nothing has that name, or it is damaged, or cannot be fetched.
        OutputError: If what is fetched cannot be kept.
    """
    if given.is_file() or any(given.glob("*.xml")) or given.parent != Path() or str(given) == IMAGENET:
        check_listed(given)
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
    """The file in the cache, and beside an `.xml` its `.bin`."""
    folder, url = cache_folder() / "weights", PUBLISHED[kind][file]
    pair = [(file, url)]
    if file.endswith(".xml"):
        pair.append((f"{Path(file).stem}.bin", f"{url.removesuffix('.xml')}.bin"))
    for name, source in pair:
        if not (folder / name).is_file():
            _fetch_one(folder / name, source)
    return folder / file


def _fetch_one(path: Path, url: str) -> None:
    both = " and the .bin beside it" if path.suffix == ".xml" else ""
    hint = f"put it there{both}, give the path of another, or name none: the shipped weights are used then"
    fetch(url, path, sha256=_SHA256.get(path.name, ""), hint=hint)
    with path.open("rb") as fetched:
        beginning = fetched.read(16)
    expected = _BEGINNINGS.get(path.suffix, _TORCH_BEGINNINGS)
    if not beginning.startswith(expected) or beginning.lower().startswith(_PAGES):
        path.unlink()
        maker = "OpenVINO" if path.suffix in _BEGINNINGS else "PyTorch"
        raise WeightsError(f"what came is no {maker} file", where=url, hint=hint)


def _unknown(given: Path, kind: Kind) -> WeightsError:
    shipped, names = shipped_names(kind), [*shipped_names(kind), *PUBLISHED[kind]]
    near = difflib.get_close_matches(given.name, names, n=1)
    hint = f"did you mean {near[0]!r}?" if near else _ZOO if given.name.startswith("osnet_") else None
    other: Kind = "reid" if kind == "detector" else "detector"
    if given.name in _names(other):
        hint = f"it is a {_TITLE[other]}"
    if not shipped:
        hint = "no weights came with this installation: clone the whole repository, or install its wheel"
    return WeightsError("no such file, nor known by that name", where=given, expected=_listed(names), hint=hint)


def _names(kind: Kind) -> set[str]:
    """Everything by which weights of a kind are found, with and without endings."""
    published = PUBLISHED[kind]
    return {*shipped_names(kind), *published, *(Path(name).stem for name in published)}


def _listed(names: list[str]) -> str:
    return f"a path, or one of {', '.join(names)}"
