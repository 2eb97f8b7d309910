"""The Slack bot when things go wrong: broken connections, refusals, dead processes, floods."""

from __future__ import annotations

import asyncio
import os
import random
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from slack_desk import FAST, Desk, direct, mention, message, quick
from slack_server import SlackServer, serving_slack

from ui.slack_ledger import LEASE_SECONDS
from ui.slack_web import Pace

STORM = int(os.environ.get("SLACK_STORM", "200"))
"""Messages of the storm; `make slack` sends 1,000."""


LOSABLE = ("500", "timeout", "reset", "500 done", "timeout done", "reset done")
REFUSED = ("429", "internal_error")
FAULTS = [
    *[("chat.startStream", fault) for fault in (*LOSABLE, *REFUSED, "unknown_method", "not_allowed", "msg_too_long")],
    *[
        ("chat.appendStream", fault)
        for fault in (*LOSABLE, *REFUSED, "message_not_in_streaming_state", "unknown_method", "msg_too_long")
    ],
    *[
        ("chat.stopStream", fault)
        for fault in (*LOSABLE, *REFUSED, "message_not_in_streaming_state", "invalid_blocks", "message_not_found")
    ],
    *[("assistant.threads.setStatus", fault) for fault in (*LOSABLE, *REFUSED, "missing_scope", "unknown_method")],
    *[("auth.test", fault) for fault in ("500", "reset", "429")],
]
LONG = " ".join(f"Word{number}" for number in range(40)) + " it is $105,418. [1] The end."


def run(slack: SlackServer, folder: Path, scene: Any, **how: Any) -> None:
    with serving_slack(slack) as address:

        async def playing() -> None:
            async with quick(slack, address, folder, **how) as desk:
                await asyncio.wait_for(scene(desk), 300)

        asyncio.run(playing())


async def answered(desk: Desk, count: int) -> None:
    """Wait until nothing is left to do: all is settled and nothing waits for another attempt."""
    await desk.settled()
    ledger = desk.bot._ledger
    with ledger._connect() as connection:

        def open_rows() -> int:
            return int(connection.execute("SELECT count(*) FROM messages WHERE state = 'working'").fetchone()[0])

        await desk.until(lambda: not open_rows())
        known = connection.execute("SELECT count(*) FROM messages WHERE state = 'answered'").fetchone()[0]
    await desk.settled()
    assert known == count


def whole(slack: SlackServer, channel: str, thread: str) -> None:
    """Exactly one answer stands in a thread, whole, finished, with its sources."""
    found = slack.answers(channel, thread)
    assert len(found) == 1, (len(found), [m.words[:80] for m in found])
    assert found[0].words.rstrip().endswith("The end."), found[0].words[-80:]
    assert not found[0].streaming
    assert "Labor Bureau" in found[0].shown


@pytest.mark.parametrize(("method", "fault"), FAULTS, ids=[" ".join(one) for one in FAULTS])
def test_one_fault_on_the_way_leaves_one_whole_answer(tmp_path: Path, method: str, fault: str) -> None:
    slack = SlackServer()
    slack.fail(method, fault)

    async def scene(desk: Desk) -> None:
        desk.assistant.answers["What is paid?"] = LONG
        for _ in range(2):
            await desk.deliver(mention("What is paid?", "1700000001.000001"), "Ev1")
            await desk.settled()
        await answered(desk, 1)

    slack.hang_seconds = 0.3
    run(slack, tmp_path, scene, pace=Pace(request=0.2, pause=0.01, flush=0.0, update=0.0))
    whole(slack, "C1", "1700000001.000001")


@pytest.mark.parametrize("fault", [*LOSABLE, *REFUSED, "invalid_blocks"])
@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
def test_one_fault_where_nothing_streams_leaves_one_whole_answer(tmp_path: Path, method: str, fault: str) -> None:
    slack = SlackServer(without=("chat.startStream",))
    slack.fail(method, fault)
    slack.hang_seconds = 0.3

    async def scene(desk: Desk) -> None:
        desk.assistant.answers["What is paid?"] = LONG
        await desk.deliver(mention("What is paid?", "1700000001.000001"))
        await answered(desk, 1)

    run(slack, tmp_path, scene, pace=Pace(request=0.2, pause=0.01, flush=0.0, update=0.0))
    whole(slack, "C1", "1700000001.000001")


def test_three_hundred_faults_leave_one_whole_answer_each(tmp_path: Path) -> None:
    chance = random.Random(20261125)
    streams = {"chat.startStream", "chat.appendStream", "chat.stopStream"}
    slack, left = SlackServer(), 300

    def fault_of(method: str) -> str | None:
        nonlocal left
        if method == "auth.test" or left <= 0 or chance.random() > 0.45:
            return None
        left -= 1
        lost = [*LOSABLE, "internal_error", "429"]
        refused = ["missing_scope", "message_not_in_streaming_state", "msg_too_long"] if method in streams else []
        gone = ["unknown_method"] * (method != "chat.startStream") if method in streams else []
        # Waiting for a rate limit, or for an answer that does not come, takes long.
        kinds = [*lost, *refused, *gone]
        return chance.choices(kinds, [0.3 if kind.startswith(("429", "timeout")) else 1.0 for kind in kinds])[0]

    slack.fault_of, slack.hang_seconds = fault_of, 0.6
    threads = [f"17000{number:05d}.000001" for number in range(80)]

    async def scene(desk: Desk) -> None:
        desk.assistant.answers["What is paid?"] = LONG
        for thread in threads:
            await desk.deliver(mention("What is paid?", thread))
        await answered(desk, len(threads))
        slack.fault_of = lambda _: None

    run(slack, tmp_path, scene, pace=Pace(request=0.5, pause=0.005, flush=0.01, update=0.0))
    assert left == 0, f"only {300 - left} faults were injected"
    for thread in threads:
        whole(slack, "C1", thread)


