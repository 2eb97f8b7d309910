"""The chat page in a real browser: asking, answers, sources, faces; the assistant behind it is scripted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from chat_script import EVIL, FIRST, PASSAGES, PHONE, ScriptedAssistant, Shown, wait

from ui import page


def test_answer_appears_with_numbered_marks_and_the_quote_marked_in_its_passage(shown: Shown) -> None:
    exchange = shown.ask("What do they earn?")
    assert exchange.locator(".answer").inner_text() == FIRST.replace("[1]", "1").replace("[2]", "2")
    assert exchange.locator("a.cite").all_inner_texts() == ["1", "2"]
    assert (
        exchange.locator(".searched").inner_text()
        == "Searched for \u201centry-level machine learning engineer salary\u201d"
    )
    card = shown.card(1)
    assert card.locator("h3").inner_text() == "Salary guide 2024"
    assert card.locator(".origin").inner_text() == "Labor Bureau \u00b7 May 2024"
    assert card.locator(".place").inner_text() == "Pay > Machine learning engineer"
    assert card.locator(".short mark").inner_text() == "Entry level: $105,418 a year."
    assert "weighted by the number" in card.locator(".short").inner_text()
    original = card.locator("a.open")
    assert original.get_attribute("href") == "https://example.org/x"
    assert original.get_attribute("rel") == "noopener nofollow"
    assert original.get_attribute("target") == "_blank"


def test_whole_passage_stands_behind_a_fold(shown: Shown) -> None:
    shown.ask("What do they earn?")
    whole = shown.card(1).locator("details blockquote")
    assert not whole.is_visible()
    shown.card(1).locator("summary").click()
    assert whole.inner_text() == PASSAGES["pay"][2]
    assert whole.locator("mark").inner_text() == PASSAGES["pay"][3]


def test_mark_leads_to_its_card_also_from_an_earlier_answer(shown: Shown) -> None:
    shown.ask("What do they earn?")
    shown.ask("And at senior level?")
    assert not shown.card(2, turn=1).is_visible()
    shown.page.locator("#turn-1 a.cite").nth(1).click()
    shown.page.locator("#source-1-2.lit").wait_for()
    assert shown.card(2, turn=1).is_visible()
    assert not shown.card(1, turn=2).is_visible()
    shown.card(2, turn=1).locator("a.number").click()
    shown.page.locator("#turn-1.lit").wait_for()


def test_follow_up_passes_the_same_conversation_and_owner(shown: Shown, assistant: ScriptedAssistant) -> None:
    shown.ask("What do they earn?")
    shown.page.locator("button.ask").first.click()
    shown.page.locator("#turn-2.done").wait_for()
    (first, begun, owner), (second, conversation, same_owner) = assistant.asked[-2:]
    assert (first, second) == ("What do they earn?", "And at senior level?")
    assert begun == conversation
    assert re.fullmatch("[0-9a-f]{32}", conversation)
    assert owner == same_owner
    assert re.fullmatch("page:[0-9a-f]{32}", owner)


def test_two_visitors_are_two_owners(shown: Shown, browser: Any, assistant: ScriptedAssistant) -> None:
    shown.ask("What do they earn?")
    other = Shown(browser.new_context().new_page(), shown.address)
    other.open()
    other.ask("What do they earn?")
    other.page.context.close()
    assert assistant.asked[-1][2] != assistant.asked[-2][2]


def test_partial_answer_says_so_and_lists_what_is_not_confirmed(shown: Shown) -> None:
    exchange = shown.ask("And at senior level?")
    assert exchange.locator(".note").inner_text() == "The library answers part of this"
    assert exchange.locator(".unverified li .unsure").all_inner_texts() == ["A sentence nobody stands for."]
    assert exchange.locator(".unverified .reason").inner_text() == "No passage that was found says this."
    assert exchange.locator(".answer li").count() == 2
    assert exchange.locator(".answer strong").inner_text() == "United States"
    assert exchange.locator("a.cite").all_inner_texts() == ["1"]
    assert "[9]" in exchange.locator(".answer").inner_text()


def test_not_found_is_said_quietly_with_no_card(shown: Shown) -> None:
    exchange = shown.ask("jobs on the moon?")
    assert exchange.locator(".note").inner_text() == "Not in the library"
    assert shown.page.locator(".card").count() == 0
    assert shown.page.locator("button.ask").count() == 1


def test_known_error_is_a_sentence_and_an_unknown_one_hides_its_detail(shown: Shown) -> None:
    known = shown.ask("empty?", "failed")
    assert known.locator("[role=alert] p").inner_text() == "The library is empty. Bring documents in."
    unknown = shown.ask("broken?", "failed")
    assert re.search(r"went wrong on our side \(error [0-9a-f]{8}\)", unknown.inner_text())
    assert "secret detail" not in shown.page.content()
    assert shown.ask("What do they earn?").locator("a.cite").count() == 2


def test_hostile_words_stay_words(shown: Shown) -> None:
    exchange = shown.ask(f"evil {EVIL}")
    for place in (exchange.locator(".question"), exchange.locator(".answer"), exchange.locator(".searched")):
        assert "<script>window.hit=1</script><img src=x" in place.inner_text()
    card = shown.card(1)
    assert f"Quote {EVIL}." == card.locator(".short mark").inner_text()
    assert card.locator("h3").inner_text() == f"Title {EVIL}"
    shown.page.locator("button.ask").click()
    shown.page.locator("#turn-2.done").wait_for()
    assert shown.page.evaluate("window.hit") is None
    assert shown.page.locator("#columns :is(img, script, iframe, [onerror])").count() == 0
    assert shown.page.locator("a[href^='javascript']").count() == 0
    shown.page.locator("#fresh").click()
    shown.page.locator("#talk .welcome").wait_for()
    assert "<script>" in shown.page.locator("#sources").inner_text()
    assert shown.page.evaluate("window.hit") is None


def test_nothing_is_asked_of_another_host(shown: Shown) -> None:
    shown.ask("What do they earn?")
    shown.page.wait_for_timeout(500)
    assert shown.hosts <= {"127.0.0.1", "inside"}


@pytest.mark.parametrize("shown", [PHONE], indirect=True)
def test_phone_scrolls_only_down_and_opens_sources_over_its_lower_part(shown: Shown) -> None:
    widths = "[document.documentElement.scrollWidth, document.body.scrollWidth, innerWidth]"
    assert shown.page.evaluate(widths) == [360, 360, 360]
    shown.ask(f"evil {EVIL}")
    assert shown.page.evaluate(widths) == [360, 360, 360]
    send = shown.page.locator("#send").bounding_box()
    assert send["y"] + send["height"] <= 740
    assert not shown.card(1).is_visible()
    shown.page.locator("a.cite").first.click()
    shown.page.locator("#source-1-1.lit").wait_for()
    settled = "document.getElementById('sources').getBoundingClientRect().bottom <= innerHeight + 1"
    shown.page.wait_for_function(settled)
    top = shown.page.locator("#sources").bounding_box()["y"]
    assert 740 * 0.2 < top < 740
    assert shown.page.evaluate(widths) == [360, 360, 360]
    shown.page.locator("#sources-close").click()
    shown.card(1).wait_for(state="hidden")
    assert shown.page.evaluate("document.activeElement.matches('a.cite')")


def test_wide_screen_shows_sources_beside_the_answer(shown: Shown) -> None:
    answer = shown.ask("What do they earn?").bounding_box()
    card = shown.card(1).bounding_box()
    assert card["x"] >= answer["x"] + answer["width"]
    assert shown.page.evaluate("document.documentElement.scrollHeight <= innerHeight")


@pytest.mark.parametrize(
    ("shown", "ground"),
    [({"color_scheme": "light"}, "rgb(250, 248, 244)"), ({"color_scheme": "dark"}, "rgb(22, 25, 28)")],
    indirect=["shown"],
)
def test_page_follows_the_system_s_light_or_dark(shown: Shown, ground: str) -> None:
    assert (
        shown.page.evaluate("getComputedStyle(document.querySelector('.gradio-container')).backgroundColor") == ground
    )


def test_keyboard_alone_is_enough(shown: Shown) -> None:
    wait(lambda: shown.page.evaluate("document.activeElement.tagName") == "TEXTAREA")
    shown.page.keyboard.type("What do they earn?")
    shown.page.keyboard.press("Enter")
    shown.page.locator("#turn-1.done").wait_for()
    assert shown.page.locator("#question textarea").input_value() == ""
    for _ in range(40):
        shown.page.keyboard.press("Shift+Tab")
        if shown.page.evaluate("document.activeElement.matches('a.cite')"):
            break
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert shown.page.evaluate(outline) == "solid"
    shown.page.keyboard.press("Enter")
    shown.page.locator("#source-1-2.lit:focus").wait_for()


def test_starter_is_asked_when_pressed(shown: Shown, assistant: ScriptedAssistant) -> None:
    starters = shown.page.locator("button.starter")
    assert starters.count() == len(page.STARTERS) == 8
    starters.first.click()
    shown.page.locator("#turn-1.done").wait_for()
    assert assistant.asked[-1][0] == page.STARTERS[0][1]


def test_stop_leaves_the_answer_as_it_stands_and_the_next_question_works(shown: Shown) -> None:
    exchange = shown.ask("slow: what do they earn?", "writing")
    shown.page.locator("#stop").click()
    shown.page.locator("#turn-1.stopped").wait_for(timeout=5_000)
    assert exchange.page.locator("#turn-1 .note").inner_text() == "Stopped"
    assert "Entry-level" in shown.page.locator("#turn-1").inner_text()
    shown.page.locator("#send").wait_for()
    shown.ask("What do they earn?")
    assert shown.page.locator("#turn-1.stopped").count() == 1


def test_reload_shows_the_conversation_again_and_a_new_one_is_empty(shown: Shown, assistant: ScriptedAssistant) -> None:
    shown.ask("What do they earn?")
    shown.page.reload()
    shown.page.locator("#turn-1.done").wait_for()
    assert shown.card(1).locator(".short mark").inner_text() == "Entry level: $105,418 a year."
    shown.ask("And at senior level?")
    assert assistant.asked[-1][1] == assistant.asked[-2][1]
    shown.page.locator("#fresh").click()
    shown.page.locator("#talk .welcome").wait_for()
    shown.page.reload()
    shown.page.locator("#talk .welcome").wait_for()
    shown.ask("What do they earn?")
    assert assistant.asked[-1][1] != assistant.asked[-2][1]
    assert assistant.asked[-1][2] == assistant.asked[-2][2]


def test_header_says_what_the_library_holds(shown: Shown) -> None:
    assert shown.page.title() == "Career Assistant"
    assert shown.page.get_by_role("textbox", name="Your question").count() == 1
    assert shown.page.locator("#header .held").inner_text() == "5 documents, newest from 2026, 1 due for review"


def test_routes_of_the_app_come_before_the_page_and_gradio_offers_no_api(address: str) -> None:
    with httpx.Client(base_url=address, trust_env=False) as client:
        assert client.get("/healthz").json() == {"status": "ok"}
        assert client.post("/v1/ask").json() == {"from": "the API"}
        assert client.get("/docs").status_code == 200
        assert client.get("/openapi.json").json()["paths"].keys() == {"/healthz", "/v1/ask"}
        assert client.get("/gradio_api/info").json() == {"named_endpoints": {}, "unnamed_endpoints": {}}
        assert client.get("/monitoring/summary").status_code in (403, 404)
        assert client.get("/gradio_api/file=/etc/passwd").status_code in (403, 404)
        assert client.post("/gradio_api/upload", files={"files": ("x", b"0" * 10_100_000)}).status_code == 413


def _luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("face", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("words", "ground", "least"),
    [
        *((words, ground, 4.5) for words in ("ink", "quiet", "accent", "alarm") for ground in ("paper", "sheet")),
        ("ink", "tint", 4.5),
        ("accent", "tint", 4.5),
        ("on-accent", "accent", 4.5),
        ("on-glow", "glow", 4.5),
        ("edge", "paper", 3.0),
        *((words, ground, 4.5) for words in ("amber",) for ground in ("paper", "sheet")),
        ("second", "sheet", 3.0),
    ],
)
def test_colours_can_be_read(face: int, words: str, ground: str, least: float) -> None:
    css = (Path(page.__file__).parent / "page.css").read_text(encoding="utf-8")
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", css.split("}")[face]))
    light, dark = sorted((_luminance(colours[words]), _luminance(colours[ground])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= least
