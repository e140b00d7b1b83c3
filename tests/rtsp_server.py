"""A real RTSP server on loopback, for tests: GStreamer's. Run by the system's Python, which has its bindings.

    /usr/bin/python3 tests/rtsp_server.py [--port N] [--size WxH] [--codec h264|h265] [--user U --password P]
        [--certificate PEM]

It writes `{"port": ..., "locked": ..., "tls": ...}` when it serves: the open paths, the ones behind a password, and
those by rtsps, with a certificate. Paths: /live
(as told), /bframes, /h265, /sound (no pictures), /odd (a codec without a name in FFmpeg), /lossy (packets dropped).
A line `size WxH` or `drop SHARE` on its standard input changes /live and /lossy while they play.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
from typing import Any

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtspServer  # noqa: E402

SOURCE = "videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,framerate=15/1"
SIZED = SOURCE + ",width=640,height=480 ! videoscale ! capsfilter name=sized caps=video/x-raw,width={},height={}"
X264 = "x264enc speed-preset=ultrafast tune=zerolatency key-int-max=15 bframes=0 threads=1"
X264_B = (
    "x264enc speed-preset=ultrafast key-int-max=15 bframes=2 b-adapt=false rc-lookahead=0 sync-lookahead=0 threads=1"
    " ! video/x-h264,profile=main"  # without it the payloader asks for the baseline, which has none
)
X265 = "x265enc speed-preset=ultrafast tune=zerolatency key-int-max=15"
PAY_264 = "rtph264pay name=pay0 pt=96 config-interval=-1"
RENAMED = "capssetter name=pay0 caps=application/x-rtp"
LOSS = "identity name=loss drop-probability=0"
PAY_265 = "rtph265pay name=pay0 pt=96 config-interval=-1"


class Server:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.media: list[Any] = []
        width, height = options.size.split("x")
        sized = SIZED.format(width, height)
        small = SOURCE + ",width=160,height=120"
        noise = small.replace("pattern=ball", "pattern=snow")
        live = f"{X265} ! {PAY_265}" if options.codec == "h265" else f"{X264} ! {PAY_264}"
        self.paths = {
            "/live": f"{sized} ! {live}",
            "/bframes": f"{small} ! {X264_B} ! {PAY_264}",
            "/h265": f"{small} ! {X265} ! {PAY_265}",
            "/sound": "audiotestsrc is-live=true wave=silence ! alawenc ! rtppcmapay name=pay0 pt=8",
            "/odd": f"{small} ! rtpvrawpay pt=96 ! {RENAMED},encoding-name=(string)FOO",
            "/lossy": f"{noise} ! {X264} ! rtph264pay pt=96 config-interval=-1 ! {LOSS} ! {RENAMED}",
        }

    def serve(self, port: int, *, locked: bool, tls: bool = False) -> int:
        server = GstRtspServer.RTSPServer()
        server.set_address("127.0.0.1")
        server.set_service(str(port))
        server.get_thread_pool().set_max_threads(-1)  # a thread for each viewer: none waits for another's pipeline
        if locked:
            server.set_auth(self._auth(tls))
        for path, pipeline in self.paths.items():
            factory = GstRtspServer.RTSPMediaFactory()
            factory.set_launch(f"( {pipeline} )")
            factory.set_shared(True)
            factory.connect("media-configure", lambda _, media: self.media.append(media))
            if locked:
                factory.add_role_from_structure(_structure("viewer"))
            server.get_mount_points().add_factory(path, factory)
        if not server.attach(None):
            sys.exit("the port is taken")
        self.kept = [*getattr(self, "kept", []), server]
        return int(server.get_bound_port())

    def _auth(self, tls: bool) -> Any:
        auth = GstRtspServer.RTSPAuth()
        if tls:
            auth.set_tls_certificate(Gio.TlsCertificate.new_from_file(self.options.certificate))
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "viewer")
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(self.options.user, self.options.password), token)
        return auth

    def obey(self) -> None:
        for line in sys.stdin:
            word, value = line.split()
            GLib.idle_add(self._set, word, value)

    def _set(self, word: str, value: str) -> bool:
        for media in self.media:
            element = media.get_element()
            sized, loss = element.get_by_name("sized"), element.get_by_name("loss")
            if word == "size" and sized is not None:
                width, height = value.split("x")
                sized.set_property("caps", Gst.Caps.from_string(f"video/x-raw,width={width},height={height}"))
            if word == "drop" and loss is not None:
                loss.set_property("drop-probability", float(value))
        return False


def _structure(role: str) -> Any:
    structure = Gst.Structure.new_empty(role)
    structure.set_value("media.factory.access", True)
    structure.set_value("media.factory.construct", True)
    return structure


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--size", default="320x240")
    parser.add_argument("--codec", default="h264")
    parser.add_argument("--user", default="viewer")
    parser.add_argument("--password", default="hunter2")
    parser.add_argument("--certificate", default="")
    options = parser.parse_args()
    Gst.init(None)
    server = Server(options)
    ports = {"port": server.serve(options.port, locked=False), "locked": server.serve(0, locked=True)}
    ports["tls"] = server.serve(0, locked=True, tls=True) if options.certificate else 0
    threading.Thread(target=server.obey, daemon=True).start()
    print(json.dumps(ports), flush=True)
    GLib.MainLoop().run()


main()
