"""Names of the engines and of their precisions: the one list, for the settings and the command line too."""

from __future__ import annotations

from typing import Literal, get_args

Runtime = Literal["openvino", "onnxruntime", "tensorrt", "torch"]
"""What runs a network."""
EngineName = Literal["auto", Runtime]
"""What can be asked for; `auto`: see `engines.base.choose_engine`."""
ENGINES: tuple[EngineName, ...] = get_args(EngineName)

Precision = Literal["auto", "fp32", "half"]
"""`half`: bfloat16 on a CPU, float16 on a GPU; `auto`: fp32 on a CPU, half on a GPU."""