# Dead processes and floods


def abandoned(slack: SlackServer, address: str, folder: Path, scene: Any) -> None:
    """Play a scene in a process's stead that dies at its end: its loop stops, and nothing is cleaned up."""
    loop = asyncio.new_event_loop()

    async def living() -> None:
        async with quick(slack, address, folder) as desk:
            await scene(desk)
            loop.stop()
            await asyncio.sleep(3600)

    task = loop.create_task(living())
    loop.run_forever()
    _DEAD.append((loop, task))


_DEAD: list[Any] = []
"""What died is held, as the memory of a killed process is never cleaned up either."""


@pytest.mark.parametrize("last", ["chat.startStream", "chat.appendStream", "chat.stopStream"])
def test_a_process_that_dies_while_answering_is_gone_on_for_in_place(tmp_path: Path, last: str) -> None:
    slack = SlackServer()
    dying = threading.Event()

    async def dies(desk: Desk) -> None:
        desk.assistant.answers["What is paid?"] = LONG
        await desk.deliver(mention("What is paid?", "1700000001.000001"))
        await desk.until(lambda: slack.named(last))
        dying.set()

    async def goes_on(desk: Desk) -> None:
        desk.assistant.answers["What is paid?"] = LONG
        await answered(desk, 1)

    with serving_slack(slack) as address:
        abandoned(slack, address, tmp_path, dies)

        async def after() -> None:
            later = lambda: time.time() + LEASE_SECONDS + 1  # noqa: E731
            async with quick(slack, address, tmp_path, later) as desk:
                await asyncio.wait_for(goes_on(desk), 60)

        asyncio.run(after())
    assert dying.is_set()
    whole(slack, "C1", "1700000001.000001")


def test_a_storm_of_repeated_events_across_a_restart_is_answered_once_each(tmp_path: Path) -> None:
    chance = random.Random(7)
    slack = SlackServer()
    deliveries = []
    for number in range(STORM):
        ts = f"17{number:08d}.000001"
        event = direct(f"Question {number}?", ts) if number % 3 else mention(f"Question {number}?", ts)
        twins = [event, event | {"type": "message"}] if number % 3 == 0 else [event]
        deliveries += [(f"Ev{number}-{index}", one) for index, one in enumerate(twins)] * chance.randint(1, 4)
    chance.shuffle(deliveries)
    half = len(deliveries) // 2

    async def deliver(desk: Desk, part: list[Any]) -> None:
        for start in range(0, len(part), 40):
            await asyncio.gather(*(desk.deliver(event, event_id) for event_id, event in part[start : start + 40]))

    async def before(desk: Desk) -> None:
        await deliver(desk, deliveries[:half])

    with serving_slack(slack) as address:
        abandoned(slack, address, tmp_path, before)

        async def after() -> None:
            later = lambda: time.time() + LEASE_SECONDS + 1  # noqa: E731
            async with (
                quick(slack, address, tmp_path, later, pace=FAST) as one,
                quick(slack, address, tmp_path, later, pace=FAST) as other,
            ):
                # Two processes share what is left, and what they get twice.
                await asyncio.gather(
                    deliver(one, deliveries[half:]), deliver(other, [d for d in deliveries if chance.random() < 0.3])
                )
                await answered(one, STORM)
                await answered(other, STORM)

        asyncio.run(after())
    threads = Counter(answer.thread for answer in slack.answers())
    assert len(threads) == STORM
    assert set(threads.values()) == {1}
    for answer in slack.answers():
        number = int(answer.thread[2:10])
        assert f"To “Question {number}?”" in answer.words and not answer.streaming


def test_many_follow_ups_in_one_thread_are_each_answered_once(tmp_path: Path) -> None:
    slack = SlackServer()
    slack.fail("chat.startStream", "500 done", "reset done", "timeout done")
    slack.hang_seconds = 0.3

    async def scene(desk: Desk) -> None:
        await desk.deliver(mention("Question 0?", "1700000001.000000"))
        for number in range(1, 12):
            await desk.deliver(
                message(f"Question {number}?", f"17000000{number:02d}.000001", thread_ts="1700000001.000000")
            )
        await answered(desk, 12)

    run(slack, tmp_path, scene, pace=Pace(request=0.2, pause=0.01, flush=0.0, update=0.0))
    words = [answer.words for answer in slack.answers("C1", "1700000001.000000")]
    assert len(words) == 12
    assert all(sum(f"To “Question {number}?”" in one for one in words) == 1 for number in range(12))
