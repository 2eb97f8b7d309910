"""Pages from the web, fetched politely, into a folder of their own.

Each hop of a redirect is checked anew (`fetch`), robots.txt is followed (RFC 9309), a page that has not changed is not
sent again (ETag and Last-Modified, RFC 9110), a sitemap stands for its pages.
"""

from __future__ import annotations

import mimetypes
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from ingest.errors import SourceError
from ingest.fetch import AGENT, OPEN_INTERNET, Network, Response, fetch, normalised
from ingest.site import CLOSED, Rules, rules_of, sitemap

HOPS = 5
"""Redirects followed at most."""
PAGES = 1_000
"""Pages taken from a sitemap at most."""
WHOLE = 2 * 2**30
"""Bytes kept for the readers at most, in all."""
_LONGEST_DELAY = 10.0
"""Seconds waited between two pages at most, whatever robots.txt asks for."""
_SUFFIXES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "application/pdf": ".pdf",
    "text/csv": ".csv",
    "application/xml": ".xml",
    "text/xml": ".xml",
}
_SAYS_LITTLE = ("application/octet-stream", "application/gzip", "application/x-gzip", "binary/octet-stream")
"""Media types behind which the ending in the address says more."""


@dataclass(frozen=True)
class Page:
    """What an address gave."""

    url: str
    """Where it was found in the end, behind all redirects."""
    body: bytes
    suffix: str
    """What kind of file it is, as an ending."""
    etag: str = ""
    last_modified: str = ""
    unchanged: bool = False
    """Whether the server said that it is as it was; then there is no body."""


class Refused(SourceError):
    """The server answered, but not with a page."""

    def __init__(self, message: str, hint: str, status: int) -> None:
        """Take the status, too: 300 to 599."""
        super().__init__(message, hint)
        self.status = status

    @property
    def gone(self) -> bool:
        """Whether the page is there no more."""
        return self.status in (404, 410)


