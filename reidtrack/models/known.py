"""Networks of others whose preprocessing is published with them, by the name of their files."""

from __future__ import annotations

from reidtrack.models.card import ModelCard

_RETAIL = ("0277", "0286", "0287", "0288")


def _open_model_zoo(name: str) -> ModelCard:
    """Card of a re-identification network of Open Model Zoo: pixels go in as they are, the file normalises them."""
    return ModelCard(
        name,
        size_hw=(256, 128),
        mean=(0.0, 0.0, 0.0),
        std=(1.0, 1.0, 1.0),
        channels="BGR",
        pixel_max=255.0,
        feature_dim=256,
        source="Open Model Zoo of Intel, Apache-2.0",
    )


KNOWN = {name: _open_model_zoo(name) for name in (f"person-reidentification-retail-{number}" for number in _RETAIL)}
"""Name of a file, without its ending, to how it is used; its length of feature is checked against the file."""
