r"""Odd input of every kind for as long as one likes, other input each time: what `tests/fuzz` does briefly.

    python benchmarks/fuzz.py --minutes 30
    python benchmarks/fuzz.py --minutes 5 --only "run's JSON" --seed 7

Each kind in turn gets a batch of examples from a new seed. What falls is shrunk, printed with its seed, and kept in
`--json`; the search goes on, and the same fault is counted rather than told again. The exit code is 1 if any fell.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from fuzz.harness import ViolationError, place  # noqa: E402
from fuzz.targets import TARGETS  # noqa: E402
from fuzz.world import Target, World, make_world  # noqa: E402
from hypothesis import HealthCheck, given, seed, settings  # noqa: E402
from scene import build_scene, save_reid  # noqa: E402

HANG_S = 120
"""Seconds after which an example is said to hang."""
BATCH = 25
"""Examples of one kind before the next one's turn."""


class HangError(ViolationError):
    """It took too long."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10, metavar="N")
    parser.add_argument("--only", nargs="+", choices=list(TARGETS), default=list(TARGETS), metavar="KIND")
    parser.add_argument("--seed", type=int, help="where the seeds of the batches begin (default: by chance)")
    parser.add_argument("--no-shrink", action="store_true", help="tell what falls as it was found")
    parser.add_argument("--json", type=Path, metavar="FILE", help="put down what fell")
    args = parser.parse_args()
    first = random.SystemRandom().randrange(1 << 32) if args.seed is None else args.seed
    found: dict[str, dict[str, Any]] = {}
    warnings.simplefilter("error")
    warnings.simplefilter("ignore", ResourceWarning)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["REIDTRACK_CACHE"] = f"{folder}/cache"
        world = _world(Path(folder))
        number, until = first, time.monotonic() + 60 * args.minutes
        while time.monotonic() < until:
            name = args.only[(number - first) % len(args.only)]
            began = time.process_time()
            fault = _batch(world, TARGETS[name], number, until, shrink=not args.no_shrink)
            print(f"seed {number}: {name}, {time.process_time() - began:.1f} s of processor time", file=sys.stderr)
            if fault is not None:
                key = f"{name}: {fault['error']}"
                if key not in found:
                    print(f"--- {name}, seed {number}\n{fault['drawn']}\n{fault['trace']}", flush=True)
                found.setdefault(key, {**fault, "kind": name, "seed": number, "times": 0})["times"] += 1
            number += 1
    print(f"{number - first} batches from seed {first}; {len(found)} faults")
    for key, fault in found.items():
        print(f"{fault['times']:4d}  {key}")
    if args.json is not None:
        args.json.write_text(json.dumps(list(found.values()), indent=1), encoding="utf-8")
    return int(bool(found))


def _world(folder: Path) -> World:
    import torch

    from reidtrack.cli.main import main as reidtrack

    torch.set_num_threads(1)
    scene = build_scene(folder / "scene", save_reid(folder / "tiny.safetensors"))
    assert reidtrack(scene.arguments("--out", folder / "finished", "--quiet")) == 0
    (folder / "more").mkdir()
    return make_world(scene, folder / "finished", folder / "more")


def _batch(world: World, target: Target, number: int, until: float, *, shrink: bool) -> dict[str, Any] | None:
    """Try a batch; what fell, shrunk, or None."""
    from hypothesis import Phase

    fallen: dict[str, Any] = {}

    @seed(number)
    @settings(
        max_examples=min(BATCH, 4 * target.examples),
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
        report_multiple_bugs=False,
        print_blob=False,
    )
    @given(drawn=target.strategy)
    def attempt(drawn: Any) -> None:
        if time.monotonic() > until + 60:
            return
        signal.signal(signal.SIGALRM, _hang)
        signal.alarm(HANG_S)
        try:
            with place() as here:
                target.attempt(world, here, drawn)
        except Exception as error:
            fallen.update(drawn=repr(drawn), error=_told(error), trace=_trace(error))
            raise
        finally:
            signal.alarm(0)

    try:
        attempt()
    except Exception as error:
        return fallen or {"drawn": "", "error": _told(error), "trace": _trace(error)}
    return None


def _told(error: Exception) -> str:
    """What tells one fault from another: its kind, its place in the package and the beginning of its text."""
    ours = [f for f in traceback.extract_tb(error.__traceback__) if "/reidtrack/" in f.filename]
    place = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "harness"
    return f"{type(error).__name__} at {place}" + ("" if ours else f": {str(error)[:80]}")


def _trace(error: Exception) -> str:
    lines = [f"  {Path(f.filename).name}:{f.lineno} {f.line}" for f in traceback.extract_tb(error.__traceback__)[-9:]]
    return "\n".join([*lines, f"  {type(error).__name__}: {str(error)[:600]}"])


def _hang(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise HangError(f"nothing after {HANG_S} s")


if __name__ == "__main__":
    sys.exit(main())
