"""`reidtrack live --associate`: who is who for the cameras of other processes."""

from __future__ import annotations

import argparse

from reidtrack.cli.live import live_options, signals, with_gallery
from reidtrack.cli.options import site_path
from reidtrack.cli.terminal import say
from reidtrack.errors import EXIT_OK, UsageError


def run_associate(args: argparse.Namespace) -> int:
    """Settle who is who until told to end."""
    for name, given in (("videos", args.videos), ("demo", args.demo)):
        if given:
            raise UsageError("does not go with the associator, which watches no cameras", field=name)
    from reidtrack.config.live import LiveConfig
    from reidtrack.config.load import load
    from reidtrack.pipeline.live.shared.associate import AssociateRequest, associate_live
    from reidtrack.runtime.cancel import CancelToken

    options = live_options(args) | {"site.path": site_path(args)}
    config = with_gallery(load(LiveConfig, args.config, args.overrides, options=options), args.out)
    sectors = tuple(args.sector or (config.shared.sector,))
    request = AssociateRequest(config, sectors, tuple(args.cameras), args.out)
    cancel = CancelToken()

    def tell(text: str) -> None:
        if not args.quiet:
            say(text, error=True)

    with signals(cancel, None):
        associate_live(request, tell, cancel)
    return EXIT_OK
