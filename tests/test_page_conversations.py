"""Past conversations, editing, thumbs, files and faces of the chat page, in a real browser; who answers is scripted."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from chat_script import BEGUN, EVIL, FIRST, PHONE, ScriptedAssistant, Shown, wait


def sidebar(shown: Shown) -> Any:
    if shown.page.locator("#menu").get_attribute("aria-expanded") != "true":
        shown.page.locator("#menu").click()
    side = shown.page.locator("#side")
    side.locator("#look").wait_for()
    return side


def titles(shown: Shown) -> list[str]:
    found: list[str] = sidebar(shown).locator(".talked").all_inner_texts()
    return found


def choose(shown: Shown, title: str, choice: str) -> None:
    sidebar(shown).get_by_role("button", name=f"More for: {title}").click()
    shown.page.get_by_role("menuitem", name=choice).click()


def test_past_conversations_are_listed_found_opened_renamed_and_deleted(shown: Shown) -> None:
    shown.ask("What do they earn?")
    shown.page.locator("#fresh").click()
    shown.page.locator("#talk .welcome").wait_for()
    shown.ask("jobs on the moon?")
    wait(lambda: titles(shown) == ["jobs on the moon?", "What do they earn?"])
    sidebar(shown).locator("#look").fill("production")  # a word of the first answer
    wait(lambda: titles(shown) == ["What do they earn?"])
    sidebar(shown).locator("#look").fill("")
    wait(lambda: len(titles(shown)) == 2)
    choose(shown, "What do they earn?", "Rename")
    shown.page.locator("#small input").fill("Pay, first look")
    shown.page.keyboard.press("Enter")
    wait(lambda: titles(shown) == ["jobs on the moon?", "Pay, first look"])
    sidebar(shown).get_by_role("button", name="Pay, first look", exact=True).click()
    shown.page.locator("#turn-1 a.cite").first.wait_for()
    choose(shown, "Pay, first look", "Delete")
    shown.page.locator("#small .sure").click()
    shown.page.locator("#talk .welcome").wait_for()
    wait(lambda: titles(shown) == ["jobs on the moon?"])
    shown.page.reload()
    shown.page.locator("#talk .welcome").wait_for()
    wait(lambda: titles(shown) == ["jobs on the moon?"])


def test_somebody_elses_conversations_are_not_listed(shown: Shown, browser: Any) -> None:
    shown.ask("What do they earn?")
    other = Shown(browser.new_context().new_page(), shown.address)
    other.open()
    assert titles(other) == []
    other.page.context.close()


def test_conversation_is_taken_along_as_markdown_and_as_json(shown: Shown) -> None:
    shown.ask("What do they earn?")
    with shown.page.expect_download() as download:
        choose(shown, "What do they earn?", "Export as Markdown")
    text = Path(download.value.path()).read_text(encoding="utf-8")
    assert download.value.suggested_filename == "conversation.md"
    assert text.startswith("## What do they earn?")
    assert '"Entry level: $105,418 a year."' in text
    with shown.page.expect_download() as download:
        choose(shown, "What do they earn?", "Export as JSON")
    turns = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))["turns"]
    assert [turn["answer"]["answer"] for turn in turns] == [FIRST]


def test_printed_conversation_shows_every_source_and_no_buttons(shown: Shown) -> None:
    shown.ask("What do they earn?")
    shown.ask("And at senior level?")
    shown.page.emulate_media(media="print")
    assert shown.card(2, turn=1).is_visible()
    assert shown.card(1, turn=2).is_visible()
    for selector in ("#composer", "#side", "#turn-1 .tools", "#turn-2 .after", "#turn-2 .next", "#fresh"):
        assert not shown.page.locator(selector).is_visible()


def test_edited_question_takes_the_place_of_the_old_one_and_of_those_after(
    shown: Shown, assistant: ScriptedAssistant
) -> None:
    shown.ask("What do they earn?")
    shown.ask("And at senior level?")
    shown.page.locator("#turn-2 .asked").hover()
    shown.page.locator("#turn-2 [data-edit]").click()
    box = shown.page.locator("#question textarea")
    wait(lambda: box.input_value() == "And at senior level?")
    box.fill("jobs on the moon?")
    box.press("Enter")
    shown.page.locator("#turn-2.done .note", has_text="Not in the library").wait_for()
    assert [turn.question for turn in assistant.told[-1] or []] == ["What do they earn?"]
    assert box.input_value() == ""
    shown.page.reload()
    shown.page.locator("#turn-2.done").wait_for()
    assert shown.page.locator("#talk .exchange").count() == 2
    assert "moon" in shown.page.locator("#turn-2 .question").inner_text()


def test_escape_leaves_a_question_as_it_was(shown: Shown) -> None:
    shown.ask("What do they earn?")
    box = shown.page.locator("#question textarea")
    box.press("ArrowUp")
    wait(lambda: box.input_value() == "What do they earn?")
    shown.page.locator("#editing").wait_for()
    box.press("Escape")
    wait(lambda: box.input_value() == "")
    assert not shown.page.locator("#editing").is_visible()
    shown.ask("And at senior level?")
    assert shown.page.locator("#talk .exchange").count() == 2


def test_asking_again_keeps_the_old_answer_until_there_is_a_new_one(shown: Shown, assistant: ScriptedAssistant) -> None:
    shown.ask("What do they earn?")
    before = len(assistant.asked)
    shown.page.locator("#turn-1 .after [data-retry]").click()
    wait(lambda: len(assistant.asked) == before + 1)
    shown.page.locator("#turn-1.done").wait_for()
    shown.page.reload()
    shown.page.locator("#turn-1.done").wait_for()
    assert shown.page.locator("#talk .exchange").count() == 1


def test_failed_answer_can_be_tried_again(shown: Shown, assistant: ScriptedAssistant) -> None:
    before = len(assistant.asked)
    shown.ask("broken?", "failed").locator("[data-retry]").first.click()
    wait(lambda: len(assistant.asked) == before + 2)
    shown.page.locator("#turn-1.failed").wait_for()
    assert shown.page.locator("#talk .exchange").count() == 1


def test_thumb_and_word_reach_the_store_and_survive_reload(shown: Shown, assistant: ScriptedAssistant) -> None:
    shown.ask("What do they earn?")
    shown.page.locator("[data-rate=down]").click()
    shown.page.locator("#small input").fill("Too long")
    shown.page.keyboard.press("Enter")
    wait(lambda: assistant.conversations.every_turn()[-1].comment == "Too long")
    assert assistant.conversations.every_turn()[-1].rating == "down"
    # The page hears of it a moment after the store.
    wait(lambda: shown.page.locator("[data-rate=down]").get_attribute("aria-pressed") == "true")
    shown.page.reload()
    shown.page.locator("[data-rate=down][aria-pressed=true]").wait_for()


def test_answer_is_copied_with_its_sources(shown: Shown) -> None:
    shown.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    shown.ask("What do they earn?")
    shown.page.locator("#turn-1 .copy").click()
    shown.page.locator("#toast.shown").wait_for()
    copied = shown.page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"What do they earn?\n\n{FIRST}\n\n[1] Salary guide 2024, ")
    assert '[2] Two jobs side by side, Differences, Labor Bureau, May 2024 https://example.org/x: "A machine' in copied


def test_link_to_a_question_asks_it_in_a_conversation_of_its_own(shown: Shown, browser: Any) -> None:
    shown.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    shown.ask("What do they earn?")
    shown.page.locator("#turn-1 .asked").hover()
    shown.page.locator("#turn-1 [data-share]").click()
    shown.page.locator("#toast.shown").wait_for()
    link = shown.page.evaluate("navigator.clipboard.readText()")
    assert link == f"{shown.address}/?q=What%20do%20they%20earn%3F"
    other = Shown(browser.new_context().new_page(), link)
    other.open()
    other.page.locator("#turn-1.done a.cite").first.wait_for()
    assert "?q=" not in other.page.url
    other.page.reload()
    other.page.locator("#turn-1.done").wait_for()
    assert other.page.locator("#talk .exchange").count() == 1
    other.page.goto(f"{shown.address}/?q={EVIL}")
    other.page.locator("#turn-1.done .question", has_text="<script>").wait_for()
    assert other.page.evaluate("window.hit") is None
    other.page.context.close()


def test_answer_that_is_being_written_goes_on_across_a_reload(shown: Shown, assistant: ScriptedAssistant) -> None:
    assistant.released.clear()
    shown.ask("slow: what do they earn?", "writing")
    shown.page.reload()
    shown.page.locator("#turn-1.writing").wait_for()
    assistant.released.set()
    shown.page.locator("#turn-1.done a.cite").first.wait_for()


def test_conflicting_figures_stand_side_by_side_newest_first(shown: Shown) -> None:
    exchange = shown.ask("pay by city?")
    rows = exchange.locator(".beside tbody tr")
    assert [row.split("\t")[0] for row in rows.all_inner_texts()] == ["$172,678 2", "$179,061 1"]
    assert "A Board \u00b7 2026" in rows.first.inner_text()
    rows.first.locator("a.cite").click()
    shown.page.locator("#source-1-2.lit").wait_for()


def test_chart_is_drawn_from_the_cited_table_with_its_figures_beside_and_can_be_taken(shown: Shown) -> None:
    exchange = shown.ask("pay by city?")
    chart = exchange.locator("details.chart")
    assert not chart.locator("svg").is_visible()
    chart.locator("summary").first.click()
    assert chart.locator("svg text.figure").all_text_contents() == ["$179,061", "$184,982", "$173,517"]
    assert chart.locator("svg .cited text").first.text_content() == "San Francisco"
    widths = [float(bar.get_attribute("width").rstrip("%")) for bar in chart.locator("svg .bar").all()]
    assert widths == pytest.approx([179061 / 184982 * 100, 100, 173517 / 184982 * 100], abs=0.01)
    chart.get_by_text("As a table").click()
    assert [row.split("\t")[:2] for row in chart.locator("tbody tr").all_inner_texts()][1] == ["New York", "$184,982"]
    with shown.page.expect_download() as download:
        chart.get_by_role("button", name="Figures").click()
    lines = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert lines[1:3] == ['San Francisco,"$179,061"', 'New York,"$184,982"']
    with shown.page.expect_download() as download:
        chart.get_by_role("button", name="Picture").click()
    drawn = Path(download.value.path()).read_text(encoding="utf-8")
    assert re.match("<svg[^>]* xmlns=", drawn)
    assert all(figure in drawn for figure in ("$179,061", "$184,982", "Labor Bureau, 2024"))
    shown.ask("And at senior level?")
    assert chart.locator("svg").is_visible()


def test_doubtful_sentence_looks_different_and_says_why(shown: Shown) -> None:
    exchange = shown.ask("doubt?")
    assert exchange.locator(".answer .unsure").inner_text() == "They earn $120,000 in Ohio. 1"
    assert exchange.locator(".answer .doubt").inner_text() == "not confirmed by its source"
    reason = exchange.locator(".unverified .reason").inner_text()
    assert reason == "Its source does not hold \u201c$120,000\u201d, \u201cOhio\u201d."
    assert exchange.locator(".by").inner_text() == "Written by openai:a-model"


def test_old_and_overdue_sources_say_so(shown: Shown) -> None:
    shown.ask("What do they earn?")
    assert shown.card(2).locator(".stale").inner_text() == (
        "Was due for review on 31 January 2025: newer facts may exist."
    )


def test_table_in_an_answer_is_a_table(shown: Shown) -> None:
    exchange = shown.ask("as a table?")
    assert exchange.locator(".answer th").all_inner_texts() == ["About", "Statement"]
    assert exchange.locator(".answer td").all_inner_texts() == ["Pay", "Entry level: $105,418 a year. 1"]


def test_library_view_says_what_it_holds_how_fresh_and_who_says_what(shown: Shown) -> None:
    shown.page.locator("#header .held").click()
    view = shown.page.locator("#view[open]")
    view.wait_for()
    assert view.locator("h2").inner_text() == "The library"
    assert view.locator(".tiles dd").first.inner_text() == "5"
    assert "31 January 2025, past" in view.inner_text()
    view.locator(".sift").fill("two jobs")
    assert view.locator("table.sifted tbody tr:visible").count() == 1
    shown.page.keyboard.press("Escape")  # empties the field
    shown.page.keyboard.press("Escape")
    view.wait_for(state="hidden")
    shown.ask("What do they earn?")
    assert not view.is_visible()


def test_evaluation_view_shows_the_accepted_run_and_what_it_got_wrong(shown: Shown) -> None:
    sidebar(shown).get_by_role("button", name="Evaluation").click()
    view = shown.page.locator("#view[open]")
    view.wait_for()
    # Runs kept in the working folder, such as the gate's, stand before it.
    assert view.locator("thead").first.locator("th").last.inner_text().startswith("accepted with this version")
    view.locator("summary").last.click()
    assert view.locator("details").last.locator("tbody tr").count() > 0


def test_chosen_face_stays_across_a_reload(shown: Shown) -> None:
    ground = "getComputedStyle(document.querySelector('.gradio-container')).backgroundColor"
    shown.page.locator("#face").click()
    wait(lambda: shown.page.evaluate(ground) == "rgb(22, 25, 28)")
    shown.page.reload()
    shown.page.wait_for_function(BEGUN)
    wait(lambda: shown.page.evaluate(ground) == "rgb(22, 25, 28)")


def test_lost_server_is_said_and_its_return_too(shown: Shown) -> None:
    trouble = shown.page.locator("#trouble")
    shown.page.context.set_offline(True)
    trouble.wait_for()
    assert "no network" in trouble.inner_text()
    shown.page.context.set_offline(False)
    trouble.wait_for(state="hidden", timeout=15_000)


def test_limit_is_said_in_the_page_s_own_words(shown: Shown) -> None:
    shown.page.route("**/queue/join*", lambda route: route.fulfill(status=429, headers={"Retry-After": "7"}, body="{}"))
    shown.page.locator("#question textarea").fill("What do they earn?")
    shown.page.locator("#question textarea").press("Enter")
    shown.page.locator("#trouble").wait_for()
    assert shown.page.locator("#trouble").inner_text().endswith("Try again in 7 seconds.")


@pytest.mark.parametrize("shown", [PHONE], indirect=True)
def test_phone_has_its_conversations_behind_a_button(shown: Shown) -> None:
    shown.ask("What do they earn?")
    side = sidebar(shown)
    assert side.locator(".talked").all_inner_texts() == ["What do they earn?"]
    shown.page.locator("#side-close").click()
    side.locator("#look").wait_for(state="hidden")


def findings(shown: Shown) -> list[str]:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="checks accessibility with axe-core")
    found = axe.Axe().run(shown.page).response["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize(
    "shown", [{"color_scheme": "light"}, {"color_scheme": "dark"}, PHONE], ids=["light", "dark", "phone"], indirect=True
)
def test_axe_finds_nothing_serious(shown: Shown) -> None:
    assert findings(shown) == []
    shown.ask("doubt?")
    shown.ask("pay by city?").locator("details.chart summary").first.click()
    shown.ask("jobs on the moon?")
    shown.ask("empty?", "failed")
    assert findings(shown) == []
    shown.page.locator("#turn-2 a.cite").first.click()
    shown.page.wait_for_timeout(400)
    assert findings(shown) == []
    shown.page.keyboard.press("Escape")
    sidebar(shown)
    shown.page.wait_for_timeout(400)
    assert findings(shown) == []
    shown.page.locator("#side [data-do=library]").click()
    shown.page.locator("#view[open]").wait_for()
    assert findings(shown) == []


def test_page_is_seen_before_gradio_has_started_and_what_is_pressed_then_is_asked(
    address: str, browser: Any, assistant: ScriptedAssistant
) -> None:
    page = browser.new_context().new_page()
    held: list[Any] = []
    page.route("**/assets/index-*.js", lambda route: held.append(route))
    page.goto(address, wait_until="commit")
    page.locator("#curtain .starter").last.wait_for()
    assert page.locator("#curtain .starter").count() == 8
    assert page.locator("#curtain h1").inner_text() == "Career Assistant"
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    page.keyboard.type("What do they ")
    before = len(assistant.asked)
    page.locator("#curtain .starter").first.click()
    wait(lambda: bool(held))
    held[0].continue_()
    page.wait_for_function(BEGUN)
    page.locator("#turn-1.done a.cite").first.wait_for()
    assert len(assistant.asked) == before + 1
    assert page.locator("#question textarea").input_value() == "What do they "
    page.context.close()


def test_preview_of_a_link_does_not_speak_of_gradio(address: str) -> None:
    with httpx.Client(base_url=address, trust_env=False) as client:
        html = client.get("/").text
    assert "og:title" not in html
    assert "<title>Career Assistant</title>" in html
