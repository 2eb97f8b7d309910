"""A page of a PDF file as it was printed, with its quoted words marked; and the chat page over a real library."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from chat_script import Shown, wait
from fastapi import FastAPI
from live import serving
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from assistant.assistant import Assistant
from assistant.build import build_assistant
from ingest.embed import SentenceTransformerEmbedder
from ingest.errors import SourceError
from ingest.library import Library
from ingest.pictures import picture_of
from ingest.sandbox import environment
from ingest.settings import load_settings
from ui.chat import mount

SENTENCE = "An apprentice shipwright in Harstad earns $41,200 in the first year."
POSTING = "The lamp trimmer in Svolvaer earns $38,800 a year and works nights."
TABLE = (
    "---\ntitle: Ferry captain\nas_of: '2025'\n---\n\n# Ferry captain\n\n## Pay\n\n"
    "| Experience | Pay a year, 2025 |\n|---|---|\n| First year | $51,200 |\n| Five years | $64,900 |\n"
    "| Ten years | $80,100 |\n"
)


def printed(path: Path) -> None:
    canvas = Canvas(str(path), pagesize=A4)
    canvas.setTitle("Shipyard handbook")
    for number, words in enumerate(("What the yard builds: wooden ferries and rowing boats.", SENTENCE), 1):
        canvas.setFont("Helvetica-Bold", 16)
        canvas.drawString(72, 760, f"Chapter {number}")
        canvas.setFont("Helvetica", 11)
        canvas.drawString(72, 700, words[:45].rpartition(" ")[0])
        canvas.drawString(72, 684, words[:45].rpartition(" ")[2] + words[45:])
        canvas.showPage()
    canvas.save()


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory, embedder: SentenceTransformerEmbedder) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("yard")
    printed(folder / "handbook.pdf")
    (folder / "captain.md").write_text(TABLE, encoding="utf-8")
    library = Library.open(folder / "data", embedder)
    library.sync([str(folder / "handbook.pdf"), str(folder / "captain.md")])
    yield build_assistant(load_settings(data_dir=str(folder / "data"), env={}), library=library)
    library.close()


@pytest.fixture(scope="module")
def address(assistant: Assistant) -> Iterator[str]:
    app = FastAPI()

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {}

    with serving(mount(app, assistant)) as found:
        yield found


def source(assistant: Assistant, kind: str = "pdf") -> Any:
    return next(one for one in assistant.library.sources() if one.kind == kind)


def test_words_are_found_where_they_stand_on_the_printed_page(assistant: Assistant) -> None:
    picture = picture_of(source(assistant), 2, SENTENCE)
    assert picture.image.startswith("data:image/jpeg;base64,/9j/")
    assert len(picture.marks) == 2  # the sentence runs over two lines
    for (left, top, width, height), baseline in zip(picture.marks, (700, 684), strict=True):
        assert left == pytest.approx(72 / A4[0], abs=0.01)
        assert top < 1 - baseline / A4[1] < top + height
        assert 0 < width < 1 - left
        assert height < 0.03


def test_words_that_are_not_there_are_not_marked(assistant: Assistant) -> None:
    assert picture_of(source(assistant), 1, SENTENCE).marks == ()


def test_page_of_a_file_that_changed_or_went_is_refused_with_a_next_step(
    tmp_path: Path, library: Library, assistant: Assistant
) -> None:
    printed(tmp_path / "other.pdf")
    library.sync([str(tmp_path / "other.pdf")])
    (held,) = library.sources()
    with (tmp_path / "other.pdf").open("ab") as file:
        file.write(b"\n% more")
    with pytest.raises(SourceError, match="has changed since"):
        picture_of(held, 1, "ferries")
    (tmp_path / "other.pdf").unlink()
    with pytest.raises(SourceError, match="not where it was"):
        picture_of(held, 1, "ferries")
    with pytest.raises(SourceError, match="cannot be drawn"):
        picture_of(source(assistant), 77, "ferries")


def test_whoever_draws_is_told_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAREER_API_KEYS", "secret")
    assert "secret" not in environment().values()
    assert "PATH" in environment()


def test_answer_about_a_pdf_opens_its_page_with_the_words_marked(shown: Shown) -> None:
    shown.ask("What does an apprentice shipwright in Harstad earn?")
    card = shown.card(1)
    assert card.locator(".short mark").inner_text() == SENTENCE
    assert card.locator(".place").inner_text().startswith("p. 2")
    card.get_by_role("button", name="Show page 2").click()
    view = shown.page.locator("#view[open]")
    view.wait_for()
    assert view.locator("h2").inner_text() == "Shipyard handbook, page 2"
    shown.page.wait_for_function("document.querySelector('#view img')?.naturalWidth > 500")
    assert view.locator(".marked").count() == 2
    mark, page = view.locator(".marked").first.bounding_box(), view.locator("img").bounding_box()
    assert page["x"] < mark["x"] < page["x"] + page["width"] / 4


def test_pay_by_experience_is_drawn_and_followed_up(shown: Shown) -> None:
    first = shown.ask("What does a ferry captain earn in the first year?")
    assert "$51,200" in first.locator(".answer").inner_text()
    assert first.locator(".chart svg text.figure").all_text_contents() == ["$51,200", "$64,900", "$80,100"]
    second = shown.ask("And after ten years?")
    assert "$80,100" in second.locator(".answer").inner_text()
    assert second.locator(".searched").inner_text().startswith("Searched for \u201c")


def test_own_document_is_asked_about_in_its_conversation_only_and_goes_with_it(
    shown: Shown, assistant: Assistant, tmp_path: Path
) -> None:
    page, library = shown.page, assistant.library
    (tmp_path / "posting.md").write_text(f"# Lamp trimmer wanted\n\n{POSTING}\n", encoding="utf-8")
    page.locator("#attach").click()
    said = page.locator("#small[open]").inner_text()
    assert "this conversation only" in said
    assert "10 MB" in said
    assert "pdf" in said
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose files").click()
    chooser.value.set_files(str(tmp_path / "posting.md"))
    page.locator("#papers li", has_text="Lamp trimmer wanted").wait_for()
    answer = shown.ask("What does the lamp trimmer in Svolvaer earn?").locator(".answer").inner_text()
    assert "$38,800" in answer
    assert shown.card(1).locator("h3").inner_text() == "Lamp trimmer wanted"
    page.reload()
    page.locator("#papers li", has_text="Lamp trimmer wanted").wait_for()
    page.locator("#fresh").click()
    page.locator("#talk .welcome").wait_for()
    assert page.locator("#papers li").count() == 0
    other = shown.ask("What does the lamp trimmer in Svolvaer earn?")
    assert "$38,800" not in other.inner_text()
    owned = [one.owner for one in library.catalog.sources("s.owner <> ''")]
    assert len(owned) == 1
    page.locator("#menu").click()
    page.locator("#side .more").last.click()
    page.get_by_role("menuitem", name="Delete").click()
    page.locator("#small .sure").click()
    wait(lambda: not library.catalog.sources("s.owner <> ''"))
    wait(lambda: not list((library.folder / "uploads").rglob("posting*")))


def test_dropped_document_that_cannot_be_read_says_why_and_others_are_taken(shown: Shown, tmp_path: Path) -> None:
    page = shown.page
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7 this is none")
    (tmp_path / "notes.txt").write_text("Notes\n\nThe harbour master drinks tea at four.\n", encoding="utf-8")
    files = [str(tmp_path / "broken.pdf"), str(tmp_path / "notes.txt")]
    page.locator("#chooser").set_input_files(files)
    page.locator("#papers .failure").wait_for()
    assert page.locator("#papers .failure").inner_text() == (
        "broken.pdf is damaged or no PDF file. Open it and save it again."
    )
    page.locator("#papers li").wait_for()
    page.locator("#papers li [data-do=drop]").click()
    page.locator("#papers li").wait_for(state="detached")


def test_document_of_another_kind_or_size_is_refused_before_it_is_sent(shown: Shown, tmp_path: Path) -> None:
    (tmp_path / "song.mp3").write_bytes(b"x")
    shown.page.locator("#chooser").set_input_files(str(tmp_path / "song.mp3"))
    shown.page.locator("#toast.shown", has_text="song.mp3 cannot be read. Kinds: ").wait_for()
    (tmp_path / "long.txt").write_bytes(b"x" * 10_000_001)
    shown.page.locator("#chooser").set_input_files(str(tmp_path / "long.txt"))
    shown.page.locator("#toast.shown", has_text="long.txt is over 10 MB.").wait_for()
    assert shown.page.locator("#papers li").count() == 0


def test_only_what_was_uploaded_to_the_page_can_be_brought_in(shown: Shown, assistant: Assistant) -> None:
    before = len(assistant.library.catalog.sources("1"))
    with httpx.Client(base_url=shown.address, trust_env=False) as client:
        config = client.get("/config").json()
        (bring,) = [one for one in config["dependencies"] if any(target[1] == "bring" for target in one["targets"])]
        for files in ([{"path": "/etc/hosts", "name": "hosts.txt"}], [{"path": __file__}, {"path": 5}, "x"], 7):
            body = {
                "fn_index": bring["id"],
                "session_hash": "abc",
                "data": [None, ""],
                "event_data": {"files": files},
            }
            client.post("/gradio_api/run/predict", json=body)
    assert len(assistant.library.catalog.sources("1")) == before


def test_what_the_library_does_not_hold_is_refused_on_the_page(shown: Shown) -> None:
    refused = shown.ask("How many lighthouses stand in Portugal?")
    assert refused.locator(".note").inner_text() == "Not in the library"
    assert refused.locator("a.cite").count() == 0