class Web:
    """Fetches pages into a folder of its own, which goes away with it."""

    def __init__(self, network: Network = OPEN_INTERNET) -> None:
        """Begin without any page."""
        self._network = network
        self._folder = tempfile.TemporaryDirectory(prefix="career-assistant-")
        self._rules: dict[str, Rules] = {}
        self._kept = 0
        self._bytes = 0

    def __enter__(self) -> Web:
        """Nothing is fetched yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove what was fetched."""
        self._folder.cleanup()

    def page(self, url: str, known: Mapping[str, str] | None = None) -> Page:
        """The page at an address, unless it is as it was.

        Args:
            url: `http` or `https`.
            known: `etag` and `last_modified` of what is known of it.

        Raises:
            Refused: The server answered, but not with a page.
            SourceError: It cannot be fetched; the message says why.
        """
        given = known or {}
        asked = {"If-None-Match": given.get("etag", ""), "If-Modified-Since": given.get("last_modified", "")}
        headers = {name: value for name, value in asked.items() if value}
        found, answer = self._followed(normalised(url), headers, self._allowed)
        if answer.status == 304 and headers:
            return Page(found, b"", "", given.get("etag", ""), given.get("last_modified", ""), unchanged=True)
        return _page(found, answer)

    def listed(self, page: Page) -> list[str]:
        """The pages of a sitemap, in order; nothing when the page is none.

        Raises:
            SourceError: A part of the sitemap cannot be fetched, or it lists too many pages.
        """
        found: dict[str, None] = {}
        for url in self._locations(page, 0):
            found[url] = None
            if len(found) > PAGES:
                raise SourceError(
                    f"The sitemap {page.url} lists more than {PAGES:,} pages.", "Name a part of it, or single pages."
                )
        return list(found)

    def keep(self, page: Page) -> Path:
        """Write a page into the folder, for a reader.

        Raises:
            SourceError: There is no room for it.
        """
        self._kept += 1
        self._bytes += len(page.body)
        if self._bytes > WHOLE:
            raise SourceError(f"The pages have more than {WHOLE // 2**30} GB in all.", "Ingest them in parts.")
        stem = re.sub(r"[^\w-]+", "-", urlsplit(page.url).path.rsplit("/", 1)[-1].rsplit(".", 1)[0])[:60] or "page"
        path = Path(self._folder.name) / str(self._kept) / f"{stem}{page.suffix}"
        try:
            path.parent.mkdir()
            path.write_bytes(page.body)
        except OSError as error:
            raise SourceError(
                f"{page.url} cannot be kept in {self._folder.name}: {error.strerror}.", "Make room there."
            ) from error
        return path

    def _locations(self, page: Page, depth: int) -> Iterator[str]:
        if page.suffix != ".xml" and not page.body.lstrip()[:200].startswith(b"<?xml"):
            return
        kind, locations = sitemap(page.body, page.url, PAGES)
        for location in locations:
            # A sitemap may speak of its own site only (sitemaps.org); what it says of others is passed over.
            if _site(location) != _site(page.url):
                continue
            if kind == "urlset":
                yield location
            elif kind == "sitemapindex" and depth < 2:
                yield from self._locations(self.page(location), depth + 1)

    def _allowed(self, url: str) -> None:
        """Refuse what robots.txt keeps for itself, and wait as long as it asks for.

        Raises:
            SourceError: It may not be fetched.
        """
        parts = urlsplit(url)
        site = f"{parts.scheme}://{parts.netloc}"
        rules = self._rules.get(site)
        if rules is None:
            rules = self._rules[site] = self._rules_of(site)
        elif rules.delay:
            time.sleep(min(rules.delay, _LONGEST_DELAY))
        if not rules.allow(url):
            raise SourceError(
                f"{url} may not be fetched: the site's robots.txt says so.", "Ask the site, or leave it out."
            )

    def _rules_of(self, site: str) -> Rules:
        """The rules of a site: none where it has no robots.txt, all closed where that is in trouble (RFC 9309, 2.3.1).

        Raises:
            SourceError: The site cannot be reached.
        """
        _, answer = self._followed(f"{site}/robots.txt", {}, lambda _: None)
        if answer.status == 200:
            return rules_of(answer.body.decode("utf-8", "replace"), AGENT)
        return CLOSED if answer.status >= 500 or answer.status == 429 else Rules()

    def _followed(self, url: str, headers: Mapping[str, str], allowed: Callable[[str], None]) -> tuple[str, Response]:
        """Where an address leads to, and what is answered there."""
        for _ in range(HOPS + 1):
            allowed(url)
            answer = fetch(url, headers, self._network)
            if answer.status not in (301, 302, 303, 307, 308) or not answer.headers.get("location"):
                return url, answer
            # Headers are read as Latin-1; what is written in them is UTF-8, if anything.
            target = answer.headers["location"].encode("latin-1", "replace").decode("utf-8", "replace")
            url = normalised(_joined(url, target))
        raise SourceError(f"{url} redirects more than {HOPS} times.", "Name the page that it should lead to.")


def _joined(url: str, target: str) -> str:
    """Where a redirect leads to.

    Raises:
        SourceError: Nowhere.
    """
    try:
        return urljoin(url, target)
    except ValueError as error:
        raise SourceError(f"{url} redirects to {target}, which is no address.", "Look at it in a browser.") from error


def _site(url: str) -> str:
    """The host of an address, `www.` or not; empty for what is no address."""
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _page(url: str, answer: Response) -> Page:
    if answer.status in (404, 410):
        raise Refused(f"{url} is not there ({answer.status}).", "Check the address.", answer.status)
    if answer.status != 200:
        hint = "Pages behind a login cannot be read." if answer.status in (401, 403) else "Try again later."
        raise Refused(f"{url} answered with {answer.status} {answer.reason}.", hint, answer.status)
    media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    marks = answer.headers.get("etag", ""), answer.headers.get("last-modified", "")
    return Page(url, answer.body, _suffix(url, media_type), *marks)


def _suffix(url: str, media_type: str) -> str:
    """What kind of file an answer is, as an ending.

    >>> [_suffix("https://x.org/a.docx", one) for one in ("application/octet-stream", "text/html", "")]
    ['.docx', '.html', '.docx']
    """
    path = urlsplit(url).path.removesuffix(".gz")
    match = re.search(r"\.\w{1,8}$", path)
    ending = match.group().lower() if match else ""
    if not media_type or media_type in _SAYS_LITTLE:
        return ending or ".html"
    if media_type == "text/plain" and ending in (".md", ".csv", ".tsv", ".jsonl"):
        return ending
    return _SUFFIXES.get(media_type) or mimetypes.guess_extension(media_type) or ending or ".html"
