"""reidtrack from Python: a few calls, each one a command of the same name.

    from reidtrack import api

What is heavy is imported when it is called. Settings are the dotted keys of the configuration files, given as
`settings={"track.max_age": 30}`. Weights are a path or a name, as on the command line; None takes the shipped ones.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reidtrack.clock import in_utc
from reidtrack.config.load import load
from reidtrack.config.run import EmbedConfig, RunConfig
from reidtrack.runtime.cancel import CancelToken
from reidtrack.runtime.progress import Progress, Silent
from reidtrack.types import FloatArray, ImageArray
from reidtrack.video.part import Part

if TYPE_CHECKING:
    from reidtrack.embed.embedder import Embedder
    from reidtrack.gallery.views import KnownPerson
    from reidtrack.pipeline.evaluate.evaluate import RunEvaluation
    from reidtrack.pipeline.people.enroll import Enrolled
    from reidtrack.pipeline.people.search import SearchResult
    from reidtrack.pipeline.run.write_outputs import Outcome
    from reidtrack.pipeline.training.train import Trained

PathLike = str | Path
Settings = Mapping[str, Any]


def run(
    videos: Sequence[PathLike],
    out: PathLike,
    *,
    detector: PathLike | None = None,
    reid: PathLike | None = None,
    cameras: Sequence[str] | None = None,
    offsets_s: Sequence[float] = (),
    detections: Mapping[str, PathLike] | None = None,
    gallery: PathLike | None = None,
    settings: Settings | None = None,
    part: Part | None = None,
    origin: datetime | None = None,
    overwrite: bool = False,
    resume: bool = False,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> Outcome:
    """Give every person one identity over recordings of several cameras.

    To watch a run and to end it early, from another thread or from `progress` itself:

        cancel = api.CancelToken()
        outcome = api.run(["door.mp4", "hall.mp4"], "runs/first", progress=Bar(), cancel=cancel)
        if outcome.interrupted:
            outcome = api.run(["door.mp4", "hall.mp4"], "runs/first", resume=True)

    Args:
        videos: Files, folders of images or patterns of images (`door/img%06d.jpg`, `door/*.jpg`), one for each camera.
        out: Folder of the run.
        detector: Weights of a YOLO or RT-DETR detector.
        reid: Re-identification network.
        cameras: Names; the files' stems if None.
        offsets_s: Seconds after the run's origin of each first frame; if there are none, what the files say of when
            they were recorded, where all say it, else 0.
        detections: Camera to a MOTChallenge detection file; no detector is used then.
        gallery: A file in which people are recognised and kept over runs; made where it is not there.
        settings: What differs from the defaults, `{"output.video": False}`.
        part: Which part of each recording is read, `api.Part(start_s=60, end_s=120, stride=2)`; all of it if None.
        origin: When the run's time begins; without a zone it is UTC. The present moment if None.
        overwrite: Replace an earlier run in `out`.
        resume: Go on with an interrupted run in `out`; everything else has to be as it was.
        progress: Told of stages, frames and mishaps, see `runtime.progress`; nobody is told if None.
        cancel: Its `cancel()` ends the run between two frames; what was read until then is finalised.

    Returns:
        `identities` (who was where, see `types.Identity`), `record` (the content of `run.json`), `failed` cameras, and
        whether it was `interrupted`.

    Raises:
        ReidtrackError: As the command does, see `errors`.
        KeyboardInterrupt: If it is cancelled before the first frame.
    """
    from reidtrack.pipeline.run.prepare import RunRequest
    from reidtrack.pipeline.run.run import run as run_pipeline
    from reidtrack.video.pattern import expand

    given = {
        "detect.weights": detector,
        "embed.weights": reid,
        "gallery.path": None if gallery is None else Path(gallery).resolve(),
    }
    options = {**(settings or {}), **{key: Path(path) for key, path in given.items() if path is not None}}
    request = RunRequest(
        sources=tuple(expand([str(video) for video in videos])),
        out=Path(out),
        config=load(RunConfig, options=options),
        cameras=None if cameras is None else tuple(cameras),
        offsets_s=tuple(offsets_s),
        detections={camera: Path(path) for camera, path in (detections or {}).items()},
        part=part or Part(),
        origin=None if origin is None else in_utc(origin),
        overwrite=overwrite,
        resume=resume,
    )
    return run_pipeline(request, progress or Silent(), cancel or CancelToken())


def associate(
    folder: PathLike,
    *,
    corrections: PathLike | None = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> Outcome:
    """Settle the identities of a finished run anew, without inference.

    Args:
        folder: Of the run.
        corrections: A file of corrections; `corrections.yaml` of the folder if None, where it is there.
        settings: What differs from the run's, `{"associate.threshold": 0.7}`.
        progress: As for `run`.
        cancel: As for `run`; it is asked while videos are rendered.

    Raises:
        ConfigError: If a setting does not fit or corrections contradict each other; nothing is written then.
        InputError: If the folder holds no finished run.
    """
    from reidtrack.pipeline.associate import associate_again

    return associate_again(
        Path(folder),
        [f"{key}={json.dumps(value)}" for key, value in (settings or {}).items()],
        video=False,
        mosaic=False,
        progress=progress or Silent(),
        cancel=cancel or CancelToken(),
        corrections=None if corrections is None else Path(corrections),
    )


def evaluate(
    folder: PathLike,
    gt: Mapping[str, PathLike],
    *,
    gt_person: Mapping[str, PathLike] | None = None,
    ignore: Mapping[str, PathLike] | None = None,
) -> RunEvaluation:
    """Score a run against MOTChallenge ground truth, camera name to file; writes `evaluation.json`.

    Raises:
        InputError: If a file cannot be read or does not fit the run.
    """
    from reidtrack.pipeline.evaluate.evaluate import evaluate_run

    def texts(files: Mapping[str, PathLike] | None) -> list[str]:
        return [f"{camera}={path}" for camera, path in (files or {}).items()]

    return evaluate_run(Path(folder), texts(gt), texts(gt_person), texts(ignore))


class ReidModel:
    """A re-identification network that turns pictures of people into unit vectors.

    Args:
        weights: A checkpoint, or an `.onnx` or OpenVINO `.xml` file (docs/embedders.md).
        device: `auto`, `cpu`, `cuda` or `cuda:N`.

    Raises:
        WeightsError: If the network cannot be used.
        ConfigError: If the card beside it does not fit.
        DeviceError: If the device is not there.
    """

    def __init__(self, weights: PathLike | None = None, *, device: str = "auto") -> None:
        from reidtrack.networks.build import make_embedder

        self._embedder: Embedder
        self._embedder, self.weights = make_embedder(_reid(weights), device, "auto")

    def embed(self, pictures: Sequence[PathLike | ImageArray]) -> FloatArray:
        """Embed pictures of one person each.

        Args:
            pictures: Image files, or (H, W, 3) uint8 BGR arrays.

        Returns:
            (N, D) float32, rows of unit norm: the cosine distance of two people is `1 - a @ b`.

        Raises:
            InputError: If a file is no readable image, or a picture gives no usable feature.
        """
        from reidtrack.errors import InputError
        from reidtrack.image import read_image, resize

        images = [p if isinstance(p, np.ndarray) else read_image(Path(p)) for p in pictures]
        found = self._embedder.embed([resize(image, self._embedder.size_hw) for image in images])
        if len(found.rows) < len(images):
            bad = min(set(range(len(images))) - set(found.rows.tolist()))
            raise InputError(f"picture {bad} gives no usable feature", expected="finite numbers, not all zero")
        return found.features


def search(
    photo: PathLike,
    gallery: PathLike,
    reid: PathLike | None = None,
    *,
    top: int = 10,
    box_xyxy: tuple[float, float, float, float] | None = None,
    progress: Progress | None = None,
) -> SearchResult:
    """Rank pictures, or everybody a run or a gallery saw, by how much they look like the person of a photo.

    Args:
        photo: An image file.
        gallery: A folder of images, a file of `reidtrack embed`, the folder of a run, or a gallery over runs.
        reid: The network that made the gallery's features.
        top: Most hits.
        box_xyxy: Where the person is, pixels; if None the whole photo, or whom the detector finds in a wide one.
        progress: Told how the images of a folder are embedded, see `runtime.progress`.

    Returns:
        `hits`, nearest first, each with its `distance` and `picture`; in a run also its tracklet
        (`visit`), in a gallery its view (`sighting`).

    Raises:
        ReidtrackError: As the command does, see `errors`.
    """
    from reidtrack.pipeline.people.search import SearchRequest
    from reidtrack.pipeline.people.search import search as search_pipeline

    request = SearchRequest(Path(photo), Path(gallery), _reid(reid), top=top, box_xyxy=box_xyxy)
    return search_pipeline(request, progress)


def enroll(
    name: str,
    photos: Sequence[PathLike],
    gallery: PathLike,
    reid: PathLike | None = None,
    *,
    box_xyxy: tuple[float, float, float, float] | None = None,
    person: int | None = None,
) -> Enrolled:
    """Put photos of somebody into a gallery: runs with that gallery recognise the person.

    Args:
        name: What the person is called.
        photos: Image files.
        gallery: The file, made where it is not there.
        reid: The network that makes its features.
        box_xyxy: Where the person is, pixels, in the only photo; if None, whom the detector finds.
        person: Number of a detected person, from 1, left to right, in the only photo.

    Returns:
        `person` as the gallery knows them, who else is `alike`, and `faults`, an error for each photo that could not
        be used.

    Raises:
        ReidtrackError: As the command does, see `errors`.
    """
    from reidtrack.config.run import DetectConfig, GalleryConfig
    from reidtrack.pipeline.people.enroll import EnrollRequest
    from reidtrack.pipeline.people.enroll import enroll as enroll_pipeline

    request = EnrollRequest(
        name,
        tuple(Path(photo) for photo in photos),
        GalleryConfig(path=Path(gallery)),
        _reid(reid),
        DetectConfig(),
        box_xyxy=box_xyxy,
        person=person,
    )
    return enroll_pipeline(request)


def people(gallery: PathLike) -> list[KnownPerson]:
    """List the people of a gallery: key, name, runs, cameras, when first and last seen.

    Raises:
        InputError: If it cannot be read.
    """
    from reidtrack.pipeline.people.gallery import GalleryChanges, change_gallery

    return change_gallery(Path(gallery), GalleryChanges())


def benchmark(
    dataset: str,
    root: PathLike,
    weights: PathLike | None = None,
    *,
    hold_out: int = 0,
    settings: Settings | None = None,
    progress: Progress | None = None,
    **options: object,
) -> dict[str, Any]:
    """Rank the images of a data set.

    Args:
        dataset: Its name, see `docs/datasets.md`.
        root: Its folder or archive.
        weights: A checkpoint, or an `.onnx` or OpenVINO `.xml` file.
        hold_out: Carve a test out of this many training identities.
        settings: What differs from the defaults, `{"rerank.use": True}`.
        progress: Told how embedding gets on, see `runtime.progress`.
        options: Of the data set, `protocol="classic"`.

    Returns:
        The content of `results.json`: `rank1`, `rank5`, `rank10`, `mAP`, `mINP` in 0..1 and what they mean.

    Raises:
        ReidtrackError: As the command does, see `errors`.
    """
    from reidtrack.config.benchmark import BenchmarkConfig
    from reidtrack.pipeline.images.benchmark import BenchmarkRequest, run_benchmark
    from reidtrack.pipeline.images.output import results_of

    config = load(BenchmarkConfig, options=settings)
    request = BenchmarkRequest([dataset], [Path(root)], [_reid(weights).weights], config, options, hold_out)
    return results_of(run_benchmark(request, progress)[0], request)


def train(
    out: PathLike,
    *,
    data: Mapping[str, PathLike],
    config: PathLike | None = None,
    settings: Settings | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> Trained:
    """Train a re-identification network.

    Args:
        out: Folder for weights, log, curves and state.
        data: Names of data sets to their folders or archives.
        config: A file such as `configs/train/osnet_x1_0.yaml`.
        settings: What differs from it, `{"optim.lr": 1e-4}`.
        resume: Go on with the training in `out`.
        progress: Told of epochs and steps, see `runtime.progress`.
        cancel: Its `cancel()` ends the training after the present step; `resume` goes on from there.

    Returns:
        `weights` (the checkpoint's path), `log` (a row for each epoch) and whether it `finished`.

    Raises:
        ReidtrackError: As the command does, see `errors`.
    """
    from reidtrack.config.train import TrainConfig
    from reidtrack.pipeline.training.train import train as train_pipeline

    sets = [{"name": name, "root": str(root)} for name, root in data.items()]
    options = {**(settings or {}), "data.sets": sets}
    settled = load(TrainConfig, None if config is None else Path(config), options=options)
    return train_pipeline(settled, Path(out), resume=resume, progress=progress, cancel=cancel)


def _reid(weights: PathLike | None) -> EmbedConfig:
    return EmbedConfig() if weights is None else EmbedConfig(weights=Path(weights))
