"""Validation: held-out images ranked while a training goes on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from reidtrack.benchmark.ranking import rank
from reidtrack.datasets.images import ImageStore
from reidtrack.datasets.record import ReidDataset, ranking_ids
from reidtrack.embed.embedder import Embedder
from reidtrack.models.card import ModelCard
from reidtrack.types import FloatArray

if TYPE_CHECKING:
    from torch import nn

    from reidtrack.train.numerics import Numerics


class Validation:
    """Queries and galleries of some data sets, decoded once for each input size.

    Args:
        tests: Data sets with queries and galleries.
        card: How images become the network's input.
        numerics: Device and arithmetic of the features.
        batch: Images embedded at once.
    """

    def __init__(self, tests: Sequence[ReidDataset], card: ModelCard, numerics: Numerics, batch: int) -> None:
        self._tests, self._card, self._numerics, self._batch = tests, card, numerics, batch
        self._stores: dict[str, tuple[ImageStore, ImageStore]] = {}
        self._size_hw: tuple[int, int] | None = None

    def figures(self, model: nn.Module, size_hw: tuple[int, int]) -> dict[str, float]:
        """Rank-1 and mAP of each data set in 0..1, by cosine distance, as `NAME rank1` and `NAME mAP`.

        Leaves the network in evaluation mode.
        """
        if size_hw != self._size_hw:
            self._size_hw, self._stores = size_hw, {}
        model.eval()
        found: dict[str, float] = {}
        for test in self._tests:
            found |= self._rank(test, model, size_hw)
        return found

    def _rank(self, test: ReidDataset, model: nn.Module, size_hw: tuple[int, int]) -> dict[str, float]:
        if test.name not in self._stores:
            self._stores[test.name] = (ImageStore(test.query, size_hw), ImageStore(test.gallery, size_hw))
        query, gallery = self._stores[test.name]
        embedder = Embedder(
            lambda batch: self._infer(model, batch),
            size_hw=size_hw,
            mean=self._card.mean,
            std=self._card.std,
            feature_dim=self._card.feature_dim,
            batch=self._batch,
        )
        asked, known = embedder.embed(query.images), embedder.embed(gallery.images)
        labels = ranking_ids([query.samples[i] for i in asked.rows], [gallery.samples[i] for i in known.rows])
        result = rank(1 - asked.features @ known.features.T, *labels)
        return {f"{test.name} rank1": float(result.cmc[0]), f"{test.name} mAP": result.mean_ap}

    def _infer(self, model: nn.Module, batch: FloatArray) -> FloatArray:
        import torch

        device, dtype, channels_last = self._numerics
        layout = torch.channels_last if channels_last else torch.contiguous_format
        x = torch.from_numpy(batch).to(device, memory_format=layout)
        with torch.inference_mode(), torch.autocast(device.type, dtype, enabled=dtype is not None):
            out = model(x)
        return np.asarray(out.float().cpu().numpy(), np.float32)
