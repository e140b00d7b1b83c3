"""Networks for OpenVINO, made of torch's once and read back from the user's cache ever after.

torch takes seconds to load, more than the reading of a short recording; a run whose networks are prepared never loads
it. What is kept is what `reidtrack export` writes: a network that says itself how it is to be used.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import reidtrack
from reidtrack.engines.cache import kept
from reidtrack.engines.convert import open_shape, to_openvino
from reidtrack.engines.openvino_engine import OpenVinoEngine
from reidtrack.engines.openvino_package import import_openvino

if TYPE_CHECKING:
    from reidtrack.networks.exportable import DetectorNetwork, ReidNetwork

_PACKAGES = ("torch", "openvino", "ultralytics")
_CODE = ("models", "engines", "detect")
_MODEL, _SAID = "model.xml", "said.json"
_logger = logging.getLogger("reidtrack")


def prepared(
    load: Callable[[], DetectorNetwork | ReidNetwork], digest: str, asked: str = "", *, half: bool = False
) -> OpenVinoEngine:
    """A network for OpenVINO.

    Args:
        load: Reads it with torch; called if that has not been done before.
        digest: sha256 of its file.
        asked: What else `load` depends on.
        half: Compute in bfloat16.

    Raises:
        WeightsError: If `load` refuses the weights.
        DeviceError: If the processor does not compute in bfloat16.
    """
    logged: list[str] = []

    def make(folder: Path) -> None:
        with _captured_messages(logged):
            network = load()
        model = to_openvino(network.module, open_shape(network.size_hw))
        for key, text in network.texts().items():
            model.set_rt_info(text, ["framework", key])
        import_openvino().save_model(model, folder / _MODEL, compress_to_fp16=False)
        (folder / _SAID).write_text(json.dumps(logged), encoding="utf-8")

    with kept(_parts(digest, asked), make) as folder:
        for text in json.loads((folder / _SAID).read_text(encoding="utf-8")):
            if text not in logged:  # what was assumed of the weights is said each time
                _logger.info("%s", text)
        return OpenVinoEngine.from_file(folder / _MODEL, half=half)


def _parts(digest: str, asked: str) -> tuple[str, ...]:
    """Everything that a prepared network depends on."""
    versions = (f"{name} {_version(name)}" for name in _PACKAGES)
    code = hashlib.sha256()
    for room in _CODE:
        for path in sorted((Path(reidtrack.__file__).parent / room).glob("*.py")):
            code.update(path.read_bytes())
    return ("prepared", reidtrack.__version__, *versions, code.hexdigest(), digest, asked)


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


class LogCapture(logging.Handler):
    """Puts the messages that are logged into a list.

    Args:
        messages: The list.
    """

    def __init__(self, messages: list[str]) -> None:
        super().__init__(logging.INFO)
        self._messages = messages

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one message."""
        self._messages.append(record.getMessage())


@contextmanager
def _captured_messages(messages: list[str]) -> Iterator[None]:
    """Put the messages that are logged within into a list, also where nobody else listens: others may later."""
    capture, level = LogCapture(messages), _logger.level
    if not _logger.isEnabledFor(logging.INFO):
        _logger.setLevel(logging.INFO)
    _logger.addHandler(capture)
    try:
        yield
    finally:
        _logger.removeHandler(capture)
        _logger.setLevel(level)
