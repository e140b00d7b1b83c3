"""`reidtrack serve`: runs in a browser, and the same as an interface for programs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reidtrack.cli.options import add_settings_option
from reidtrack.cli.terminal import say
from reidtrack.errors import EXIT_OK

if TYPE_CHECKING:
    from reidtrack.config.serve import ServeConfig

HELP = """Look at runs, correct them and start new ones in a browser; the same as an interface for programs.
Example: reidtrack serve runs"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `reidtrack serve`."""
    parser.add_argument(
        "runs", nargs="?", type=Path, default=Path("runs"), metavar="RUNS", help="folder of runs (runs)"
    )
    parser.add_argument(
        "--demo", action="store_true", help="first make a run of the sample scene there, if there is none; play it live"
    )
    parser.add_argument("--http", metavar="HOST:PORT", help="where to listen (default: 127.0.0.1:8080)")
    parser.add_argument("--name", nargs="+", metavar="HOST", help="further names by which browsers reach it")
    parser.add_argument(
        "--recordings", nargs="+", type=Path, metavar="DIR", help="folders whose recordings may be shown and run"
    )
    parser.add_argument("--live", type=Path, metavar="CAMERAS.YAML", help="watch these cameras, and show them live")
    parser.add_argument("--gallery", type=Path, metavar="FILE", help="gallery to show (default: people.db in RUNS)")
    parser.add_argument("--reid", type=Path, metavar="WEIGHTS", help="re-identification network of the runs")
    parser.add_argument("--tls-cert", type=Path, metavar="PEM", help="certificate: with --tls-key, https")
    parser.add_argument("--tls-key", type=Path, metavar="PEM", help="its private key")
    parser.add_argument("--proxy", metavar="ADDRESS", help="a proxy in front of it, whose X-Forwarded-* are believed")
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings as YAML")
    add_settings_option(parser, "other settings, such as session_hours=8")
    parser.add_argument("--quiet", action="store_true", help="say nothing but errors")


def run(args: argparse.Namespace) -> int:
    """Serve until told to end."""
    from reidtrack.config.load import load
    from reidtrack.config.serve import ServeConfig
    from reidtrack.server.start import check_serve, serve

    config = load(ServeConfig, args.config, args.overrides, options=_options(args))
    if args.demo:
        args.runs.mkdir(parents=True, exist_ok=True)
        config = _with_sample(args.runs, config)
    check_serve(args.runs, config)
    if args.demo:
        _make_demo(args.runs / "demo", quiet=args.quiet)

    def ready(address: str) -> None:
        if not args.quiet:
            say(f"{args.runs}: {address} (Ctrl-C ends it)")
            sys.stdout.flush()

    serve(args.runs, config, ready)
    return EXIT_OK


def _options(args: argparse.Namespace) -> dict[str, Any]:
    given = {
        "http": args.http,
        "names": args.name,
        "recordings": None if args.recordings is None else [path.resolve() for path in args.recordings],
        "live": args.live,
        "gallery": args.gallery,
        "reid": args.reid,
        "tls_cert": args.tls_cert,
        "tls_key": args.tls_key,
        "proxy": args.proxy,
    }
    return {key: value for key, value in given.items() if value is not None}


def _with_sample(runs: Path, config: ServeConfig) -> ServeConfig:
    """The sample's films may be shown; unless other cameras are watched live, they are played in their place."""
    from reidtrack.shipped.files import sample_scene

    scene = sample_scene()
    folder = next(iter(scene.videos.values())).parent
    config = config.model_copy(update={"recordings": (*config.recordings, folder)})
    if config.live is not None:
        return config
    from reidtrack.server.live.demo import write_demo

    cameras, settings = write_demo(runs, scene.videos, scene.site)
    return config.model_copy(update={"live": cameras, "live_config": settings, "live_run": "live-demo"})


def _make_demo(out: Path, *, quiet: bool) -> None:
    """The sample, settled; one that is there already stays as it is."""
    from reidtrack.cli.progress import make_progress
    from reidtrack.config.load import load
    from reidtrack.config.run import RunConfig
    from reidtrack.pipeline.demo import run_demo
    from reidtrack.runs.folder import RunFolder
    from reidtrack.runtime.cancel import CancelToken, cancel_on_signals

    begun = (out / "run.json").is_file()
    if begun and RunFolder(out).read_manifest().status == "done":
        return
    cancel = CancelToken()
    with cancel_on_signals(cancel), make_progress(quiet=quiet) as progress:
        outcome = run_demo(out, load(RunConfig), progress, cancel, overwrite=False, resume=begun).outcome
    if outcome.interrupted or cancel.cancelled:  # a stage that ended early has taken the wish back
        raise KeyboardInterrupt
