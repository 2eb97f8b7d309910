"""Stopping a server: what is open ends in time and says so, and nothing holds the process back."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import httpx
import pytest
from live import served, serving, waited_for
from openai_server import Script
from openai_server import serving as model_server
from test_api import ANSWER, ScriptedAssistant

from assistant.build import open_library
from assistant.types import Delta, Done, Event, Searching
from ingest.catalog import Catalog
from ingest.settings import load_settings
from ingest.uploads import settle
from ui.api import create_app

PAY = "# Pay\n\n## Nurses\n\nA nurse in Oslo earns 61,200 kroner a month.\n"
QUESTION = "What does a nurse in Oslo earn a month?"
BODIES: dict[str, dict[str, Any]] = {
    "/v1/ask": {"question": QUESTION},
    "/v1/chat/completions": {"messages": [{"role": "user", "content": QUESTION}]},
    "/v1/responses": {"input": QUESTION},
}


class Endless(ScriptedAssistant):
    """Answers a word at a time, or not at all, until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.let_go = threading.Event(), threading.Event()

    def stream(self, question: str, **how: Any) -> Iterator[Event]:
        yield Searching("slow")
        self.begun.set()
        if "silent" in question:
            self.let_go.wait(30)
        while not self.let_go.wait(0.02):
            yield Delta("word ")
        yield Done(ANSWER)


@pytest.fixture
def endless() -> Iterator[tuple[Endless, Any]]:
    assistant = Endless()
    yield assistant, create_app(cast(Any, assistant), load_settings(env={}))
    assistant.let_go.set()


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("how", ["speaking", "silent"])
def test_stream_that_would_be_cut_off_ends_with_an_error(endless: tuple[Endless, Any], path: str, how: str) -> None:
    assistant, app = endless
    body = json.loads(json.dumps(BODIES[path]).replace("nurse", how)) | {"stream": True}
    with serving(app) as address, httpx.stream("POST", address + path, json=body, timeout=30) as stream:
        assert assistant.begun.wait(20)
        app.state.stopping_for = lambda: 9.0
        said = "".join(stream.iter_text())
        assistant.let_go.set()
    name, last = _events(said)[-1]
    assert name == ("error" if path != "/v1/chat/completions" else "")
    assert "being stopped" in json.dumps(last) and "[DONE]" not in said and "completed" not in said
    assert ("message" in last) is (path == "/v1/ask")


def _events(text: str) -> list[tuple[str, Any]]:
    """Names and data of server-sent events."""
    found = []
    for block in text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
        found.append((fields.get("event", ""), json.loads(fields["data"])))
    return found


@pytest.mark.parametrize("path", BODIES)
def test_request_without_an_answer_yet_is_told_to_come_again(endless: tuple[Endless, Any], path: str) -> None:
    assistant, app = endless
    with serving(app) as address:
        threading.Timer(1.0, lambda: setattr(app.state, "stopping_for", lambda: 9.0)).start()
        body = json.loads(json.dumps(BODIES[path]).replace("nurse", "silent"))
        answer = httpx.post(address + path, json=body, timeout=30)
        assistant.let_go.set()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "being stopped" in answer.json()["error"]["message"]
    assert answer.headers["x-request-id"] and answer.headers["content-security-policy"]


def test_answer_that_ends_in_time_is_whole(endless: tuple[Endless, Any]) -> None:
    assistant, app = endless
    body = BODIES["/v1/ask"] | {"stream": True}
    with serving(app) as address, httpx.stream("POST", f"{address}/v1/ask", json=body, timeout=30) as stream:
        assert assistant.begun.wait(20)
        app.state.stopping_for = lambda: 1.0
        threading.Timer(0.7, assistant.let_go.set).start()
        said = "".join(stream.iter_text())
    assert _events(said)[-1][0] == "done"


# The process itself


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stopping")
    (folder / "pay.md").write_text(PAY)
    command = [sys.executable, "-m", "ui.cli", "--data", str(folder / "data"), "ingest", str(folder / "pay.md")]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "data"


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_server_that_is_still_loading_its_models_stops_at_once(data: Path, sent: signal.Signals, code: int) -> None:
    _, process = served(data)
    process.send_signal(sent)
    _, told = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in told) == (code, False)


