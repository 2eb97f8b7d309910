"""The log: one JSON object a line where a program reads it, plain lines on a terminal; and whether traces are sent.

It holds request ids, routes, statuses and milliseconds; never a question, a document's text, a key or an address.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import UTC, datetime
from importlib.util import find_spec

from ingest.errors import SettingsError
from ui.guard import Seen

_requests = logging.getLogger("career_assistant.requests")
_PLAIN = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """The line: `at`, `level`, `logger`, `message`, what was given as `seen`, and the traceback of an error."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"at": at, "level": record.levelname.lower(), "logger": record.name, "message": record.getMessage()}
        line |= getattr(record, "seen", {})
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line)


def set_up_logging() -> None:
    """Log to the error stream: every request for a program that reads it, warnings for a person."""
    handler = logging.StreamHandler()
    for_people = sys.stderr.isatty()
    handler.setFormatter(logging.Formatter(_PLAIN) if for_people else JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    _requests.setLevel(logging.WARNING if for_people else logging.INFO)


def log_request(seen: Seen) -> None:
    """Log one request that was answered."""
    fields = {
        "method": seen.method,
        "route": seen.route,
        "status": seen.status,
        "ms": round(seen.seconds * 1000, 1),
        "request_id": seen.request_id,
    }
    _requests.info("request", extra={"seen": fields})


def traces_wanted() -> bool:
    """Whether OpenTelemetry's standard variables name somewhere to send traces and metrics to.

    Raises:
        SettingsError: They do, and the package that sends them is missing.
    """
    named = any(os.environ.get(name) for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"))
    if named and find_spec("opentelemetry.exporter.otlp.proto.http") is None:
        raise SettingsError(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, and the package that sends traces is missing.",
            "Install it: pip install 'career-assistant[tracing]'",
        )
    return named
