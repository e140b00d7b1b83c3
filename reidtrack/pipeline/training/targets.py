"""Teachers' embeddings of the training images, calculated once and kept in the cache."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from reidtrack.config.run import EmbedConfig
from reidtrack.config.train import TrainConfig
from reidtrack.datasets.images import ImageStore
from reidtrack.datasets.record import Sample
from reidtrack.embed.embedder import Embedder
from reidtrack.engines.cache import kept
from reidtrack.errors import InputError
from reidtrack.networks.build import make_embedder
from reidtrack.networks.embedder_file import is_embedder_file
from reidtrack.networks.find import find_weights
from reidtrack.types import FloatArray

logger = logging.getLogger(__name__)

FILE = "embeddings.npy"


def teacher_targets(config: TrainConfig, samples: Sequence[Sample]) -> tuple[FloatArray, tuple[int, ...]]:
    """Embeddings of the training images by all teachers, side by side, and the length of each.

    They are kept in the cache folder by the digests of teacher and images, so that only the first training waits.

    Args:
        config: Settings, of which `distill.teachers` and `device` are used.
        samples: Training images.

    Returns:
        (N, sum of lengths) float32, each teacher's part of unit norm; (N, 0) and () without teachers or images.

    Raises:
        WeightsError: If a teacher cannot be used.
        InputError: If an image cannot be read: targets have to match.
    """
    if not config.distill.teachers or not samples:
        return np.zeros((len(samples), 0), np.float32), ()
    images = _digest(samples)
    parts = [_embeddings(name, config.device, samples, images) for name in config.distill.teachers]
    return np.concatenate(parts, axis=1), tuple(part.shape[1] for part in parts)


def _embeddings(name: str, device: str, samples: Sequence[Sample], images: str) -> FloatArray:
    """Embeddings (N, D) of one teacher, from the cache where they are there."""
    path = find_weights(Path(name), "reid")
    where = "auto" if is_embedder_file(path) else device  # files of engines say themselves where they run
    # As exactly as the machine does by itself: a shipped name means its weights, not their export in 8 bits.
    embedder, weights = make_embedder(EmbedConfig(weights=path), where, "auto", "fp32")
    key = ("teacher", *sorted(weights.sha256.values()), weights.engine, str(embedder.size_hw), images)
    with kept(key, partial(_embed, embedder, samples, name)) as folder:
        found: FloatArray = np.load(folder / FILE)
    return found


def _embed(embedder: Embedder, samples: Sequence[Sample], name: str, folder: Path) -> None:
    """Embed all images, in the order of the samples, into a file of `folder`."""
    logger.info("%s: embeds %d training images, once", name, len(samples))
    store = ImageStore(samples, embedder.size_hw)
    if store.bad:
        raise InputError(store.bad[0], hint="teachers need every training image: remove those that cannot be read")
    found = embedder.embed(store.images)
    targets = np.zeros((len(samples), embedder.feature_dim), np.float32)
    targets[found.rows] = found.features
    np.save(folder / FILE, targets)


def _digest(samples: Sequence[Sample]) -> str:
    """Digest (sha256) of the images' names and sizes in their order, without reading their contents."""
    total = hashlib.sha256()
    for sample in samples:
        total.update(f"{sample.path.name}\0{sample.path.stat().st_size}\n".encode())
    return total.hexdigest()
