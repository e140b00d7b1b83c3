r"""What a frame full of boxes costs after reading: a table of docs/results/growth.md.

    OMP_NUM_THREADS=1 python benchmarks/crowd.py --boxes 200 500 5000 50000

Boxes of 40 x 80 lie anywhere in 1280 x 720, others in each frame; features are drawn at random. So nearly everybody is
new, alone and seen beside everybody: worse than any crowd of people.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np

from reidtrack.associate.associate import associate
from reidtrack.associate.calibration.prior import GENERIC
from reidtrack.associate.sweep import steps_for
from reidtrack.config.run import RunConfig
from reidtrack.detect.surest import MOST_BOXES
from reidtrack.pipeline.run.settle import association_settings
from reidtrack.pipeline.track import track_detections
from reidtrack.types import Detections, Tracklet, Tracks

FPS, DIM = 10.0, 256


def boxes(count: int, rng: np.random.Generator) -> Detections:
    corner = rng.uniform((0, 0), (1240, 640), (count, 2))
    xyxy = np.hstack([corner, corner + np.array([40, 80])]).astype(np.float32)
    return Detections(xyxy, rng.uniform(0.3, 1, count).astype(np.float32))


def tracklets_of(tracks: Tracks, rng: np.random.Generator) -> list[Tracklet]:
    order = np.lexsort((tracks.frame, tracks.track_id))
    ids, starts = np.unique(tracks.track_id[order], return_index=True)
    made = []
    for number, rows in zip(ids.tolist(), np.split(order, starts[1:]), strict=True):
        own = tracks[rows]
        seen = np.arange(0, len(own), int(FPS))  # a crop a second, as `embed.every_s` has it
        features = rng.normal(size=(len(seen), DIM))
        features /= np.linalg.norm(features, axis=1, keepdims=True)
        quality = np.full(len(seen), 0.8, np.float32)
        columns = own.frame, own.time_s, own.xyxy, own.score, features.astype(np.float32), own.frame[seen], quality
        made.append(Tracklet("a", number, *columns))
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--boxes", type=int, nargs="+", default=[200, 500, 1000])
    parser.add_argument("--frames", type=int, default=36)
    args = parser.parse_args()
    config = RunConfig()
    print("| boxes a frame | frames | tracklets | track, CPU s | associate, CPU s | peak, MiB |\n|" + " ---: |" * 6)
    for count in args.boxes:
        rng = np.random.default_rng(0)
        found = {frame: boxes(count, rng) for frame in range(args.frames)}
        frame, began = np.arange(args.frames), time.process_time()
        tracks = track_detections(found, frame, frame / FPS, config.track)
        tracked, settled = time.process_time() - began, ""
        tracklets = tracklets_of(tracks, rng)
        if count <= MOST_BOXES:
            began = time.process_time()
            associate(tracklets, **association_settings(config, GENERIC), steps=steps_for(len(tracklets)))
            settled = f"{time.process_time() - began:.1f}"
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"| {count:,} | {args.frames} | {len(tracklets):,} | {tracked:.1f} | {settled} | {peak:.0f} |", flush=True
        )


if __name__ == "__main__":
    main()
