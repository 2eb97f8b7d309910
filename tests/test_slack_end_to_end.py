"""A conversation in Slack over the bundled library, with the real assistant; and the manifest of the bot."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from slack_desk import mention, message, served
from slack_server import SlackServer, serving_slack

from assistant.build import build_assistant
from ingest.settings import load_settings
from ui.cli import cli
from ui.slack_listeners import SHORTCUT
from ui.slack_oauth import SCOPES
from ui.slack_private import COMMAND

HOME = Path(__file__).resolve().parent.parent


def test_a_question_and_its_follow_up_are_answered_from_the_library(
    bundled_data_dir: Path, copied: Callable[[Path], Path]
) -> None:
    slack, folder = SlackServer(), copied(bundled_data_dir)

    async def scene(address: str) -> None:
        assistant = build_assistant(load_settings(data_dir=str(folder), env={}))
        async with served(slack, address, folder, assistant) as desk:
            await desk.deliver(mention("What does an entry-level machine learning engineer earn?", "1.000001"))
            await desk.settled()
            await desk.deliver(message("And late career?", "1.000002", thread_ts="1.000001"))
            await desk.deliver(mention("What is the salary of a dentist in Berlin?", "2.000001"))
            await desk.settled()
            check = {"ts": "3.1", "text": "Entry-level machine learning engineers earn $205,418."}
            await desk.interact("message_action", callback_id=SHORTCUT, message=check)
            await desk.until(lambda: slack.responses)

    with serving_slack(slack) as address:
        asyncio.run(scene(address))
    first, second = slack.answers("C1", "1.000001")
    assert "$105,418" in first.words and "](https://www.aipathly.com/" in first.words
    assert "Aipathly, 2024" in first.shown
    assert "$183,000" in second.words or "career" in second.words.lower()
    [refused] = slack.answers("C1", "2.000001")
    assert "$" not in refused.words
    assert "does not support" in slack.responses[0]["text"] and "205,418" in slack.responses[0]["text"]


def test_the_manifest_names_what_the_bot_listens_to_and_nothing_more() -> None:
    manifest = json.loads((HOME / "slack" / "manifest.json").read_text(encoding="utf-8"))
    features = manifest["features"]
    assert [one["command"] for one in features["slash_commands"]] == [COMMAND]
    assert [one["callback_id"] for one in features["shortcuts"]] == [SHORTCUT]
    assert len(features["agent_view"]["agent_description"]) <= 300
    scopes = manifest["oauth_config"]["scopes"]["bot"]
    assert scopes == list(SCOPES) == sorted(scopes) and not [
        one for one in scopes if one.startswith(("users", "files", "admin"))
    ]
    told = (HOME / "docs" / "slack.md").read_text(encoding="utf-8")
    assert not [scope for scope in scopes if f"`{scope}`" not in told]


@pytest.mark.parametrize(
    ("env", "said", "next_step"),
    [
        ({}, "SLACK_BOT_TOKEN is not set", "docs/slack.md"),
        ({"SLACK_BOT_TOKEN": "xoxb-1"}, "SLACK_APP_TOKEN is not set", "docs/slack.md"),
        ({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "SLACK_CLIENT_ID": "1"}, "are both set", "Keep"),
    ],
)
def test_the_command_says_which_token_is_missing_or_too_much(
    tmp_path: Path, env: dict[str, str], said: str, next_step: str
) -> None:
    ran = CliRunner().invoke(cli, ["slack", "--data", str(tmp_path)], env=env)
    assert ran.exit_code == 1
    assert said in ran.output and next_step in ran.output