def test_server_ends_its_streams_and_itself_while_a_model_goes_on_for_minutes(data: Path) -> None:
    script = Script(["A nurse ", *["earns "] * 200], pause=1.0)
    with model_server(script) as model:
        env = {"CAREER_MODEL": "openai:m", "CAREER_MODEL_BASE_URL": model, "OPENAI_API_KEY": "none"}
        address, process = served(data, **env)
        waited_for(f"{address}/readyz")
        said: dict[str, Any] = {}

        def ask(path: str, stream: bool) -> None:
            answer = httpx.post(address + path, json=BODIES[path] | {"stream": stream}, timeout=100)
            said[f"{path} {stream}"] = (answer.status_code, answer.text)

        asking = [threading.Thread(target=ask, args=(path, stream)) for path in BODIES for stream in (True, False)]
        for one in asking:
            one.start()
        until = time.monotonic() + 60
        while len(script.requests) < len(asking):
            assert time.monotonic() < until
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=60)
        for one in asking:
            one.join(20)
    assert process.returncode == 143
    for path in BODIES:
        assert said[f"{path} True"][0] == 200 and "being stopped" in said[f"{path} True"][1].split("\n\n")[-2]
        assert said[f"{path} False"][0] == 503
    # What was cut off is not kept, neither half nor whole.
    kept = [sys.executable, "-c", "from assistant.conversation import Conversations as C; from pathlib import Path; "
            f"print(len(C(Path({str(data)!r}) / 'conversations.db').every_turn()))"]  # fmt: skip
    assert subprocess.run(kept, capture_output=True, text=True, check=True).stdout.strip() == "0"


# Documents


def test_upload_and_ingest_that_the_server_is_stopped_in_leave_nothing_half_written(data: Path, tmp_path: Path) -> None:
    data = Path(shutil.copytree(data, tmp_path / "data"))
    address, process = served(data)
    waited_for(f"{address}/readyz")
    before = held_in(data)
    parts = urlsplit(address)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=60) as slow:
        # A file that is never sent to its end, and one that takes minutes to be read.
        slow.sendall(
            b"POST /v1/sources HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\n"
            b'Content-Length: 900000\r\n\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="s.md"\r\n\r\n'
            + b"A keeper earns 5 kronor. "
            * 1_000
        )
        ended: list[int | str] = []
        sending = threading.Thread(target=lambda: ended.append(sent(address, long_text())))
        sending.start()
        until = time.monotonic() + 60
        while not list(data.glob("uploads/*/files/long.md")):
            assert time.monotonic() < until
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=60)
        # An answer, or a connection that ends.
        answer = slow.recv(1_000)
    sending.join(20)
    assert process.returncode == 143 and "Traceback" not in told
    assert answer == b"" or b" 503 " in answer.split(b"\r\n")[0]
    assert ended in ([503], ["closed"])
    assert "is whole" in run(data, "check") and held_in(data) == before
    # The file that was being brought in when the process ended goes when a server begins.
    with closing(open_library(load_settings(data_dir=str(data), env={}))) as library:
        settle(library)
    assert [path for path in data.glob("uploads/**/*") if path.is_file() and path.name != "write.lock"] == []


def held_in(data: Path) -> list[tuple[str, int]]:
    """Title and passages of everything in a library."""
    with closing(Catalog(data / "catalog.db")) as catalog:
        return [(source.title, source.passages) for source in catalog.sources()]


def run(data: Path, *arguments: str) -> str:
    """What a command says."""
    command = [sys.executable, "-m", "ui.cli", "--data", str(data), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def long_text() -> bytes:
    """A document whose embedding takes longer than a server may take to stop."""
    return "\n\n".join(
        f"# Part {n}\n\nKeeper {n} of lighthouse {n * 7} earns {n * 13} kronor." for n in range(9_000)
    ).encode()


def sent(address: str, content: bytes) -> int | str:
    """The status that an upload gets, or that its connection was closed."""
    try:
        return httpx.post(f"{address}/v1/sources", files={"file": ("long.md", content)}, timeout=100).status_code
    except httpx.TransportError:
        return "closed"
