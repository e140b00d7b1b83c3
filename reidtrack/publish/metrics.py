"""How it stands as metrics for Prometheus: seconds and bytes, counters that only grow, one label a camera or outlet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from reidtrack.publish.status import CameraStatus, LiveStatus, OutletStatus

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_CAMERA: tuple[tuple[str, str, str, Callable[[CameraStatus], float | None]], ...] = (
    ("gauge", "camera_up", "1 while the camera gives frames.", lambda c: float(c.state == "up")),
    ("counter", "camera_frames", "Frames that were looked at.", lambda c: c.frames),
    ("counter", "camera_frames_between", "Frames between two looks; boxes are filled in.", lambda c: c.between),
    ("counter", "camera_frames_dropped", "Frames that there was no time for.", lambda c: c.dropped),
    ("counter", "camera_frames_left_out", "Frames that were passed over on purpose.", lambda c: c.left_out),
    ("counter", "camera_damaged", "Packets and pictures of the stream that were damaged.", lambda c: c.damaged),
    ("counter", "camera_reconnects", "How often the camera was reached again.", lambda c: c.reconnects),
    ("counter", "camera_gaps", "Holes in the camera's time.", lambda c: c.gaps),
    ("gauge", "camera_people", "People that the camera sees now.", lambda c: c.people),
    ("gauge", "camera_fps_in", "Frames a second that come.", lambda c: c.fps_in),
    ("gauge", "camera_fps_seen", "Frames a second that are looked at.", lambda c: c.fps_seen),
)
_DELAYS: tuple[tuple[str, str, str, str], ...] = (
    ("camera_delay_seconds", "From a frame's arrival to its boxes.", "delay_p50_s", "delay_p95_s"),
    (
        "camera_identity_delay_seconds",
        "From a track's confirmation to its identity.",
        "identity_delay_p50_s",
        "identity_delay_p95_s",
    ),
)
_OUTLET: tuple[tuple[str, str, str, Callable[[OutletStatus], float]], ...] = (
    ("counter", "outlet_sent", "Events that arrived.", lambda o: o.sent),
    ("counter", "outlet_dropped", "Events that were given up.", lambda o: o.dropped),
    ("gauge", "outlet_waiting", "Events that are to be sent.", lambda o: o.waiting),
    ("gauge", "outlet_connected", "1 while the last try arrived.", lambda o: float(o.connected)),
)
_WHOLE: tuple[tuple[str, str, str, Callable[[LiveStatus], float | None]], ...] = (
    ("gauge", "people", "People that any camera sees now, nobody twice.", lambda s: s.people_now),
    (
        "gauge",
        "people_known",
        "People since the folder began, less those found to be others.",
        lambda s: s.people_total,
    ),
    ("gauge", "memory_bytes", "Memory the process takes.", lambda s: s.memory_bytes),
    ("gauge", "disk_free_bytes", "Room on the disk of the folder.", lambda s: s.disk_free_bytes),
    ("gauge", "recorded_bytes", "Recordings in the folder.", lambda s: s.recorded_bytes),
    ("gauge", "detect_every", "Each so manieth frame is detected in.", lambda s: s.detect_every),
    ("gauge", "uptime_seconds", "Since the program started.", lambda s: s.uptime_s),
)


class MetricsUnavailableError(Exception):
    """prometheus-client is not installed."""


def metrics_text(status: LiveStatus) -> str:
    """Text of `/metrics`, in the format of Prometheus 0.0.4.

    Raises:
        MetricsUnavailableError: If prometheus-client is not installed.
    """
    try:
        from prometheus_client import CollectorRegistry, generate_latest
    except ImportError as error:
        raise MetricsUnavailableError("metrics need prometheus-client: pip install 'reidtrack[metrics]'") from error
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(status))
    return generate_latest(registry).decode()


class _Collector:
    """What prometheus-client asks for metrics."""

    def __init__(self, status: LiveStatus) -> None:
        self._status = status

    def collect(self) -> Iterator[Any]:
        """All metrics, as they stand."""
        status = self._status
        yield from (_family(kind, name, text, [((), read(status))]) for kind, name, text, read in _WHOLE)
        cameras = list(status.cameras.items())
        for kind, name, text, read in _CAMERA:
            yield _family(kind, name, text, [((camera,), read(entry)) for camera, entry in cameras], ("camera",))
        for name, text, median, high in _DELAYS:
            rows: list[tuple[tuple[str, ...], float | None]] = [
                ((camera, quantile), getattr(entry, key))
                for camera, entry in cameras
                for quantile, key in (("0.5", median), ("0.95", high))
            ]
            yield _family("gauge", name, text, rows, ("camera", "quantile"))
        for kind, name, text, read_outlet in _OUTLET:
            counts = [((outlet,), read_outlet(entry)) for outlet, entry in status.outlets.items()]
            yield _family(kind, name, text, counts, ("outlet",))


def _family(
    kind: str,
    name: str,
    text: str,
    rows: Iterable[tuple[tuple[str, ...], float | None]],
    labels: tuple[str, ...] = (),
) -> Any:
    """One metric with its values; those that are not known are left out."""
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    family = (CounterMetricFamily if kind == "counter" else GaugeMetricFamily)(f"reidtrack_{name}", text, labels=labels)
    for values, value in rows:
        if value is not None:
            family.add_metric(values, value)
    return family
