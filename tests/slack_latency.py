"""How soon the Slack bot is seen to work: time to its first sign and to the first words of an answer.

    python tests/slack_latency.py [DATA_DIR]

The real assistant answers signed deliveries from the bundled library; Slack's Web API is a server on this machine that
notes when each call comes. What is left out is the way to Slack and back.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from slack_desk import direct, served
from slack_server import SlackServer, serving_slack

from assistant.build import build_assistant
from ingest.settings import load_settings
from ui.page import STARTERS
from ui.serve import bring_bundled

NAMES = "first sign", "first words", "of these in the assistant"


async def measured(slack: SlackServer, address: str, folder: Path) -> list[tuple[float, float, float]]:
    """Milliseconds to the first sign, to the first words, and in the assistant; one row a question of the page."""
    assistant = build_assistant(load_settings(data_dir=str(folder), env={}))
    assistant.ask(STARTERS[0][1])
    found = []
    async with served(slack, address, folder, assistant) as desk:
        await desk.deliver({"type": "app_home_opened", "user": "U1", "channel": "D1", "tab": "messages"})
        for number, (_, question) in enumerate(STARTERS):
            await desk.settled()
            slack.calls.clear()
            begun = time.monotonic()
            await desk.deliver(direct(question, f"{int(time.time())}.{number:06d}"))
            await desk.settled()
            at = {name: moment for name, _, moment in reversed(slack.calls)}
            sign, words = at["assistant.threads.setStatus"], at["chat.startStream"]
            inside = assistant.conversations.every_turn()[-1].answer["timings_ms"]["total"]
            found.append(((sign - begun) * 1000, (words - begun) * 1000, inside))
    return found


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
    bring_bundled(load_settings(data_dir=str(folder), env={}))
    slack = SlackServer()
    with serving_slack(slack) as address:
        found = asyncio.run(measured(slack, address, folder))
    for name, times in zip(NAMES, zip(*found, strict=True), strict=True):
        print(f"{name}: median {statistics.median(times):.0f} ms, most {max(times):.0f} ms ({len(times)} questions)")


if __name__ == "__main__":
    main()
