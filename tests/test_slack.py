"""The Slack bot against a server that speaks Slack's Web API, with signed deliveries: what people see of it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from slack_desk import CITATION, Desk, direct, mention, message, quick, served
from slack_server import BOT, SlackServer, refusal, serving_slack

Scene = Callable[[Desk], Coroutine[Any, Any, None]]


@pytest.fixture
def slack() -> SlackServer:
    return SlackServer()


@pytest.fixture
def play(slack: SlackServer, tmp_path: Path) -> Iterator[Callable[..., None]]:
    """Plays a scene with the bot behind the whole API, or alone with short pauses."""
    with serving_slack(slack) as address:

        def playing(scene: Scene, **env: str) -> None:
            async def run() -> None:
                async with served(slack, address, tmp_path, **env) as desk:
                    await asyncio.wait_for(scene(desk), 60)

            asyncio.run(run())

        yield playing


@pytest.fixture
def fast(slack: SlackServer, tmp_path: Path) -> Iterator[Callable[..., None]]:
    with serving_slack(slack) as address:

        def playing(scene: Scene, **how: Any) -> None:
            async def run() -> None:
                async with quick(slack, address, tmp_path, **how) as desk:
                    await asyncio.wait_for(scene(desk), 60)

            asyncio.run(run())

        yield playing


# Asking and being answered


def test_a_mention_is_answered_in_its_thread_with_linked_marks_sources_and_buttons(
    play: Callable[..., None], slack: SlackServer
) -> None:
    async def scene(desk: Desk) -> None:
        assert await desk.deliver(mention("What is paid?")) == 200
        await desk.settled()

    play(scene)
    [answer] = slack.answers("C1")
    assert answer.thread == "1700000000.000100"
    assert answer.streamed and not answer.streaming
    assert "it is $105,418. [1](https://example.org/pay?a=1&b=2)" in answer.words
    assert answer.words.endswith("After 0 questions.")
    kinds = [block["type"] for block in answer.blocks]
    assert kinds == ["context", "actions", "context_actions"]
    assert answer.blocks[0]["elements"][0]["text"] == (
        "[1] <https://example.org/pay?a=1&amp;b=2|Pay>, p. 3 – Labor Bureau, 2024-05"
    )
    assert [one["value"] for one in answer.blocks[1]["elements"]] == ["And for seniors?", "And in Seattle?"]


def test_it_says_that_it_is_at_work_before_anything_else(play: Callable[..., None], slack: SlackServer) -> None:
    async def scene(desk: Desk) -> None:
        await desk.deliver(direct("What is paid?"))
        await desk.settled()

    play(scene)
    assert [name for name, _, _ in slack.calls] == [
        "auth.test", "assistant.threads.setStatus", "chat.startStream", "chat.stopStream"
    ]  # fmt: skip


def test_a_follow_up_in_a_thread_that_it_joined_needs_no_mention(play: Callable[..., None], slack: SlackServer) -> None:
    async def scene(desk: Desk) -> None:
        await desk.deliver(mention("What is paid?", "1.000001"))
        await desk.settled()
        await desk.deliver(message("And in Seattle?", "1.000002", thread_ts="1.000001"))
        await desk.settled()
        assert desk.assistant.asked[1]["before"] == ["What is paid?"]

    play(scene)
    assert len(slack.answers("C1", "1.000001")) == 2


@pytest.mark.parametrize(
    "event",
    [
        message("Lunch?", "2.000001"),
        message("Lunch?", "2.000002", thread_ts="9.000009"),
        message("<@U2> what do you think?", "2.000003", thread_ts="1.000001"),
        mention("Am I a bot?", "2.000004", bot_id="B7"),
        direct("It was me.", "2.000005", user=BOT),
        direct("", "2.000006", subtype="channel_join"),
    ],
    ids=["not ours", "a thread of others", "to somebody else", "a bot", "itself", "a subtype"],
)
def test_what_is_not_asked_of_it_is_left_alone(
    play: Callable[..., None], slack: SlackServer, event: dict[str, Any]
) -> None:
    async def scene(desk: Desk) -> None:
        await desk.deliver(mention("What is paid?", "1.000001"))
        await desk.settled()
        assert await desk.deliver(event) == 200
        await desk.settled()
        assert len(desk.assistant.asked) == 1

    play(scene)
    assert len(slack.answers()) == 1


def test_one_message_told_by_two_events_is_answered_once(play: Callable[..., None], slack: SlackServer) -> None:
    async def scene(desk: Desk) -> None:
        first = mention("What is paid?")
        both = [first, first | {"type": "message"}]
        await asyncio.gather(*(desk.deliver(event) for event in both * 2))
        await desk.settled()
        assert len(desk.assistant.asked) == 1

    play(scene)
    assert len(slack.answers()) == 1


def test_the_same_delivery_again_is_answered_once_also_after_a_restart(
    play: Callable[..., None], slack: SlackServer
) -> None:
    async def scene(desk: Desk) -> None:
        for retry in ("1", "2"):
            await desk.deliver(direct("What is paid?"), "Ev-same", x_slack_retry_num=retry)
            await desk.settled()

    play(scene)
    play(scene)
    assert len(slack.answers()) == 1


def test_workspaces_channels_and_threads_are_never_read_across(play: Callable[..., None]) -> None:
    async def scene(desk: Desk) -> None:
        for team, channel, ts in (("T1", "C1", "1.1"), ("T2", "C1", "1.1"), ("T1", "C2", "1.1"), ("T1", "C1", "2.1")):
            await desk.deliver(mention("What is paid?", ts, channel=channel), team=team)
            await desk.settled()
        assert [one["before"] for one in desk.assistant.asked] == [[], [], [], []]
        assert len({one["conversation"] for one in desk.assistant.asked}) == 4
        one = desk.assistant.asked[0]
        assert desk.assistant.conversations.turns(one["conversation"], "slack:T2:C1") == []

    play(scene)


# Edits and deletions


def changed(text: str, ts: str, edited: str) -> dict[str, Any]:
    inner = {"type": "message", "user": "U1", "ts": ts, "text": text, "edited": {"user": "U1", "ts": edited}}
    return {"type": "message", "subtype": "message_changed", "channel": "C1", "message": inner, "ts": edited}


def test_an_edited_question_is_answered_once_more_in_place(play: Callable[..., None], slack: SlackServer) -> None:
    async def scene(desk: Desk) -> None:
        await desk.deliver(mention("What is payed?", "1.000001"))
        await desk.settled()
        for event_id in ("Ev-edit", "Ev-edit", "Ev-again"):
            await desk.deliver(changed(f"<@{BOT}> What is paid?", "1.000001", "3.000001"), event_id)
            await desk.settled()
        assert [one["question"] for one in desk.assistant.asked] == ["What is payed?", "What is paid?"]
        turns = desk.assistant.conversations.turns("slack:T1:C1:1.000001", "slack:T1:C1")
        assert [turn.question for turn in turns] == ["What is paid?"]

    play(scene)
    [answer] = slack.answers()
    assert "To “What is paid?”" in answer.words


def test_an_edited_question_is_answered_from_what_was_said_before_it(play: Callable[..., None]) -> None:
    async def scene(desk: Desk) -> None:
        await desk.deliver(mention("What is paid?", "1.000001"))
        for ts, question in (("1.000002", "And in Seatle?"), ("1.000003", "And in Boston?")):
            await desk.settled()
            await desk.deliver(message(question, ts, thread_ts="1.000001"))
        await desk.settled()
        await desk.deliver(changed("And in Seattle?", "1.000002", "3.000001"))
        await desk.settled()
        assert desk.assistant.asked[-1]["question"] == "And in Seattle?"
        assert desk.assistant.asked[-1]["before"] == ["What is paid?"]
        turns = desk.assistant.conversations.turns("slack:T1:C1:1.000001", "slack:T1:C1")
        assert [turn.question for turn in turns] == ["What is paid?", "And in Seattle?", "And in Boston?"]

    play(scene)


def test_what_an_edit_took_away_is_gone_though_its_answer_failed(play: Callable[..., None]) -> None:
    async def scene(desk: Desk) -> None:
        await desk.deliver(mention("What is paid to Jane?", "1.000001"))
        await desk.settled()
        await desk.deliver(changed(f"<@{BOT}> unreachable?", "1.000001", "3.000001"))
        await desk.settled()
        assert desk.assistant.conversations.turns("slack:T1:C1:1.000001", "slack:T1:C1") == []

    play(scene)


def test_an_unfurl_is_no_edit(play: Callable[..., None]) -> None:
    async def scene(desk: Desk) -> None:
        await desk.deliver(mention("What is paid?", "1.000001"))
        await desk.settled()
        await desk.deliver(changed(f"<@{BOT}> What is paid?", "1.000001", "3.000001"))
        await desk.settled()
        assert len(desk.assistant.asked) == 1

    play(scene)


def deleted(ts: str) -> dict[str, Any]:
    return {"type": "message", "subtype": "message_deleted", "channel": "C1", "deleted_ts": ts, "ts": "9.9"}


def test_a_deleted_question_takes_its_answer_and_its_turn_with_it(
    play: Callable[..., None], slack: SlackServer
) -> None:
    async def scene(desk: Desk) -> None:
        await desk.deliver(mention("What is paid?", "1.000001"))
        await desk.deliver(mention("What else?", "1.000002", thread_ts="1.000001"))
        await desk.settled()
        await desk.deliver(deleted("1.000001"))
        await desk.settled()
        turns = desk.assistant.conversations.turns("slack:T1:C1:1.000001", "slack:T1:C1")
        assert [turn.question for turn in turns] == ["What else?"]

    play(scene)
    [answer] = slack.answers()
    assert "What else?" in answer.words


def test_a_question_whose_deletion_comes_first_is_not_answered(play: Callable[..., None], slack: SlackServer) -> None:
    async def scene(desk: Desk) -> None:
        await desk.deliver(deleted("1.000001"))
        await desk.deliver(mention("What is paid?", "1.000001"))
        await desk.settled()
        assert not desk.assistant.asked

    play(scene)
    assert not slack.answers()


def test_a_workspace_that_removes_the_app_takes_all_that_was_asked_there(
    play: Callable[..., None], slack: SlackServer
) -> None:
    async def scene(desk: Desk) -> None:
        await desk.deliver(mention("What is paid?", "1.000001"))
        await desk.command("What is paid?")
        await desk.settled()
        await desk.until(lambda: slack.responses)
        assert len(desk.assistant.conversations.every_turn()) == 2
        await desk.deliver({"type": "app_uninstalled"})
        assert not desk.assistant.conversations.every_turn()

    play(scene)


# Buttons, commands, shortcuts, tabs


def test_a_thumb_reaches_the_feedback_and_is_thanked_for_in_private(
    play: Callable[..., None], slack: SlackServer
) -> None:
    async def scene(desk: Desk) -> None:
        await desk.deliver(mention("What is paid?", "1.000001"))
        await desk.settled()
        [answer] = slack.answers()
        button = answer.blocks[-1]["elements"][0]["negative_button"]
        action = {"type": "feedback_buttons", "action_id": "feedback", "value": button["value"]}
        below = {"ts": answer.ts, "thread_ts": answer.thread}
        assert await desk.interact("block_actions", actions=[action], message=below) == 200
        await desk.until(lambda: slack.responses)
        forged = action | {"value": "up:0123456789abcdef"}
        assert await desk.interact("block_actions", actions=[forged], message=below) == 200
        await desk.until(lambda: len(slack.responses) == 2)

    play(scene)
    thanks, unknown = slack.responses
    assert thanks["text"] == "Thank you, that helps."
    assert thanks["response_type"] == "ephemeral" and not thanks["replace_original"]
    assert "cannot be rated" in unknown["text"]


def test_a_follow_up_button_is_answered_in_the_thread_once(play: Callable[..., None], slack: SlackServer) -> None:
    async def scene(desk: Desk) -> None:
        await desk.deliver(mention("What is paid?", "1.000001"))
        await desk.settled()
        [answer] = slack.answers()
        button = answer.blocks[1]["elements"][1]
        action = {"type": "button", "action_id": button["action_id"], "value": button["value"]}
        for _ in range(2):
            below = {"ts": answer.ts, "thread_ts": answer.thread}
            assert await desk.interact("block_actions", actions=[action], message=below) == 200
            await desk.settled()
        assert desk.assistant.asked[1]["before"] == ["What is paid?"]

    play(scene)
    assert "To “And in Seattle?”" in slack.answers("C1", "1.000001")[1].words
    assert len(slack.answers()) == 2


def test_a_slash_command_is_answered_to_the_asker_alone_and_forgotten_on_request(
    play: Callable[..., None], slack: SlackServer
) -> None:
    async def scene(desk: Desk) -> None:
        for number, (text, user) in enumerate(
            (
                ("What is paid?", "U1"),
                ("And in Seattle?", "U1"),
                ("And in Seattle?", "U2"),
                ("forget", "U1"),
                ("", "U1"),
            )
        ):
            assert await desk.command(text, user) == 200
            await desk.until(lambda seen=number: len(slack.responses) > seen)
        assert [one["before"] for one in desk.assistant.asked] == [[], ["What is paid?"], []]
        assert not desk.assistant.conversations.turns("slack:T1:C1:U1", "slack:T1:C1:U1")

    play(scene)
    assert all(one["response_type"] == "ephemeral" for one in slack.responses)
    assert "<https://example.org/pay?a=1&amp;b=2|[1]>" in slack.responses[0]["blocks"][0]["text"]["text"]
    assert "forgotten" in slack.responses[3]["text"] and "/career" in slack.responses[4]["text"]
    assert not slack.answers()


def test_a_long_private_answer_comes_in_several_messages_to_the_asker_alone(
    play: Callable[..., None], slack: SlackServer
) -> None:
    long = " ".join(f"Statement {number} says that it is so.\n\n" for number in range(600)) + "It is $5. [1]"

    async def scene(desk: Desk) -> None:
        desk.assistant.answers["What is paid?"] = long
        await desk.command("What is paid?")
        await desk.until(lambda: len(slack.responses) == 3)

    play(scene)
    together = json.dumps([one["blocks"] for one in slack.responses])
    assert all(f"Statement {number} says" in together for number in range(600))
    assert [any(block["type"] == "context" for block in one["blocks"]) for one in slack.responses] == [0, 0, 1]
    assert all(one["response_type"] == "ephemeral" and not refusal(one) for one in slack.responses)


def test_what_fails_in_private_is_said_in_private(play: Callable[..., None], slack: SlackServer) -> None:
    async def scene(desk: Desk) -> None:
        checked = {"callback_id": "check_against_library", "message": {"ts": "1.1", "text": ""}}
        for number, act in enumerate(
            (
                desk.command("Is it unreachable?"),
                desk.command("Is it broken?"),
                desk.interact("message_action", **checked),
            )
        ):
            assert await act == 200
            await desk.until(lambda seen=number: len(slack.responses) > seen)
        desk.assistant.conversations._path.write_bytes(b"damaged" * 1_000)
        await desk.command("forget")
        await desk.until(lambda: len(slack.responses) == 4)

    play(scene)
    unreachable, broken, empty, damaged = (one["text"] for one in slack.responses)
    assert unreachable == "The model does not answer. Try later."
    assert broken.startswith("Something went wrong on our side (") and "secret" not in broken
    assert "empty" in empty
    assert "cannot be read or written" in damaged
    assert all(one["response_type"] == "ephemeral" for one in slack.responses)


def test_a_message_is_checked_against_the_library_for_whoever_asks(
    play: Callable[..., None], slack: SlackServer
) -> None:
    async def scene(desk: Desk) -> None:
        for number, text in enumerate(("They earn $105,418.", "They earn $5.")):
            shortcut = {"callback_id": "check_against_library", "message": {"ts": "1.1", "text": text}}
            assert await desk.interact("message_action", **shortcut) == 200
            await desk.until(lambda seen=number: len(slack.responses) > seen)

    play(scene)
    right, wrong = (one["text"] for one in slack.responses)
    assert "The library supports this." in right and "Labor Bureau, 2024-05" in right
    assert "does not support" in wrong and "Not found there: $5" in wrong
    assert not slack.answers()


def test_first_questions_are_offered_when_its_tab_is_opened(play: Callable[..., None], slack: SlackServer) -> None:
    async def scene(desk: Desk) -> None:
        await desk.deliver({"type": "app_home_opened", "user": "U1", "channel": "D1", "tab": "home"})
        await desk.deliver({"type": "app_home_opened", "user": "U1", "channel": "D1", "tab": "messages"})
        started = {"channel_id": "D1", "thread_ts": "1.1", "user_id": "U1"}
        await desk.deliver({"type": "assistant_thread_started", "assistant_thread": started})
        await desk.until(lambda: len(slack.named("assistant.threads.setSuggestedPrompts")) == 2)

    play(scene)
    # Each event is answered by itself, so either may be first.
    tab, thread = sorted(slack.named("assistant.threads.setSuggestedPrompts"), key=lambda sent: "thread_ts" in sent)
    assert tab["channel_id"] == "D1" and "thread_ts" not in tab and len(tab["prompts"]) == 4
    assert thread["thread_ts"] == "1.1"


# Text that is only text


def test_text_of_documents_and_models_mentions_nobody_and_links_nowhere(
    play: Callable[..., None], slack: SlackServer
) -> None:
    evil = (
        "<!channel> <!here|x> <@U2> @everyone [click](https://evil.example/a) ![p](https://evil.example/p.png) "
        "<https://evil.example|ok> https://evil.example/q www.evil.example mailto:a@evil.example It is so. [1]"
    )

    async def scene(desk: Desk) -> None:
        desk.assistant.answers["What is paid?"] = evil
        await desk.deliver(mention("What is paid?"))
        await desk.settled()
        slack.without = ("chat.startStream",)
        await desk.deliver(mention("What is paid?", "2.000001"))
        await desk.settled()

    play(scene)
    streamed, posted = slack.answers()
    assert streamed.streamed and not posted.streamed
    for answer in (streamed, posted):
        shown = answer.shown
        for live in ("<!", "<@", "@everyone", "evil.example", "](http://", "](https://evil", "![", "www.evil", "@evil"):
            assert live not in shown, live
        assert shown.count("https://") == shown.count("https://example.org/pay")
    for call in ("chat.postMessage", "chat.startStream"):
        assert all(sent["unfurl_links"] in (False, "0", 0) for sent in slack.named(call)), slack.named(call)


def test_an_address_that_is_not_of_the_web_is_no_link(play: Callable[..., None], slack: SlackServer) -> None:
    from slack_desk import shortened

    async def scene(desk: Desk) -> None:
        desk.assistant.citations = (shortened("javascript:alert(1)"),)
        await desk.deliver(mention("What is paid?"))
        await desk.settled()

    play(scene)
    [answer] = slack.answers()
    assert r"it is $105,418. \[1\]" in answer.words
    assert "javascript" not in answer.shown


# Long answers, servers without streaming, failures


def test_a_long_answer_goes_on_in_further_messages(play: Callable[..., None], slack: SlackServer) -> None:
    long = " ".join(f"Statement {number} says that it is so.\n\n" for number in range(1_200)) + "It is $5. [1]"

    async def scene(desk: Desk) -> None:
        desk.assistant.answers["What is paid?"] = long
        await desk.deliver(direct("What is paid?"))
        await desk.settled()

    play(scene)
    answers = slack.answers()
    assert len(answers) == 5
    assert all(not answer.streaming for answer in answers)
    assert [bool(answer.blocks) for answer in answers] == [False, False, False, False, True]
    together = "".join(answer.words for answer in answers)
    assert all(f"Statement {number} says" in together for number in range(1_200))


def test_without_streaming_it_posts_and_updates(play: Callable[..., None], slack: SlackServer) -> None:
    slack.without = ("chat.startStream", "assistant.threads.setStatus")

    async def scene(desk: Desk) -> None:
        for ts in ("1.000001", "1.000002"):
            await desk.deliver(direct("What is paid?", ts))
            await desk.settled()

    play(scene)
    assert len(slack.named("chat.startStream")) == 1
    for answer in slack.answers():
        assert answer.words.endswith("<https://example.org/pay?a=1&amp;b=2|[1]> After 0 questions.")
        assert [block["type"] for block in answer.blocks] == ["section", "context", "actions", "context_actions"]
    assert len(slack.answers()) == 2


def test_where_a_method_has_no_address_it_posts_and_updates_and_does_not_ask_again(
    play: Callable[..., None], slack: SlackServer
) -> None:
    slack.fail("chat.startStream", "404", "404")

    async def scene(desk: Desk) -> None:
        for ts in ("1.000001", "1.000002"):
            await desk.deliver(direct("What is paid?", ts))
            await desk.settled()

    play(scene)
    assert len(slack.named("chat.startStream")) == 1 and not slack.named("conversations.replies")
    assert len(slack.answers()) == 2


def test_a_failing_model_ends_in_a_sentence_in_place_of_half_an_answer(
    play: Callable[..., None], slack: SlackServer
) -> None:
    async def scene(desk: Desk) -> None:
        await desk.deliver(direct("Is it unreachable?", "1.000001"))
        await desk.deliver(direct("Is it broken?", "1.000002"))
        await desk.deliver(direct("…", "1.000003"))
        await desk.settled()

    play(scene)
    words = {answer.thread: answer.words for answer in slack.answers()}
    assert words["1.000001"] == "The model does not answer. Try later."
    assert words["1.000002"].startswith("Something went wrong on our side (") and "secret" not in words["1.000002"]
    assert len(words) == 3


def test_an_answer_that_cannot_be_shown_ends_in_a_sentence_in_its_place(
    play: Callable[..., None], slack: SlackServer
) -> None:
    async def scene(desk: Desk) -> None:
        desk.assistant.citations = (replace(CITATION, title=None),)  # type: ignore[arg-type]
        await desk.deliver(direct("What is paid?"))
        await desk.settled()

    play(scene)
    [answer] = slack.answers()
    assert answer.words.startswith("Something went wrong on our side (") and not answer.streaming


@pytest.mark.parametrize(
    ("error", "said"),
    [("missing_scope", "the scope chat:write"), ("not_in_channel", "/invite"), ("is_archived", "is_archived")],
)
def test_where_it_may_not_post_the_asker_alone_is_told_what_to_do(
    play: Callable[..., None], slack: SlackServer, error: str, said: str
) -> None:
    slack.fail("chat.startStream", error)
    slack.fail("chat.postMessage", error)

    async def scene(desk: Desk) -> None:
        await desk.deliver(mention("What is paid?"))
        await desk.settled()

    play(scene)
    assert not slack.answers()
    [told] = slack.ephemeral
    assert told["user"] == "U1" and said in told["text"]


def test_where_it_may_not_even_do_that_it_writes_to_the_asker(play: Callable[..., None], slack: SlackServer) -> None:
    slack.fail("chat.startStream", "channel_not_found")
    slack.fail("chat.postMessage", "channel_not_found")
    slack.fail("chat.postEphemeral", "channel_not_found")

    async def scene(desk: Desk) -> None:
        await desk.deliver(mention("What is paid?"))
        await desk.settled()

    play(scene)
    [told] = slack.answers("U1")
    assert "/invite" in told.text


def test_a_rate_limit_is_waited_out(play: Callable[..., None], slack: SlackServer) -> None:
    slack.fail("chat.startStream", "429")

    async def scene(desk: Desk) -> None:
        await desk.deliver(mention("What is paid?"))
        await desk.settled()

    play(scene)
    [answer] = slack.answers()
    assert answer.streamed


# Signatures


@pytest.mark.parametrize(
    "headers",
    [
        {"x_slack_signature": "v0=" + "0" * 64},
        {"x_slack_signature": ""},
        {"x_slack_signature": "v0=é"},
        {"x_slack_signature": "v0=" + "0" * 63 + "\u0660"},
        {"at": str(int(time.time()) - 400)},
        {"at": str(int(time.time()) + 100_000)},
        {"at": "soon"},
        {"at": "1e9"},
        {"at": "9" * 400},
        {"at": "-1"},
        {"at": ""},
    ],
    ids=[
        "wrong",
        "none",
        "latin",
        "other digits",
        "stale",
        "future",
        "words",
        "float",
        "overflow",
        "negative",
        "no time",
    ],
)
def test_what_slack_did_not_sign_just_now_is_refused(
    play: Callable[..., None], slack: SlackServer, headers: dict[str, str]
) -> None:
    async def scene(desk: Desk) -> None:
        assert await desk.deliver(mention("What is paid?"), **headers) == 401
        assert (await desk.http.post("/slack/events", content=b"\xff{")).status_code == 401
        await desk.settled()
        assert not desk.assistant.asked

    play(scene)


def test_the_signature_takes_the_place_of_a_key_there_and_nowhere_else(play: Callable[..., None]) -> None:
    async def scene(desk: Desk) -> None:
        assert await desk.deliver(mention("What is paid?")) == 200
        assert (await desk.http.get("/slack/events")).status_code in (401, 403)
        for path in ("/v1/ask", "/slack/events/", "/slack/eventsx", "/slack"):
            assert (await desk.http.post(path, json={})).status_code in (401, 403), path
        challenge = b'{"type": "url_verification", "challenge": "c1"}'
        assert "c1" in (await desk.post(challenge, "application/json")).text
        assert (await desk.post(b"{not json", "application/json")).status_code == 400
        await desk.settled()

    play(scene, CAREER_API_KEYS="key")


def test_without_a_signing_secret_there_is_no_such_address(slack: SlackServer, tmp_path: Path) -> None:
    from slack_desk import ScriptedAssistant, settings
    from starlette.testclient import TestClient

    from ui.api import create_app

    held = settings(tmp_path, "http://127.0.0.1:9/", SLACK_SIGNING_SECRET="")
    client = TestClient(create_app(ScriptedAssistant(tmp_path), held))  # type: ignore[arg-type]
    assert client.post("/slack/events", json={}).status_code == 404
