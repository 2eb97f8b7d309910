"""Sources, conversations and feedback over HTTP: what is whose, and what cannot be done to others' things."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from assistant.build import build_assistant
from ingest.settings import load_settings
from ui.api import create_app
from ui.guard import owner_of
from ui.limits import MAX_UPLOAD

ENTRY = "What does an entry-level machine learning engineer earn?"
NOTE = (
    b"# Lighthouse keepers\n\nA lighthouse keeper in Iceland earns 61,200 kronor a week, which was the rate in 2025.\n"
)


@pytest.fixture(scope="module")
def client(bundled_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = Path(shutil.copytree(bundled_data_dir, tmp_path_factory.mktemp("library") / "data"))
    settings = load_settings(data_dir=str(folder), env={"CAREER_API_KEYS": "mine,theirs"})
    assistant = build_assistant(settings)
    yield TestClient(create_app(assistant, settings))
    assistant.library.close()


MINE, THEIRS = {"X-API-Key": "mine"}, {"X-API-Key": "theirs"}


def upload(client: TestClient, name: str, content: bytes, headers: dict[str, str] = MINE) -> dict[str, object]:
    answer = client.post("/v1/sources", files={"file": (name, content)}, headers=headers)
    return {"status": answer.status_code, **answer.json()}


# Sources


QUESTION = {"question": "What does a lighthouse keeper in Iceland earn a week?"}


def test_uploaded_document_is_asked_by_its_key_alone_then_taken_out(client: TestClient) -> None:
    before = {headers["X-API-Key"]: everything_seen(client, headers) for headers in (MINE, THEIRS)}
    brought = upload(client, "keepers.md", NOTE)
    assert brought["status"] == 201
    assert brought["report"] == "1 new, 0 changed, 0 removed, 0 unchanged, 0 failed"
    (source,) = brought["sources"]  # type: ignore[misc]
    assert source["visible_to"] == "you"
    answer = client.post("/v1/ask", json=QUESTION, headers=MINE).json()
    assert "61,200" in answer["answer"] and answer["citations"][0]["source_id"] == source["source_id"]
    verified = {"sentence": "A lighthouse keeper in Iceland earns 61,200 kronor a week."}
    assert client.post("/v1/verify", json=verified, headers=MINE).json()["supported"]
    assert not client.post("/v1/verify", json=verified, headers=THEIRS).json()["supported"]
    assert everything_seen(client, THEIRS) == before["theirs"]

    passage = f"/v1/passages/{answer['citations'][0]['passage_id']}"
    assert "61,200" in client.get(passage, headers=MINE).json()["text"]
    assert same_refusal(client, "GET", passage, "/v1/passages/absent")
    path = f"/v1/sources/{source['source_id']}"
    assert same_refusal(client, "DELETE", path, "/v1/sources/absent")
    assert client.delete(path, headers=MINE).status_code == 204
    assert everything_seen(client, MINE) == before["mine"]
    assert upload(client, "keepers.md", NOTE)["status"] == 201
    client.delete(path, headers=MINE)


def everything_seen(client: TestClient, headers: dict[str, str]) -> list[object]:
    """What a key gets that could tell of a document: answers, hits with their scores, the list of sources."""
    answer = client.post("/v1/ask", json=QUESTION, headers=headers).json()
    varying = {"turn_id": "", "conversation_id": "", "timings_ms": ""}
    hits = client.post("/v1/search", json={"query": "lighthous keeper in Icelnd 61,200", "k": 50}, headers=headers)
    return [answer | varying, hits.json(), client.get("/v1/sources", headers=headers).json()]


def same_refusal(client: TestClient, method: str, foreign: str, absent: str) -> bool:
    """Whether what is somebody else's and what is nowhere answer the same 404."""
    answers = [client.request(method, path, headers=THEIRS) for path in (foreign, absent)]
    said = [answer.json()["error"] | {"request_id": ""} for answer in answers]
    return [answer.status_code for answer in answers] == [404, 404] and said[0] == said[1]


