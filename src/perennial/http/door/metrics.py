"""What the process counts about itself, in the Prometheus format.

With several workers the figures live in files that all of them map (``PROMETHEUS_MULTIPROC_DIR``), so
that a scrape of any worker tells the whole.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from perennial.flows.answers import Answer
from perennial.flows.commands import Command
from perennial.flows.handle_events import Handler
from perennial.flows.messaging.figures import MessageFigures
from perennial.store.messages import Became, MessageState
from perennial.units import SECOND, Instant

CONTENT_TYPE = CONTENT_TYPE_LATEST

_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)

_REQUESTS = Histogram(
    "perennial_request_seconds",
    "From the request to its answer, by operation and status.",
    ["operation", "status"],
    buckets=_SECONDS,
)
_BATCH_SIZE = Histogram("perennial_batch_commands", "Commands per committed batch.", buckets=_SIZES)
_BATCH_LATENCY = Histogram(
    "perennial_batch_seconds", "From the start of a batch to its commit.", buckets=_SECONDS
)
_DECISIONS = Counter("perennial_decisions", "Decided commands.", ["command", "outcome"])
_MESSAGES = Counter(
    "perennial_messages",
    "What became of messages: of each that is over, and of each try after which it waits again.",
    ["channel", "outcome", "reason"],
)
_OLDEST_MESSAGE = Gauge(
    "perennial_messages_oldest_due_timestamp_seconds",
    "Since when the message waits that is due longest and that nobody is sending; 0: none is due.",
    multiprocess_mode="mostrecent",
)


_answers: dict[tuple[str, int], Histogram] = {}


def count_answer(operation: str, status: int, started: float) -> None:
    """Count one answer to a request that began at ``started`` (``time.perf_counter``)."""
    key = (operation, status)
    histogram = _answers.get(key)
    if histogram is None:
        histogram = _answers[key] = _REQUESTS.labels(operation, str(status))
    histogram.observe(time.perf_counter() - started)


class MeasuredHandler(Handler):
    """A handler that counts its batches and what became of their commands."""

    async def handle_batch(self, workspace_id: int, bucket: int, commands: Sequence[Command]) -> list[Answer]:
        """Handle a batch as :class:`Handler` does, and count it."""
        started = time.perf_counter()
        answers = await super().handle_batch(workspace_id, bucket, commands)
        _BATCH_LATENCY.observe(time.perf_counter() - started)
        _BATCH_SIZE.observe(len(commands))
        counts: dict[tuple[type, str], int] = {}
        for command, answer in zip(commands, answers, strict=True):
            outcome = "replayed" if answer.replayed else "decided" if answer.status < 400 else "refused"
            key = (type(command), outcome)
            counts[key] = counts.get(key, 0) + 1
        for (kind, outcome), count in counts.items():
            _DECISIONS.labels(kind.__name__, outcome).inc(count)
        return answers


class MeasuredMessages(MessageFigures):
    """Counts messages by channel, and by what became of them and why: all of these are words of ours."""

    def ended(self, channel: str, became: Became) -> None:
        """Count it."""
        outcome = "delayed" if became.state is MessageState.WAITING else became.state.word
        _MESSAGES.labels(channel, outcome, became.reason or "").inc()

    def oldest_due(self, due_at: Instant | None) -> None:
        """Keep it; all workers look at all messages, and who looked last knows."""
        _OLDEST_MESSAGE.set(0 if due_at is None else due_at / SECOND)


COUNTED = MeasuredMessages()


def exposition() -> bytes:
    """Return all figures in the text format, of all workers together."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
