"""How fast the chat page is, measured in the browser, and whether it bears many tabs; run by hand (`make page`).

Serves the library of a data folder (the bundled one is brought in where there is none), opens the page in Chromium with
an empty cache, and prints medians and slowest of: first paint, ready to ask, first word of the answer after Enter, the
whole answer. Then it opens many tabs, asks in all of them at once, and exits with 1 if any shows an error.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from chat_script import ARGUMENTS, BEGUN
from playwright.sync_api import sync_playwright

QUESTIONS = (
    "What does an entry-level machine learning engineer earn?",
    "How fast is employment of data scientists growing?",
    "Which skills do AI job postings ask for most?",
    "How do I prepare for a machine learning interview?",
    "What does a prompt engineer do?",
)
PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
ASKED = """() => new Promise((told) => {
  const before = document.querySelectorAll('#talk .exchange').length;
  const box = document.querySelector('#question textarea');
  const begun = performance.now();
  let first = 0;
  new MutationObserver((_, observer) => {
    const last = document.querySelectorAll('#talk .exchange')[before];
    if (!first && last?.querySelector('.answer')?.textContent.trim()) first = performance.now() - begun;
    if (!last || /searching|writing/.test(last.className)) return;
    observer.disconnect();
    told([first, performance.now() - begun, last.className]);
  }).observe(document.querySelector('#talk'), { childList: true, subtree: true, attributes: true });
  box.dispatchEvent(new KeyboardEvent('keypress', { key: 'Enter', bubbles: true, cancelable: true }));
})"""


@contextmanager
def served(data: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code = "from ui.cli import main; main()"
    command = [sys.executable, "-c", code, "--data", str(data), "serve", "--port", str(port)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, env={**os.environ, "CAREER_RATE_LIMIT": "off"}, **quiet)
    address = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 900
        while time.monotonic() < until and process.poll() is None:
            try:
                if httpx.get(f"{address}/readyz").status_code == 200:
                    break
            except httpx.TransportError:
                pass
            time.sleep(0.5)
        yield address
    finally:
        process.terminate()
        process.wait(20)


def opened(browser: Any, address: str) -> tuple[Any, float, float]:
    """A page with an empty cache; milliseconds until its first paint, and until it can be asked."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    begun = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.locator("#header h1").wait_for()
    page.wait_for_function(BEGUN)
    ready = (time.perf_counter() - begun) * 1000
    return page, page.evaluate(PAINT), ready


def shown(name: str, values: list[float]) -> str:
    return f"{name:<32} {statistics.median(values):8.0f} {max(values):8.0f}"


def speed(browser: Any, address: str, times: int) -> None:
    paints, readies, firsts, wholes = [], [], [], []
    for index in range(times):
        page, paint, ready = opened(browser, address)
        paints.append(paint)
        readies.append(ready)
        page.locator("#question textarea").fill(QUESTIONS[index % len(QUESTIONS)])
        first, whole, kind = page.evaluate(ASKED)
        assert "done" in kind, kind
        firsts.append(first)
        wholes.append(whole)
        page.context.close()
    print(f"{'milliseconds, ' + str(times) + ' cold openings':<32} {'median':>8} {'slowest':>8}")
    for name, values in (
        ("first contentful paint", paints),
        ("ready to be asked", readies),
        ("Enter to first word of answer", firsts),
        ("Enter to whole answer", wholes),
    ):
        print(shown(name, values))


def tabs(browser: Any, address: str, many: int) -> int:
    """Open many tabs, ask in all at once; how many showed an error or no answer."""
    faults: list[str] = []
    pages = [browser.new_context().new_page() for _ in range(many)]
    begun = time.perf_counter()
    for page in pages:
        page.set_default_timeout(180_000)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(address, wait_until="commit")
    for page in pages:
        page.wait_for_function(BEGUN)
    ready = time.perf_counter() - begun
    for index, page in enumerate(pages):
        page.locator("#question textarea").fill(QUESTIONS[index % len(QUESTIONS)])
    begun = time.perf_counter()
    for page in pages:
        page.locator("#question textarea").press("Enter")
    wrong = 0
    for page in pages:
        page.locator("#turn-1:is(.done, .failed, .stopped)").wait_for()
        trouble = page.locator("#trouble").is_visible()
        wrong += trouble or page.locator("#turn-1.done a.cite").count() == 0
    answered = time.perf_counter() - begun
    print(f"{many} tabs: ready in {ready:.1f} s, all answered in {answered:.1f} s, {wrong} wrong, {len(faults)} errors")
    return wrong + len(faults)


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--data", type=Path, default=Path("runs/library"))
    asked.add_argument("--times", type=int, default=10)
    asked.add_argument("--tabs", type=int, default=30)
    given = asked.parse_args()
    chromium = shutil.which("chromium") or "/usr/bin/chromium"
    with served(given.data) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        speed(browser, address, given.times)
        wrong = tabs(browser, address, given.tabs) if given.tabs else 0
        browser.close()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
