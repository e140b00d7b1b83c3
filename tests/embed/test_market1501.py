"""Network, loading, preprocessing, embedding and ranking together, against figures measured by others."""

from __future__ import annotations

import re
import tarfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from reidtrack.benchmark.ranking import rank
from reidtrack.embed.embedder import Embedder
from reidtrack.engines.build import build_engine
from reidtrack.image import resize
from reidtrack.models.checkpoint import load_checkpoint
from reidtrack.types import FloatArray, ImageArray, IntArray

NAME = re.compile(r"(\d{4})_c(\d)s\d_\d{6}_\d{2}\.jpg")


def held_out(path: Path, people: int) -> dict[str, bytes]:
    """Files of the last identities of the Market-1501 training set, by name, without unpacking them to disk."""
    files = {}
    with tarfile.open(path) as archive:
        for member in archive:
            name = Path(member.name).name
            stream = archive.extractfile(member)
            if NAME.fullmatch(name) and stream is not None:
                files[name] = stream.read()
    last = set(sorted({name[:4] for name in files})[-people:])
    return {name: files[name] for name in sorted(files) if name[:4] in last}


def labels(names: list[str]) -> tuple[IntArray, IntArray]:
    """Person and camera of each file."""
    found = [NAME.fullmatch(name) for name in names]
    table = np.array([[int(m[1]), int(m[2])] for m in found if m is not None], np.int64)
    return table[:, 0], table[:, 1]


def decode(data: bytes) -> ImageArray:
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.uint8)


@pytest.mark.shared
def test_published_weights_score_as_measured_by_others(shared: Path) -> None:
    """osnet_x0_25_msmt17 on the last 300 identities: Rank-1 55.7, mAP 35.6, each within 0.5 (../shared/weights)."""
    files = held_out(shared / "data/market1501-train.tar.gz", 300)
    first = {(name[:4], name[6]): name for name in sorted(files, reverse=True)}
    query = sorted(first.values())
    gallery = sorted(set(files) - set(query))
    assert (len(query), len(gallery)) == (1326, 3083)

    loaded = load_checkpoint(shared / "weights/osnet_x0_25_msmt17.pth")
    card = loaded.card
    engine = build_engine(loaded.model, card.size_hw, device="cpu")
    embedder = Embedder(
        lambda crops: engine.infer(crops)[0],
        size_hw=card.size_hw,
        mean=card.mean,
        std=card.std,
        feature_dim=card.feature_dim,
    )

    def features(names: list[str]) -> FloatArray:
        return embedder.embed([resize(decode(files[name]), card.size_hw) for name in names]).features

    distance = 1 - features(query) @ features(gallery).T
    result = rank(distance, *labels(query), *labels(gallery), ap_rule="step")
    assert 100 * result.cmc[0] == pytest.approx(55.7, abs=0.5)
    assert 100 * result.mean_ap == pytest.approx(35.6, abs=0.5)
