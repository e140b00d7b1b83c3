"""What a network's card says of its embeddings, for the association and the gallery."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from reidtrack.associate.calibration.prior import GENERIC, AppearancePrior
from reidtrack.engines.provenance import Weights
from reidtrack.errors import InputError, param

logger = logging.getLogger(__name__)


def run_prior(record: Mapping[str, Any]) -> AppearancePrior:
    """The priors of the network that a run was read with; those of networks in general where it brought none.

    Args:
        record: `run.json`.

    Raises:
        InputError: If what stands there is none.
    """
    return _prior(record.get("weights", {}).get("reid", {}).get("priors") or {}, "run.json")


def weights_prior(weights: Weights) -> AppearancePrior:
    """The priors of a network that was loaded.

    Raises:
        InputError: If its card holds something else.
    """
    return _prior(weights.priors, weights.path)


def tell_priors(record: Mapping[str, Any]) -> None:
    """Say aloud where a network brings no priors."""
    used = record.get("weights", {}).get("reid", {})
    if used and not used.get("priors"):
        logger.info(
            "%s brings no priors: what holds of networks in general and this recording decide who looks alike",
            used.get("path", "the network"),
        )


def _prior(found: Mapping[str, Any], where: str) -> AppearancePrior:
    if not found:
        return GENERIC
    try:
        return AppearancePrior.from_json(found)
    except ValueError as error:
        raise InputError(
            f"damaged {error}", where=where, hint=f"run again with {param('overwrite', True)}, or name other weights"
        ) from error
