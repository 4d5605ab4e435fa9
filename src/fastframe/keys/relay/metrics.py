"""What a relay counts: one registry, shown as Prometheus text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Info,
    ProcessCollector,
    generate_latest,
)

import fastframe as ff

if TYPE_CHECKING:
    from collections.abc import Callable

# What generate_latest() writes: the text format, version 0.0.4.
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PREFIX = "fastframe_relay"


class Metrics:
    """The counters and gauges of one relay.

    No label holds a room, a key or an address: they are personal, and there
    would be no end of series.
    """

    def __init__(self) -> None:
        """Count from zero."""
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        info = Info(PREFIX, "Which fastframe this is.", registry=self._registry)
        info.info({"version": ff.__version__})
        self.hellos = self._counter(
            "hellos", "Hellos, by what became of them.", "outcome"
        )
        self.ends = self._counter(
            "disconnects", "Members that have gone, by why.", "reason"
        )
        self.blobs_received = self._counter("blobs_received", "Blobs that members sent")
        self.blobs_relayed = self._counter("blobs_relayed", "Blobs handed to members")
        self.blobs_refused = self._counter(
            "blobs_refused", "Blobs that went nowhere, by why.", "reason"
        )
        self.bytes_received = self._counter("bytes_received", "In frames from members")
        self.bytes_relayed = self._counter("bytes_relayed", "In frames to members")
        self.lines_left_out = self._counter("log_lines_left_out", "Over the log's rate")

    def show(self, name: str, text: str, source: Callable[[], float]) -> None:
        """Show a number as a gauge; source gives it when somebody looks."""
        gauge = Gauge(f"{PREFIX}_{name}", text, registry=self._registry)
        gauge.set_function(source)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"{PREFIX}_{name}", text, labels, registry=self._registry)

    def text(self) -> bytes:
        """Give everything as Prometheus text."""
        return generate_latest(self._registry)

    def snapshot(self) -> dict[str, Any]:
        """Give everything as one JSON object.

        Names are Prometheus's without the prefix; what has a label is an
        object of its own: label's value -> number.
        """
        shown: dict[str, Any] = {}
        for family in self._registry.collect():
            for sample in family.samples:
                name = sample.name.removeprefix(f"{PREFIX}_")
                if name.endswith("_created"):
                    continue
                if name == "info":
                    shown.update(sample.labels)
                elif sample.labels:
                    (label,) = sample.labels.values()
                    shown.setdefault(name, {})[label] = sample.value
                else:
                    shown[name] = sample.value
        return shown
