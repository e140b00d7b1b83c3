"""`reidtrack live`: cameras that stay up, and one identity per person while they are there."""

from __future__ import annotations

import argparse
import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from reidtrack.cli.live_show import make_show
from reidtrack.cli.options import (
    DETECTOR_HELP,
    GALLERY_HELP,
    REID_HELP,
    add_output_options,
    add_settings_option,
    add_site_options,
    homographies,
    site_path,
)
from reidtrack.cli.progress import make_progress
from reidtrack.cli.quantities import duration_s, size_bytes
from reidtrack.cli.terminal import say
from reidtrack.errors import EXIT_OK, InputError, OutputError, UsageError

if TYPE_CHECKING:
    from reidtrack.config.live import LiveConfig
    from reidtrack.pipeline.live.request import LiveRequest
    from reidtrack.pipeline.live.session import LiveOutcome, ReloadToken
    from reidtrack.runtime.cancel import CancelToken

HELP = """Watch live cameras: one identity per person over all of them, while people are there.
Example: reidtrack live --videos rtsp://10.0.0.5/main rtsp://10.0.0.6/main --out site
Cameras of several processes: one `reidtrack live --associate --redis redis://host` gives the numbers for all that are
started with the same --redis (docs/scale.md)."""
_DEMO_OUT = Path("runs/live-demo")
_GALLERY_HINT = "give it to `reidtrack live --associate`"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `reidtrack live`."""
    _add_cameras(parser)
    _add_models(parser)
    _add_outputs(parser)
    _add_shared(parser)
    add_output_options(parser)


def _add_cameras(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("cameras")
    group.add_argument(
        "--videos", nargs="+", default=[], metavar="ADDRESS", help="rtsp://..., http://..., /dev/video0, 0, or a file"
    )
    group.add_argument(
        "--cameras", nargs="+", default=[], metavar="NAME", help="names of the cameras, or one file cameras.yaml"
    )
    group.add_argument("--realtime", action="store_true", help="play files at their own pace, as if they were live")
    group.add_argument("--loop", action="store_true", default=None, help="with --realtime: begin them again at the end")
    group.add_argument("--demo", action="store_true", help="play the sample scene that ships in real time")
    group.add_argument("--fps", type=float, metavar="N", help="frames a second to look at (default: all that come)")


def _add_models(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("models and settings")
    group.add_argument("--detector", metavar="WEIGHTS", help=DETECTOR_HELP)
    group.add_argument("--reid", metavar="WEIGHTS", help=REID_HELP)
    add_site_options(group)
    group.add_argument(
        "--gallery", type=Path, metavar="PEOPLE.DB", help=f"{GALLERY_HELP} (default: people.db in the folder)"
    )
    group.add_argument("--device", help="auto, cpu, cuda or cuda:N (default: auto)")
    group.add_argument("--engine", help="auto, openvino, onnxruntime, tensorrt or torch (default: auto)")
    group.add_argument("--config", type=Path, metavar="FILE", help="all settings (`reidtrack config live` prints them)")
    add_settings_option(group, "single settings, such as stream.stall_s=10")


def _add_outputs(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("outputs")
    group.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="folder of the site; one that is there is gone on with (with --associate: corrections and gallery)",
    )
    group.add_argument(
        "--record",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="record the streams (default: on)",
    )
    group.add_argument("--segment", type=duration_s, metavar="TIME", help="length of files (default: 10m)")
    group.add_argument("--keep", type=duration_s, metavar="TIME", help="delete what is older, such as 7d")
    group.add_argument("--max-disk", type=size_bytes, metavar="SIZE", help="delete the oldest beyond, such as 50G")
    group.add_argument("--mqtt", metavar="URL", help="send events to a broker: mqtt://user:password@host/prefix")
    group.add_argument("--webhook", metavar="URL", help="post each event there")
    group.add_argument("--http", metavar="HOST:PORT", help="/healthz and /metrics, such as 127.0.0.1:8787")


def _add_shared(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("identities in common with other processes")
    group.add_argument("--redis", metavar="URL", help="where they meet: redis://user:password@host:6379/0")
    group.add_argument("--group", metavar="NAME", help="what these cameras are called together (default: the folder's)")
    group.add_argument(
        "--associate", action="store_true", help="watch no cameras: say who is who for all processes at --redis"
    )
    group.add_argument(
        "--sector",
        nargs="+",
        metavar="NAME",
        help="part of the site of these cameras; with --associate: those that are settled here (default: site)",
    )


def run(args: argparse.Namespace) -> int:
    """Watch until told to end; then say what there is."""
    if args.associate:
        from reidtrack.cli.live_associate import run_associate

        return run_associate(args)
    request = _request(args)
    from reidtrack.pipeline.live.session import ReloadToken, live
    from reidtrack.runtime.cancel import CancelToken

    cancel, reload = CancelToken(), ReloadToken()
    with make_progress(quiet=args.quiet or args.json) as progress, make_show(progress, args) as show:
        with signals(cancel, None if request.cameras_file is None else reload):
            outcome = live(request, show, cancel, reload)
        if outcome.ended_by_itself and len(outcome.unreadable) < len(outcome.status.cameras):
            from reidtrack.pipeline.live.settle import settle_live

            settle_live(request.out, progress, cancel)
    _print(outcome, args)
    if outcome.disk_was_full:
        say("error: the disk was full for a while: something was not recorded or logged", error=True)
        return OutputError.exit_code
    if outcome.unreadable:
        names, folder = ", ".join(outcome.unreadable), outcome.store.folder
        say(f"error: {names}: could not be read; {folder.events} says why", error=True)
        return InputError.exit_code
    return EXIT_OK


@contextmanager
def signals(cancel: CancelToken, reload: ReloadToken | None) -> Iterator[None]:
    """End on Ctrl-C and SIGTERM, at once on a second one; on SIGHUP read the list of cameras anew, or end too."""

    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        if cancel.cancelled:
            os._exit(130)  # whatever hangs: nothing is half written that a kill would not leave so
        cancel.cancel()

    def hang_up(number: int, frame: FrameType | None) -> None:
        if reload is not None:
            reload.wanted.set()
        elif not cancel.cancelled:
            end(number, frame)

    handlers: dict[int, Any] = {signal.SIGINT: end, signal.SIGTERM: end}
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        handlers[signal.SIGHUP] = hang_up
    if threading.current_thread() is not threading.main_thread():
        handlers = {}
    former = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _request(args: argparse.Namespace) -> LiveRequest:
    from reidtrack.config.live import LiveConfig
    from reidtrack.config.load import load
    from reidtrack.pipeline.live.request import LiveRequest, cameras_of

    sources, names, site, cameras_file = args.videos, args.cameras or None, site_path(args), None
    if args.demo:
        sources, names, site = _demo(args)
    elif names is not None and len(names) == 1 and names[0].endswith((".yaml", ".yml")):
        names, cameras_file = None, Path(args.cameras[0])
    cameras = cameras_of(sources, names, cameras_file)
    out = args.out or (_DEMO_OUT if args.demo else None)
    if out is None:
        raise UsageError("no folder is named", field="out", expected="where logs, events and recordings go")
    if args.sector is not None and len(args.sector) > 1:
        raise UsageError(
            "the cameras of a process are of one sector here", field="sector", hint="cameras.yaml has more"
        )
    config = load(LiveConfig, args.config, args.overrides, options=live_options(args) | {"site.path": site})
    if config.shared.redis is not None and config.gallery.path is not None:
        raise UsageError("is not asked by processes that share identities", field="gallery", hint=_GALLERY_HINT)
    return LiveRequest(cameras, out, with_gallery(config, out), args.realtime or args.demo, cameras_file)


def with_gallery(config: LiveConfig, out: Path | None) -> LiveConfig:
    """The settings with the gallery of a folder, where there is one and they name no other."""
    if config.gallery.path is not None or out is None:
        return config
    gallery = {"path": (out / "people.db").resolve()}
    return config.model_copy(update={"gallery": config.gallery.model_copy(update=gallery)})


def _demo(args: argparse.Namespace) -> tuple[list[str], list[str], Path | None]:
    from reidtrack.shipped.files import sample_scene

    if args.videos or args.cameras:
        raise UsageError("--demo plays the sample scene, and takes no other cameras", hint="give one of them")
    scene = sample_scene()
    return [str(path) for path in scene.videos.values()], list(scene.videos), site_path(args) or scene.site


def live_options(args: argparse.Namespace) -> dict[str, Any]:
    """Settings that have an option of their own, where it was given."""
    options: dict[str, Any] = {
        "detect.weights": args.detector,
        "embed.weights": args.reid,
        "site.homographies": homographies(args),
        "gallery.path": None if args.gallery is None else args.gallery.resolve(),
        "device": args.device,
        "engine": args.engine,
        "stream.fps": args.fps,
        "stream.loop": args.loop,
        "record.enabled": args.record,
        "record.segment_s": args.segment,
        "record.keep_s": args.keep,
        "record.max_bytes": args.max_disk,
        "publish.mqtt": args.mqtt,
        "publish.webhook": args.webhook,
        "publish.http": args.http,
        "shared.redis": args.redis,
        "shared.group": args.group,
        "shared.sector": args.sector[0] if args.sector else None,
    }
    return {key: value for key, value in options.items() if value is not None}


def _print(outcome: LiveOutcome, args: argparse.Namespace) -> None:
    folder, manifest = outcome.store.folder.path, outcome.store.manifest
    if args.json:
        print(json.dumps({"folder": str(folder), **manifest.to_json()}, indent=1))
    elif not args.quiet:
        cameras = len(outcome.status.cameras)
        say(f"{manifest.people} people in {cameras} camera{'s' * (cameras != 1)}; everything is in {folder}")
        if not outcome.ended_by_itself:
            say(f"`reidtrack associate {folder}` settles who is who over the whole time, and writes the report")