def test_document_of_a_conversation_is_found_in_it_alone_and_goes_with_it(client: TestClient) -> None:
    form, note = {"conversation_id": "c-lighthouse"}, NOTE.replace(b"61,200", b"64,700")
    brought = client.post("/v1/sources", files={"file": ("keepers.md", note)}, data=form, headers=MINE).json()
    (source,) = brought["sources"]
    assert source["visible_to"] == "one conversation"

    def asked(headers: dict[str, str], **more: str) -> dict[str, object]:
        answer: dict[str, object] = client.post("/v1/ask", json=QUESTION | more, headers=headers).json()
        return answer

    assert "64,700" in str(asked(MINE, **form)["answer"])
    assert not [one for one in (asked(MINE), asked(THEIRS), asked(THEIRS, **form)) if "64,700" in str(one["answer"])]
    query = {"query": "lighthouse keeper", **form}
    hits = [client.post("/v1/search", json=query, headers=one).json()["hits"] for one in (MINE, THEIRS)]
    assert [source["source_id"] in {hit["source_id"] for hit in one} for one in hits] == [True, False]
    verified = {"sentence": "A lighthouse keeper in Iceland earns 64,700 kronor a week.", **form}
    verdicts = [client.post("/v1/verify", json=verified, headers=one).json() for one in (MINE, THEIRS)]
    assert [one["supported"] for one in verdicts] == [True, False]
    listed = [client.get("/v1/sources", params=form, headers=one).text for one in (MINE, THEIRS)]
    assert [source["source_id"] in one for one in listed] == [True, False]
    assert source["source_id"] not in client.get("/v1/sources", headers=MINE).text
    passage = f"/v1/passages/{hits[0][0]['passage_id']}"
    assert client.get(passage, headers=MINE).status_code == 200
    assert same_refusal(client, "GET", passage, "/v1/passages/absent")
    assert same_refusal(client, "DELETE", f"/v1/sources/{source['source_id']}", "/v1/sources/absent")

    assert client.delete("/v1/conversations/c-lighthouse", headers=THEIRS).status_code in (204, 404)
    assert "64,700" in str(asked(MINE, **form)["answer"])
    assert client.delete("/v1/conversations/c-lighthouse", headers=MINE).status_code == 204
    assert client.get(passage, headers=MINE).status_code == 404
    assert "64,700" not in str(asked(MINE, **form)["answer"])
    folder = client.app.state.assistant.library.folder  # type: ignore[attr-defined]
    assert not [path for path in folder.rglob("*") if path.is_file() and b"64,700 kronor" in path.read_bytes()]


def test_conversation_with_a_document_and_no_question_can_be_deleted(client: TestClient) -> None:
    form = {"conversation_id": "c-silent"}
    client.post("/v1/sources", files={"file": ("keepers.md", NOTE)}, data=form, headers=MINE)
    assert client.delete("/v1/conversations/c-silent", headers=MINE).status_code == 204
    assert client.delete("/v1/conversations/c-silent", headers=MINE).status_code == 404


def test_second_file_of_a_name_takes_the_place_of_the_first(client: TestClient) -> None:
    upload(client, "keepers.md", NOTE)
    again = upload(client, "keepers.md", NOTE.replace(b"61,200", b"70,000"))
    assert again["report"] == "0 new, 1 changed, 0 removed, 0 unchanged, 0 failed"
    broken = upload(client, "keepers.md", b"")
    assert broken["status"] == 400 and "empty" in str(broken["error"])
    found = client.post("/v1/search", json={"query": "lighthouse keeper Iceland"}, headers=MINE).json()
    assert "70,000" in found["hits"][0]["text"]
    client.delete(f"/v1/sources/{found['hits'][0]['source_id']}", headers=MINE)


def test_id_of_a_conversation_is_limited(client: TestClient) -> None:
    for form in ({"data": {"conversation_id": "c" * 201}, "files": {"file": ("a.md", NOTE)}},
                 {"json": {"url": "https://example.org/", "conversation_id": "c" * 201}}):  # fmt: skip
        assert client.post("/v1/sources", headers=MINE, **form).status_code == 400  # type: ignore[arg-type]


def test_same_name_of_another_key_is_another_document(client: TestClient) -> None:
    one = upload(client, "keepers.md", NOTE)
    other = upload(client, "keepers.md", NOTE.replace(b"Iceland", b"Norway"), THEIRS)
    assert one["sources"][0]["source_id"] != other["sources"][0]["source_id"]  # type: ignore[index]
    for headers, made in ((MINE, one), (THEIRS, other)):
        path = f"/v1/sources/{made['sources'][0]['source_id']}"  # type: ignore[index]
        assert client.delete(path, headers=headers).status_code == 204


