"""What the server counts, for Prometheus: requests, seconds of searching and answering, outcomes, feedback, failures.

Labels are routes and outcomes only: never a key, a question or an address of a caller.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from assistant.types import Answer
from ui.guard import Seen

CONTENT_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """The counts of one app."""

    def __init__(self) -> None:
        """Begin at nothing."""
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "career_requests_total", "Requests answered.", ("method", "route", "status"), registry=self._registry
        )
        self._request_seconds = Histogram(
            "career_request_seconds", "Until the last byte.", ("route",), buckets=_SECONDS, registry=self._registry
        )
        self._step_seconds = Histogram(
            "career_step_seconds",
            "Seconds of one step of an answer: rewrite, search, answer, total.",
            ("step",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._answers = Counter(
            "career_answers_total", "Answers given.", ("outcome", "answered_by"), registry=self._registry
        )
        self._unverified = Counter(
            "career_unverified_sentences_total", "Sentences that their source did not support.", registry=self._registry
        )
        self._model_errors = Counter(
            "career_model_errors_total", "Times that a chat or embedding model failed.", registry=self._registry
        )
        self._feedback = Counter("career_feedback_total", "Ratings of answers.", ("rating",), registry=self._registry)

    def seen(self, seen: Seen) -> None:
        """Count a request."""
        self._requests.labels(seen.method, seen.route, str(seen.status)).inc()
        self._request_seconds.labels(seen.route).observe(seen.seconds)

    def answered(self, answer: Answer, model_failed: bool = False) -> None:
        """Count an answer, and the failure of a model that it was made without."""
        if model_failed:
            self.model_failed()
        self._answers.labels(answer.outcome, answer.answered_by).inc()
        self._unverified.inc(len(answer.unverified))
        for step, milliseconds in answer.timings_ms.items():
            self._step_seconds.labels(step).observe(milliseconds / 1000)

    def model_failed(self) -> None:
        """Count a failure of a model."""
        self._model_errors.inc()

    def rated(self, rating: str) -> None:
        """Count a rating."""
        self._feedback.labels(rating).inc()

    def text(self) -> bytes:
        """All counts as Prometheus reads them (exposition format 1.0.0)."""
        return generate_latest(self._registry)
