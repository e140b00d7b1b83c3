"""OpenVINO models in 8 bits, by NNCF's quantisation after training."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from reidtrack.engines.openvino_package import import_openvino
from reidtrack.errors import DeviceError
from reidtrack.types import FloatArray


def quantise(model: Any, inputs: Sequence[FloatArray], *, exact: Sequence[str] = ()) -> Any:
    """Bring weights and activations to 8 bits.

    Args:
        model: An `openvino.Model` in float32.
        inputs: Arrays that the model takes, of real pictures: the ranges of activations are learnt from them.
        exact: Regular expressions of names of operations that stay in float32.

    Raises:
        DeviceError: If NNCF is not installed.
    """
    import_openvino()  # before NNCF, which would report its use too
    try:
        import nncf
    except ImportError as error:
        raise DeviceError(
            f"the Python package 'nncf' does not load ({error})", field="int8", hint='pip install "reidtrack[int8]"'
        ) from error
    logging.getLogger("nncf").setLevel(logging.ERROR)
    return nncf.quantize(
        model,
        nncf.Dataset(list(inputs)),
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(inputs),
        ignored_scope=nncf.IgnoredScope(patterns=list(exact), validate=False),
    )