def test_bundled_documents_cannot_be_taken_out_with_a_key(client: TestClient) -> None:
    (first, *_) = client.get("/v1/sources", headers=MINE).json()["sources"]
    assert client.delete(f"/v1/sources/{first['source_id']}", headers=MINE).status_code == 404


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.exe", b"MZ", "No reader takes"),
        ("a.md", b"", "empty"),
        ("a.pdf", b"%PDF-1.4 broken", "damaged"),
        ("a.docx", b"no archive", "damaged"),
        ("../../../etc/cron.d/evil", b"* * * * * root true", "No reader takes"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(
    client: TestClient, name: str, content: bytes, said: str
) -> None:
    answer = upload(client, name, content)
    assert answer["status"] == 400
    assert said in str(answer["error"])
    assert "/uploads/" not in json.dumps(answer)


@pytest.mark.parametrize(
    "name", ["../../escape.md", "..\\..\\escape.md", "/abs/escape.md", "escape.md\x00.png", ".escape.md", "~$escape.md"]
)
def test_names_lead_nowhere_else(client: TestClient, name: str, tmp_path: Path) -> None:
    library = client.app.state.assistant.library  # type: ignore[attr-defined]
    before = {path for path in library.folder.parent.rglob("*") if "uploads" not in path.parts and path.is_file()}
    answer = upload(client, name, NOTE)
    after = {path for path in library.folder.parent.rglob("*") if "uploads" not in path.parts and path.is_file()}
    assert {path for path in after - before if path.suffix == ".md"} == set()
    if answer["status"] == 201:
        client.delete(f"/v1/sources/{answer['sources'][0]['source_id']}", headers=MINE)  # type: ignore[index]


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "/etc/passwd", "gopher://127.0.0.1", "http://127.0.0.1:1/", "http://localhost:1/",
        "http://[::1]:1/", "http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/", "http://0x7f000001/",
        "http://2130706433/", "http://[::ffff:127.0.0.1]/", "http://user:pass@127.0.0.1/", "ftp://example.org/",
    ],
)  # fmt: skip
def test_addresses_that_lead_inside_are_refused(client: TestClient, url: str) -> None:
    answer = client.post("/v1/sources", json={"url": url}, headers=MINE)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"url": 5}', b"\xff", b'{"url": ""}'])
def test_bodies_that_name_nothing_are_refused(client: TestClient, body: bytes) -> None:
    headers = {**MINE, "content-type": "application/json"}
    assert client.post("/v1/sources", content=body, headers=headers).status_code == 400


def test_form_without_a_file_is_refused(client: TestClient) -> None:
    assert client.post("/v1/sources", data={"x": "y"}, files={"other": b"z"}, headers=MINE).status_code == 400
    broken = {**MINE, "content-type": "multipart/form-data; boundary=x"}
    assert client.post("/v1/sources", content=b"--y\r\n", headers=broken).status_code == 400


