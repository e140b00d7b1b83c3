"""`reidtrack demo`: the whole way on the sample scene, and how right it came out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from reidtrack.config.run import RunConfig
from reidtrack.pipeline.evaluate.evaluate import RunEvaluation, evaluate_run
from reidtrack.pipeline.run.prepare import RunRequest
from reidtrack.pipeline.run.run import run
from reidtrack.pipeline.run.write_outputs import Outcome
from reidtrack.runtime.cancel import CancelToken
from reidtrack.runtime.progress import Progress
from reidtrack.shipped.files import sample_scene


class Demo(NamedTuple):
    """What came of it.

    Attributes:
        outcome: Of the run.
        evaluation: Against the scene's ground truth; None where the run was interrupted.
    """

    outcome: Outcome
    evaluation: RunEvaluation | None


def run_demo(
    out: Path, config: RunConfig, progress: Progress, cancel: CancelToken, *, overwrite: bool, resume: bool
) -> Demo:
    """Run over the sample scene and score what comes out, which writes `evaluation.json` beside the rest.

    Where its cameras stand is known and counts, unless `config` names another file.

    Args:
        out: Folder of the run.
        config: Every setting.
        progress: Told of what goes on.
        cancel: Whether to end early.
        overwrite: Remove an earlier run in `out`.
        resume: Go on with an earlier run in `out`.

    Raises:
        ReidtrackError: As `run.run`, and InputError where the scene is not there.
    """
    scene = sample_scene()
    videos = tuple(str(path) for path in scene.videos.values())
    cameras = tuple(scene.videos)
    if config.site.path is None:
        config = config.model_copy(update={"site": config.site.model_copy(update={"path": scene.site})})
    request = RunRequest(videos, out, config, cameras, overwrite=overwrite, resume=resume)
    outcome = run(request, progress, cancel)
    if outcome.interrupted:
        return Demo(outcome, None)
    return Demo(outcome, evaluate_run(out, _texts(scene.truth), (), _texts(scene.ignore)))


def _texts(files: Mapping[str, Path]) -> list[str]:
    return [f"{camera}={path}" for camera, path in files.items()]
