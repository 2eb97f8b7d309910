"""Pictures of the chat page for the documentation, over the real library; run by hand.

Serves a data folder as `page_speed` does, brings the page into each state as a person would, and writes small pictures
to docs/page/. Look at them before they are kept.
"""

from __future__ import annotations

import argparse
import io
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from chat_script import ARGUMENTS, BEGUN, PHONE
from page_speed import served
from PIL import Image
from playwright.sync_api import sync_playwright
from test_page_printed import POSTING, printed

OUT = Path(__file__).resolve().parent.parent / "docs" / "page"
LARGEST = 60_000
"""Bytes of a picture at most."""
WIDE = {"viewport": {"width": 1280, "height": 800}}
SMALL = {**PHONE, "viewport": {"width": 390, "height": 780}}


class State(NamedTuple):
    name: str
    screen: dict[str, Any]
    dark: bool
    reached: Callable[[Any, Path], None]


def asked(page: Any, question: str) -> Any:
    before = page.locator("#talk .exchange").count()
    page.locator("#question textarea").fill(question)
    page.locator("#question textarea").press("Enter")
    exchange = page.locator(f"#turn-{before + 1}:is(.done, .failed)")
    exchange.wait_for()
    return exchange


def welcome(page: Any, _: Path) -> None:
    page.locator("#talk .welcome").wait_for()


def answer(page: Any, _: Path) -> None:
    asked(page, "How do machine learning engineers and data scientists differ?")
    page.locator("#turn-1 a.cite").first.click()


def chart(page: Any, _: Path) -> None:
    asked(page, "What does an entry-level machine learning engineer earn?")
    asked(page, "And in San Francisco?")
    page.locator("#turn-1 .chart > summary").first.click()
    page.locator("#turn-1").evaluate("one => one.scrollIntoView()")
    if page.locator("#menu").is_visible():
        page.locator("#menu").click()


def phone_chart(page: Any, _: Path) -> None:
    asked(page, "What does an entry-level machine learning engineer earn?")
    page.locator("#turn-1 .chart > summary").first.click()
    page.locator("#turn-1 .chart").evaluate("one => one.scrollIntoView({ block: 'end' })")


def source(page: Any, _: Path) -> None:
    asked(page, "How fast is employment of data scientists growing?")
    page.locator("#turn-1 a.cite").first.click()


def refusal(page: Any, _: Path) -> None:
    asked(page, "What does a dentist in Lisbon earn?")


def library(page: Any, _: Path) -> None:
    page.locator("#header .held").click()
    page.locator("#view[open]").wait_for()


def evaluation(page: Any, _: Path) -> None:
    page.locator("#menu").click()
    page.locator("#side [data-do=evaluation]").click()
    page.locator("#view[open]").wait_for()


def printed_page(page: Any, folder: Path) -> None:
    own(page, folder)
    asked(page, "What does an apprentice shipwright in Harstad earn?")
    page.locator("#turn-1 a.cite").first.click()
    page.locator("#source-1-1 [data-picture]").click()
    page.locator("#view .marked").first.wait_for()


def own(page: Any, folder: Path) -> None:
    page.locator("#chooser").set_input_files([str(folder / "handbook.pdf"), str(folder / "posting.md")])
    page.locator("#papers li").nth(1).wait_for()


def own_answer(page: Any, folder: Path) -> None:
    own(page, folder)
    asked(page, "What does the lamp trimmer in Svolvaer earn?")


def trouble(page: Any, _: Path) -> None:
    asked(page, "Which skills do AI job postings ask for most?")
    page.context.set_offline(True)
    page.locator("#trouble").wait_for()


STATES = (
    State("welcome", WIDE, False, welcome),
    State("answer", WIDE, False, answer),
    State("chart", WIDE, True, chart),
    State("library", WIDE, False, library),
    State("evaluation", WIDE, True, evaluation),
    State("printed", WIDE, False, printed_page),
    State("own", WIDE, True, own_answer),
    State("phone-welcome", SMALL, True, welcome),
    State("phone-chart", SMALL, False, phone_chart),
    State("phone-source", SMALL, True, source),
    State("phone-refusal", SMALL, False, refusal),
    State("phone-trouble", SMALL, True, trouble),
)


def kept(name: str, png: bytes) -> int:
    """Write a picture with as many colours as fit into its size; the bytes of it."""
    whole = Image.open(io.BytesIO(png)).convert("RGB")
    for colours in (128, 64, 32, 16):
        small = io.BytesIO()
        whole.quantize(colours, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
        if small.tell() <= LARGEST:
            break
    (OUT / f"{name}.png").write_bytes(small.getvalue())
    return small.tell()


def main() -> int:
    asked_for = argparse.ArgumentParser(description=__doc__)
    asked_for.add_argument("--data", type=Path, default=Path("runs/library"))
    asked_for.add_argument("--only", nargs="*", default=[])
    given = asked_for.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or "/usr/bin/chromium"
    with served(given.data) as address, sync_playwright() as playwright, tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        printed(folder / "handbook.pdf")
        (folder / "posting.md").write_text(f"# Lamp trimmer wanted\n\n{POSTING}\n", encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for state in STATES:
            if given.only and state.name not in given.only:
                continue
            scheme = "dark" if state.dark else "light"
            page = browser.new_context(**state.screen, color_scheme=scheme).new_page()
            page.goto(address)
            page.wait_for_function(BEGUN)
            state.reached(page, folder)
            page.wait_for_timeout(900)
            print(f"{state.name}: {kept(state.name, page.screenshot()):,} bytes")
            page.context.close()
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