def test_upload_over_the_limit_ends_at_the_limit(client: TestClient) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.md"\r\n\r\n'
        for _ in range(2 * MAX_UPLOAD // 1_000_000):
            sent += 1_000_000
            yield b"x" * 1_000_000

    headers = {**MINE, "content-type": "multipart/form-data; boundary=b"}
    answer = client.post("/v1/sources", content=endless(), headers=headers)
    assert answer.status_code == 413
    declared = client.post("/v1/sources", content=b"x", headers={**headers, "content-length": str(MAX_UPLOAD + 1)})
    assert declared.status_code == 413


# Conversations and feedback


def test_conversation_is_listed_read_exported_and_forgotten(client: TestClient) -> None:
    first = client.post("/v1/ask", json={"question": ENTRY}, headers=MINE).json()
    name = first["conversation_id"]
    client.post("/v1/ask", json={"question": "And late career?", "conversation_id": name}, headers=MINE)
    (listed,) = [
        one
        for one in client.get("/v1/conversations", headers=MINE).json()["conversations"]
        if one["conversation_id"] == name
    ]
    assert (listed["title"], listed["turns"]) == (ENTRY, 2)
    turns = client.get(f"/v1/conversations/{name}", headers=MINE).json()["turns"]
    assert [turn["question"] for turn in turns] == [ENTRY, "And late career?"]
    assert turns[0]["answer"] == first

    markdown = client.get(f"/v1/conversations/{name}/export", headers=MINE)
    assert markdown.headers["content-type"].startswith("text/markdown")
    assert "attachment" in markdown.headers["content-disposition"]
    assert f"## {ENTRY}" in markdown.text and "$105,418" in markdown.text and "[1]" in markdown.text
    exported = client.get(f"/v1/conversations/{name}/export?format=json", headers=MINE)
    assert exported.json()["turns"] == turns
    assert client.get(f"/v1/conversations/{name}/export?format=exe", headers=MINE).status_code == 422

    assert client.delete(f"/v1/conversations/{name}", headers=MINE).status_code == 204
    assert client.get(f"/v1/conversations/{name}", headers=MINE).status_code == 404


def test_everything_of_another_owner_looks_absent(client: TestClient) -> None:
    first = client.post("/v1/ask", json={"question": ENTRY}, headers=MINE).json()
    name = first["conversation_id"]
    paths = [
        ("GET", "/v1/conversations/{}"), ("DELETE", "/v1/conversations/{}"), ("GET", "/v1/conversations/{}/export"),
        ("GET", "/v1/conversations/{}/export?format=json"),
    ]  # fmt: skip
    for method, path in paths:
        foreign = client.request(method, path.format(name), headers=THEIRS)
        absent = client.request(method, path.format("0" * 32), headers=THEIRS)
        assert foreign.status_code == absent.status_code == 404
        hidden = [answer.json()["error"] | {"request_id": ""} for answer in (foreign, absent)]
        assert hidden[0] == hidden[1]
    rated = [
        client.post("/v1/feedback", json={"turn_id": turn, "rating": "up"}, headers=THEIRS)
        for turn in (first["turn_id"], "0" * 32)
    ]
    assert [answer.status_code for answer in rated] == [404, 404]
    assert client.get(f"/v1/conversations/{name}", headers=MINE).status_code == 200
    assert name not in client.get("/v1/conversations", headers=THEIRS).text
    # Their question in my conversation begins one of their own.
    theirs = client.post("/v1/ask", json={"question": "And late career?", "conversation_id": name}, headers=THEIRS)
    assert theirs.json()["conversation_id"] != name


def test_last_rating_of_an_answer_holds(client: TestClient) -> None:
    first = client.post("/v1/ask", json={"question": ENTRY}, headers=MINE).json()
    for rating in ("up", "down"):
        answer = client.post(
            "/v1/feedback", json={"turn_id": first["turn_id"], "rating": rating, "comment": "x"}, headers=MINE
        )
        assert answer.json() == {"turn_id": first["turn_id"], "rating": rating}
    for bad in ({"rating": "up"}, {"turn_id": "x", "rating": "sideways"}, {"turn_id": "x", "rating": "up", "more": 1}):
        assert client.post("/v1/feedback", json=bad, headers=MINE).status_code == 422
    assert 'career_feedback_total{rating="down"}' in client.get("/metrics", headers=MINE).text


def test_exported_words_are_no_markup(client: TestClient) -> None:
    question = "What do engineers earn? <script>x</script> ![a](http://evil.example/a.png)\n# Heading"
    name = client.post("/v1/ask", json={"question": question}, headers=MINE).json()["conversation_id"]
    text = client.get(f"/v1/conversations/{name}/export", headers=MINE).text
    assert "<script>" not in text.replace("\\<script\\>", "") and "![a]" not in text
    assert not [line for line in text.splitlines() if line.startswith("# ")]


def test_metrics_count_answers_and_tell_no_words(client: TestClient) -> None:
    client.post("/v1/ask", json={"question": "What is paid to wizards of Oz?"}, headers=MINE)
    text = client.get("/metrics", headers=MINE).text
    assert 'career_answers_total{answered_by="extractive",outcome="not_found"}' in text
    assert 'career_step_seconds_count{step="search"}' in text
    assert 'route="/v1/ask",status="200"' in text
    assert "wizards" not in text and "mine" not in text
    assert client.get("/metrics").status_code == 401


def test_file_that_a_process_was_ended_over_gives_its_place_back(client: TestClient, tmp_path: Path) -> None:
    from ingest.uploads import settle

    library = client.app.state.assistant.library  # type: ignore[attr-defined]
    first = upload(client, "keepers.md", NOTE)
    (kept,) = [one for one in library.folder.glob("uploads/*/files/keepers.md") if one.read_bytes() == NOTE]
    base = kept.parent.parent
    # As a process leaves them that is ended before the library holds the new file.
    (base / "coming").write_text(json.dumps(["keepers.md", owner_of(MINE["X-API-Key"])]))
    (base / "before").write_bytes(NOTE)
    kept.write_bytes(NOTE.replace(b"61,200", b"70,000"))
    (base / "part").write_bytes(b"half")
    settle(library)
    assert kept.read_bytes() == NOTE
    assert {path.name for path in base.iterdir()} <= {"files", "write.lock"}
    # And as one leaves them that is ended after that: the library holds the new file.
    (base / "coming").write_text(json.dumps(["keepers.md", owner_of(MINE["X-API-Key"])]))
    (base / "before").write_bytes(b"# Older\n\nAn older text.\n")
    settle(library)
    assert kept.read_bytes() == NOTE and not (base / "before").exists()
    client.delete(f"/v1/sources/{first['sources'][0]['source_id']}", headers=MINE)  # type: ignore[index]
