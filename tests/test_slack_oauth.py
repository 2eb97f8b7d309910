"""Several workspaces by OAuth, against a server that speaks Slack's Web API: installing, answering, leaving."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from slack_desk import Desk, ScriptedAssistant, mention, served, settings
from slack_server import CLIENT, SlackServer, serving_slack

from ingest.errors import SettingsError
from ui.slack import wanted_over_http
from ui.slack_oauth import BACK, FILE, INSTALL

# Slack's SDK exchanges the code in a way that aiohttp will take until its version 4, and leaves it to Python to close
# its stores' connections.
pytestmark = [
    pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning"),
]

ID, SECRET = CLIENT.split(":")
SEVERAL = {"SLACK_BOT_TOKEN": "", "SLACK_CLIENT_ID": ID, "SLACK_CLIENT_SECRET": SECRET}


@pytest.fixture
def slack() -> SlackServer:
    return SlackServer()


@pytest.fixture
def play(slack: SlackServer, tmp_path: Path) -> Iterator[Callable[..., None]]:
    """Plays a scene with the whole API, which several workspaces may install from."""
    with serving_slack(slack) as address:

        def playing(scene: Any, **env: str) -> None:
            async def run() -> None:
                async with served(slack, address, tmp_path, **(SEVERAL | env)) as desk:
                    await asyncio.wait_for(scene(desk), 60)

            asyncio.run(run())

        yield playing


async def begun(desk: Desk, **headers: str) -> tuple[httpx.Response, str, str]:
    """Where a browser is sent that wants to install, with the state and the cookie that it is given."""
    sent = await desk.http.get(f"https://localhost{INSTALL}", headers=headers)
    state = parse_qs(urlsplit(sent.headers.get("location", "")).query).get("state", [""])[0]
    return sent, state, sent.headers.get("set-cookie", "").partition(";")[0]


async def back(desk: Desk, cookie: str, **query: str) -> httpx.Response:
    return await desk.http.get(f"https://localhost{BACK}?{urlencode(query)}", headers={"cookie": cookie})


async def installed(desk: Desk, team: str, code: str = "code") -> httpx.Response:
    """A browser installs the app in a workspace, from its first click to the page that it ends on."""
    _, state, cookie = await begun(desk)
    desk.slack.allow(code, team)
    return await back(desk, cookie, code=code, state=state)


async def told(desk: Desk, team: str, event: dict[str, Any], at: float = 0) -> int:
    """Deliver an event of a workspace, as of a time."""
    body = {"type": "event_callback", "team_id": team, "api_app_id": "A1", "event": event,
            "event_id": f"Ev{time.time_ns()}", "event_time": int(at or time.time() + 1)}  # fmt: skip
    return (await desk.post(json.dumps(body).encode(), "application/json")).status_code


def kept(desk: Desk, team: str) -> list[str]:
    """All that is kept of what was asked in a workspace."""
    conversations = desk.assistant.conversations
    turns = [one.question for one in conversations.every_turn() if one.conversation_id.startswith(f"slack:{team}:")]
    with sqlite3.connect(conversations._path.parent / "slack.db") as ledger:
        return turns + [text for (text,) in ledger.execute("SELECT text FROM messages WHERE team = ?", (team,)) if text]


# Installing


def test_a_browser_is_sent_to_slack_and_comes_back_with_the_app_installed(
    play: Callable[..., None], slack: SlackServer, tmp_path: Path
) -> None:
    async def scene(desk: Desk) -> None:
        sent, state, cookie = await begun(desk)
        asked = urlsplit(sent.headers["location"])
        assert sent.status_code == 302 and asked.path == "/oauth/v2/authorize"
        query = parse_qs(asked.query)
        assert query["client_id"] == [ID] and "chat:write" in query["scope"][0].split(",")
        assert "Secure" in sent.headers["set-cookie"] and "HttpOnly" in sent.headers["set-cookie"]
        slack.allow("c1", "T1")
        done = await back(desk, cookie, code="c1", state=state)
        assert done.status_code == 200 and "Thank you" in done.text
        assert "xoxb" not in done.text and "default-src 'self'" in done.headers["content-security-policy"]

    play(scene)
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_installations_that_nobody_came_back_from_are_forgotten(play: Callable[..., None], tmp_path: Path) -> None:
    async def scene(desk: Desk) -> None:
        await begun(desk)
        with sqlite3.connect(tmp_path / FILE) as states:
            states.execute("UPDATE oauth_states SET expire_at = ?", (time.time() - 1,))
        _, state, _ = await begun(desk)
        assert states.execute("SELECT state FROM oauth_states").fetchall() == [(state,)]
        states.close()

    play(scene)


def test_two_workspaces_are_answered_each_with_its_own_token_and_never_read_across(
    play: Callable[..., None], slack: SlackServer
) -> None:
    async def scene(desk: Desk) -> None:
        for team in ("T1", "T2"):
            await installed(desk, team)
        for question in ("What is paid?", "And in Seattle?"):
            ts = "1.000001" if question.startswith("What") else "1.000002"
            for team in ("T1", "T2"):
                event = mention(f"{question} {team}", ts, **({"thread_ts": "1.000001"} if ts != "1.000001" else {}))
                assert await desk.deliver(event, team=team) == 200
                await desk.settled()
        before = {one["question"]: one["before"] for one in desk.assistant.asked}
        assert before["And in Seattle? T1"] == ["What is paid? T1"]
        assert before["And in Seattle? T2"] == ["What is paid? T2"]

    play(scene)
    for team, other in (("T1", "T2"), ("T2", "T1")):
        words = [answer.words for answer in slack.answers("C1", "1.000001", team)]
        assert len(words) == 2 and all(team in one and other not in one for one in words)


def test_installations_outlive_a_restart(play: Callable[..., None], slack: SlackServer) -> None:
    async def first(desk: Desk) -> None:
        await installed(desk, "T1")

    async def second(desk: Desk) -> None:
        await desk.deliver(mention("What is paid?"), team="T1")
        await desk.settled()

    play(first)
    play(second)
    assert len(slack.answers(team="T1")) == 1


def test_an_app_that_is_installed_again_calls_with_its_new_token(play: Callable[..., None], slack: SlackServer) -> None:
    async def scene(desk: Desk) -> None:
        await installed(desk, "T1", "old")
        await desk.deliver(mention("What is paid?", "1.000001"), team="T1")
        await desk.settled()
        slack.revoke("T1")
        await installed(desk, "T1", "new")
        await desk.deliver(mention("What is paid?", "2.000001"), team="T1")
        await desk.settled()

    play(scene)
    assert [answer.thread for answer in slack.answers(team="T1")] == ["1.000001", "2.000001"]
    assert list(slack.teams) == ["xoxb-T1-new"]


@pytest.mark.parametrize("wrong", ["no cookie", "another state", "used twice", "denied", "wrong code", "organisation"])
def test_nothing_is_installed_when_it_does_not_come_back_as_it_went(
    play: Callable[..., None], slack: SlackServer, tmp_path: Path, wrong: str
) -> None:
    async def scene(desk: Desk) -> None:
        _, state, cookie = await begun(desk)
        slack.allow("c1", "T1")
        if wrong == "no cookie":
            done = await back(desk, "", code="c1", state=state)
        elif wrong == "another state":
            done = await back(desk, cookie, code="c1", state="another")
        elif wrong == "used twice":
            await back(desk, cookie, code="unknown", state=state)
            done = await back(desk, cookie, code="c1", state=state)
        elif wrong == "denied":
            done = await back(desk, cookie, error="access_denied", state=state)
        elif wrong == "wrong code":
            done = await back(desk, cookie, code="unknown", state=state)
        else:
            slack.allow("c2", "E1", team=None, enterprise={"id": "E1", "name": "E"}, is_enterprise_install=True)
            done = await back(desk, cookie, code="c2", state=state)
        assert "Something Went Wrong" in done.text and INSTALL in done.text

    play(scene)
    with sqlite3.connect(tmp_path / FILE) as store:
        assert store.execute("SELECT count(*) FROM slack_bots").fetchone() == (0,)


def test_slack_out_of_reach_is_said_to_whoever_installs(play: Callable[..., None], slack: SlackServer) -> None:
    slack.fail("oauth.v2.access", "reset")

    async def scene(desk: Desk) -> None:
        done = await installed(desk, "T1")
        assert done.status_code == 503 and "Slack cannot be reached" in done.text
        assert (await installed(desk, "T1", "again")).status_code == 200

    play(scene)


def test_installing_takes_a_key_where_the_server_has_keys(play: Callable[..., None]) -> None:
    async def scene(desk: Desk) -> None:
        for path in (INSTALL, BACK):
            asked = await desk.http.get(f"https://localhost{path}", headers={"accept": "text/html"})
            assert asked.status_code == 401 and asked.headers["www-authenticate"].startswith("Basic")
        sent, _, _ = await begun(desk, **{"x-api-key": "key"})
        assert sent.status_code == 302

    play(scene, CAREER_API_KEYS="key")


# Leaving


@pytest.mark.parametrize(
    "event",
    [{"type": "app_uninstalled"}, {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": ["UBOT"]}}],
    ids=["uninstalled", "revoked"],
)
def test_a_workspace_that_removes_the_app_takes_all_that_was_kept_of_it_and_leaves_the_others(
    play: Callable[..., None], slack: SlackServer, tmp_path: Path, event: dict[str, Any]
) -> None:
    async def scene(desk: Desk) -> None:
        for team in ("T1", "T2", "T10"):
            await installed(desk, team)
            await desk.deliver(mention(f"What is paid in {team}?", "1.000001"), team=team)
            await desk.settled()
        slack.revoke("T1")
        assert await told(desk, "T1", event) == 200
        assert await told(desk, "T1", {"type": "app_uninstalled"}) == 200
        assert await desk.deliver(mention("Still there?", "2.000001"), team="T1") == 200
        follow = mention("And you?", "2.000001", thread_ts="1.000001")
        assert await desk.deliver(follow, team="T2") == 200
        await desk.settled()
        assert not kept(desk, "T1")
        assert len(kept(desk, "T2")) == 4 and len(kept(desk, "T10")) == 2

    play(scene)
    assert [len(slack.answers(team=team)) for team in ("T1", "T2", "T10")] == [1, 2, 1]
    held = (tmp_path / FILE).read_bytes()
    assert b"xoxb-T1-" not in held and b"xoxb-T2-" in held


def test_a_revoked_user_token_changes_nothing(play: Callable[..., None], slack: SlackServer) -> None:
    async def scene(desk: Desk) -> None:
        await installed(desk, "T1")
        await desk.deliver(mention("What is paid?", "1.000001"), team="T1")
        await desk.settled()
        await told(desk, "T1", {"type": "tokens_revoked", "tokens": {"oauth": ["U1"]}})
        assert len(kept(desk, "T1")) == 2
        await desk.deliver(mention("And now?", "2.000001"), team="T1")
        await desk.settled()

    play(scene)
    assert len(slack.answers(team="T1")) == 2


def test_the_farewell_that_comes_late_leaves_the_app_that_is_back(
    play: Callable[..., None], slack: SlackServer
) -> None:
    async def scene(desk: Desk) -> None:
        await installed(desk, "T1", "old")
        await desk.deliver(mention("What is paid?", "1.000001"), team="T1")
        await desk.settled()
        slack.revoke("T1")
        await installed(desk, "T1", "new")
        await told(desk, "T1", {"type": "app_uninstalled"}, at=time.time() - 30)
        await desk.deliver(mention("Are you back?", "2.000001"), team="T1")
        await desk.settled()
        assert desk.assistant.asked[-1]["before"] == []

    play(scene)
    assert slack.answers(team="T1")[-1].thread == "2.000001"


def test_what_is_being_answered_when_the_app_is_removed_is_not_kept(
    play: Callable[..., None], slack: SlackServer
) -> None:
    going = asyncio.Event()

    async def scene(desk: Desk) -> None:
        await installed(desk, "T1")
        stream = desk.assistant.stream
        loop = asyncio.get_running_loop()
        removed = asyncio.Event()

        def slowly(*asked: Any, **how: Any) -> Any:
            loop.call_soon_threadsafe(going.set)
            asyncio.run_coroutine_threadsafe(removed.wait(), loop).result()
            return stream(*asked, **how)

        desk.assistant.stream = slowly  # type: ignore[method-assign]
        await desk.deliver(mention("What is paid?", "1.000001"), team="T1")
        await going.wait()
        slack.revoke("T1")
        await told(desk, "T1", {"type": "app_uninstalled"})
        removed.set()
        await desk.settled()
        assert not kept(desk, "T1")

    play(scene)


# Corners


def test_in_a_shared_channel_the_workspace_that_has_the_app_is_meant(
    play: Callable[..., None], slack: SlackServer
) -> None:
    async def scene(desk: Desk) -> None:
        await installed(desk, "T1")
        body = {"type": "event_callback", "team_id": "T9", "event": mention("What is paid?"), "event_id": "Ev1",
                "event_time": 1, "authorizations": [{"team_id": "T1", "enterprise_id": None}]}  # fmt: skip
        assert (await desk.post(json.dumps(body).encode(), "application/json")).status_code == 200
        await desk.settled()

    play(scene)
    assert len(slack.answers(team="T1")) == 1


def test_a_command_from_a_workspace_without_the_app_is_told_so(play: Callable[..., None], slack: SlackServer) -> None:
    async def scene(desk: Desk) -> None:
        await desk.command("What is paid?")
        await desk.until(lambda: slack.responses)

    play(scene)
    assert "not installed" in slack.responses[0]["text"]


def test_installations_that_cannot_be_read_make_slack_deliver_again(
    play: Callable[..., None], slack: SlackServer, tmp_path: Path
) -> None:
    async def scene(desk: Desk) -> None:
        await installed(desk, "T1")
        whole = (tmp_path / FILE).read_bytes()
        (tmp_path / FILE).write_bytes(b"\0" * len(whole))
        assert await desk.deliver(mention("What is paid?"), "Ev1", team="T1") == 500
        (tmp_path / FILE).write_bytes(whole)
        assert await desk.deliver(mention("What is paid?"), "Ev1", team="T1") == 200
        await desk.settled()

    play(scene)
    assert len(slack.answers(team="T1")) == 1


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"SLACK_CLIENT_SECRET": ""}, "SLACK_CLIENT_SECRET is not set"),
        ({"SLACK_CLIENT_ID": ""}, "SLACK_CLIENT_ID is not set"),
        ({"SLACK_SIGNING_SECRET": ""}, "SLACK_SIGNING_SECRET is not set"),
        ({"SLACK_BOT_TOKEN": "xoxb-1"}, "both set"),
    ],
    ids=["no secret", "no id", "no signing secret", "a token besides"],
)
def test_settings_that_do_not_go_together_are_said_at_once(tmp_path: Path, env: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        wanted_over_http(settings(tmp_path, "", **(SEVERAL | env)))


def test_one_workspace_has_nothing_to_install(slack: SlackServer, tmp_path: Path) -> None:
    from starlette.testclient import TestClient

    from ui.api import create_app

    held = settings(tmp_path, "http://127.0.0.1:9/")
    client = TestClient(create_app(ScriptedAssistant(tmp_path), held))  # type: ignore[arg-type]
    assert client.get(INSTALL).status_code == 404
    assert not (tmp_path / FILE).exists()
