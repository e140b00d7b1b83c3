"""OpenVINO's core: one for all networks, so that signals find their stack after networks have gone."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from installed import needs_openvino

import reidtrack

PACKAGE = Path(reidtrack.__file__).parent

SIGNALS_AFTER = """
import signal
import threading
import numpy as np
from reidtrack.engines.openvino_engine import OpenVinoEngine
from reidtrack.engines.openvino_package import import_openvino
from reidtrack.runtime.cancel import CancelToken, cancel_on_signals

def network():
    openvino = import_openvino()
    given = openvino.opset13.parameter([1, 3, 4, 4], openvino.Type.f32)
    engine = OpenVinoEngine(openvino.Model([openvino.opset13.relu(given)], [given]))
    engine.infer(np.zeros((1, 3, 4, 4), np.float32))
    return engine

def newest_first(networks):
    del networks[1]
    del networks[0]

def oldest_first(networks):
    del networks[0]
    del networks[0]

def in_another_thread(networks):
    thread = threading.Thread(target=networks.clear)
    thread.start()
    thread.join()

for end in (newest_first, oldest_first, in_another_thread):
    networks = [network(), network()]
    end(networks)
    cancel = CancelToken()
    print(end.__name__, flush=True)
    with cancel_on_signals(cancel):
        signal.raise_signal(signal.SIGINT)
    assert not networks and cancel.cancelled
"""


@needs_openvino
def test_a_signal_after_networks_have_gone() -> None:
    """In whatever order and thread they go. Where each had a core of its own, the process ended with SIGSEGV."""
    command = [sys.executable, "-c", SIGNALS_AFTER]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, ""), f"the signal after: {done.stdout.splitlines()[-1:]}"


def test_nobody_computes_with_another_core() -> None:
    """`openvino.compile_model` makes one, too. A core that only reads files lends no stack."""
    sources = {path: path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}
    found = [(path.name, call) for path, text in sources.items() for call in re.findall(r"\S*compile_model\(", text)]
    assert found == [("openvino_engine.py", "core().compile_model(")]
