"""Cameras of tests over HTTP: MJPEG, HLS, and servers that mean harm."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import cv2
import numpy as np

FPS = 10
PART_S = 1.0


def picture(number: int, size: tuple[int, int] = (160, 120)) -> np.ndarray[Any, Any]:
    """A grey picture with a square that moves."""
    image = np.full((size[1], size[0], 3), 90, np.uint8)
    left = number * 7 % (size[0] - 30)
    image[40:70, left : left + 30] = (40, 200, 250)
    return image


@cache
def transport_stream(
    first: int, count: int, codec: str = "libx264", size: tuple[int, int] = (160, 120), every: int = FPS
) -> bytes:
    """Pictures as MPEG-TS, stamped by their numbers, a key frame every so many."""
    file = io.BytesIO()
    with av.open(file, "w", format="mpegts") as container:
        stream = container.add_stream(codec, rate=FPS)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        if codec == "libx264":
            stream.options = {"preset": "ultrafast", "tune": "zerolatency", "g": str(every)}
        for number in range(first, first + count):
            frame = av.VideoFrame.from_ndarray(picture(number, size), format="bgr24")
            frame.pts = number
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    return file.getvalue()


class HttpCameras:
    """A server on loopback; each path is a camera of its own.

    /mjpeg plays for ever, /short ends after three pictures, /quiet stops after five and keeps the connection,
    /live.m3u8 is HLS, /locked wants viewer:hunter2, /page is a web page, /moved leads to a file, and what is in
    `texts` is sent as it stands.
    """

    def __init__(self, texts: dict[str, str] | None = None) -> None:
        self.texts = texts or {}
        self.asked: list[str] = []
        self.closing = threading.Event()
        self.begun_s = time.monotonic()
        camera = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                camera.asked.append(self.path)
                camera.answer(self)

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = request.path.split("?")[0]
        try:
            if path in self.texts:
                self._send(request, self.texts[path].encode(), "application/vnd.apple.mpegurl")
            elif path == "/locked" and request.headers["Authorization"] != "Basic dmlld2VyOmh1bnRlcjI=":
                request.send_response(401)
                request.send_header("WWW-Authenticate", 'Basic realm="camera"')
                request.end_headers()
            elif path in ("/mjpeg", "/locked", "/short", "/quiet"):
                self._play(request, {"/short": 3, "/quiet": 5}.get(path, 10**9), hold=path == "/quiet")
            elif path == "/live.m3u8":
                self._send(request, self._playlist().encode(), "application/vnd.apple.mpegurl")
            elif path.startswith("/part"):
                number = int(Path(path).stem.removeprefix("part"))
                count = round(FPS * PART_S)
                self._send(request, transport_stream(number * count, count), "video/mp2t")
            elif path == "/page":
                self._send(request, b"<!DOCTYPE html><html><body>Log in</body></html>", "text/html")
            elif path == "/moved":
                request.send_response(302)
                request.send_header("Location", "file:///etc/passwd")
                request.end_headers()
            else:
                request.send_error(404)
        except OSError:  # the viewer has left
            return

    def _send(self, request: BaseHTTPRequestHandler, body: bytes, kind: str) -> None:
        request.send_response(200)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def _play(self, request: BaseHTTPRequestHandler, count: int, *, hold: bool) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        request.end_headers()
        for number in range(count):
            body = cv2.imencode(".jpg", picture(number))[1].tobytes()
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(body)}\r\n\r\n"
            request.wfile.write(head.encode() + body + b"\r\n")
            if self.closing.wait(1 / FPS):
                return
        if hold:
            self.closing.wait(60)

    def _playlist(self) -> str:
        made = 4 + int((time.monotonic() - self.begun_s) / PART_S)
        parts = "".join(f"#EXTINF:{PART_S},\npart{number}.ts\n" for number in range(made - 4, made))
        return f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:{made - 4}\n{parts}"

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def pieces(body: bytes) -> Iterator[bytes]:
    """A transport stream as it goes over UDP: seven packets a datagram."""
    for start in range(0, len(body), 7 * 188):
        yield body[start : start + 7 * 188]
