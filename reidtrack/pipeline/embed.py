"""`reidtrack embed`: features of pictures of people, into a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from reidtrack.config.run import EmbedConfig
from reidtrack.datasets.embed_samples import embed_samples
from reidtrack.datasets.layout import images
from reidtrack.datasets.record import Sample
from reidtrack.embed.embedder import Embedder
from reidtrack.embed.file import FeatureType, ImageFeatures, write_features
from reidtrack.engines.names import EngineName
from reidtrack.engines.provenance import Weights
from reidtrack.errors import InputError, OutputError
from reidtrack.networks.build import make_embedder
from reidtrack.runtime.progress import Progress, Silent, one_task


class EmbeddedImages(NamedTuple):
    """Features of images, and what could not be used.

    Attributes:
        found: Features of the images that gave one.
        faults: One line for each image that did not, and for each input without images.
    """

    found: ImageFeatures
    faults: tuple[str, ...]


def embed_to_file(
    inputs: Sequence[Path],
    out: Path,
    config: EmbedConfig,
    *,
    device: str = "auto",
    engine: EngineName = "auto",
    dtype: FeatureType = "float32",
    progress: Progress | None = None,
) -> EmbeddedImages:
    """Embed images and write their features (`embed.file.write_features`), as exactly as the weights say.

    A shipped name means its weights in full precision here, not the INT8 export that a run takes on a CPU.

    Args:
        inputs: Files and folders, as for `embed_images`.
        out: The `.npz` file; one that is there is replaced.
        config: The network.
        device: Where the network runs.
        engine: The inference engine.
        dtype: Number format of the features in the file.
        progress: Told how embedding gets on.

    Raises:
        InputError: If no image can be read.
        WeightsError: If the network cannot be used.
        DeviceError: If the device or engine is not there.
        OutputError: If the file cannot be written.
    """
    if out.is_dir():
        raise OutputError("is a folder", where=out, expected="a file such as features.npz")
    embedder, weights = make_embedder(config, device, engine, "fp32")
    done = embed_images(inputs, embedder, weights, progress)
    write_features(out, done.found, dtype)
    return done


def embed_images(
    inputs: Sequence[Path], embedder: Embedder, weights: Weights, progress: Progress | None = None
) -> EmbeddedImages:
    """Embed image files, each a picture of one person from edge to edge.

    Args:
        inputs: Files, and folders whose images are taken, those of folders below too; each file once.
        embedder: The network.
        weights: Where the network came from.
        progress: Told how embedding gets on.

    Raises:
        InputError: If no image can be read.
        WeightsError: If the network gives nothing usable.
    """
    paths, faults = list_images(inputs)
    if not paths:
        raise InputError(faults[0] if faults else "no images given")
    with one_task(progress or Silent(), "embedding", Path(weights.path).stem, len(paths), "images") as advance:
        done = embed_samples([Sample(path, 0, 0) for path in paths], embedder, advance=advance)
    unit = done.values / np.linalg.norm(done.values.astype(np.float64), axis=1, keepdims=True)
    kept = tuple(str(paths[row]) for row in done.rows.tolist())
    return EmbeddedImages(ImageFeatures(kept, unit.astype(np.float32), digest(weights)), (*faults, *done.faults))


def list_images(inputs: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """List the images of files and folders, each once, in the order given; and a line for each input without any."""
    paths, faults = [], []
    for path in inputs:
        below = images(path, deep=True) if path.is_dir() else [path]
        paths += below
        if not below:
            faults.append(str(InputError("holds no images", where=path)))
    return list(dict.fromkeys(paths)), faults


def digest(weights: Weights) -> str:
    """Digest (sha256) of a checkpoint that is one file."""
    (sha256,) = weights.sha256.values()
    return sha256
