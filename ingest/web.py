"""Pages from the web: fetched politely, and never from a private network.

Each hop of a redirect is resolved and checked anew, and the connection goes to the very address that was checked, so
that neither a redirect nor a name that changes its address can lead inside. robots.txt is followed (RFC 9309), a page
that has not changed is not sent again (ETag and Last-Modified, RFC 9110), a sitemap stands for its pages. Proxies are
not used.
"""

from __future__ import annotations

import gzip
import http.client
import ipaddress
import mimetypes
import re
import socket
import ssl
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urljoin, urlsplit
from urllib.robotparser import RobotFileParser

from ingest.errors import SourceError

AGENT = "career-assistant"
"""What we call ourselves, and what robots.txt may name."""
LARGEST = 20 * 2**20
"""Bytes of a page at most, unpacked."""
HOPS = 5
"""Redirects followed at most."""
PAGES = 1_000
"""Pages taken from a sitemap at most."""
_SECONDS = 20.0
"""How long a connection may be silent."""
_WHOLE_SECONDS = 60.0
"""How long a page may take in all."""
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
        """Take the status, too: 400 to 599."""
        super().__init__(message, hint)
        self.status = status

    @property
    def gone(self) -> bool:
        """Whether the page is there no more."""
        return self.status in (404, 410)


class Web:
    """Fetches pages into a folder of its own, which goes away with it."""

    def __init__(self) -> None:
        """Begin without any page."""
        self._folder = tempfile.TemporaryDirectory(prefix="career-assistant-")
        self._robots: dict[str, RobotFileParser] = {}
        self._kept = 0

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
        self._allowed(url)
        return _followed(url, {name: value for name, value in asked.items() if value}, self._allowed)

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
        """Write a page into the folder, for a reader."""
        self._kept += 1
        stem = re.sub(r"[^\w-]+", "-", urlsplit(page.url).path.rsplit("/", 1)[-1].rsplit(".", 1)[0])[:60] or "page"
        path = Path(self._folder.name) / str(self._kept) / f"{stem}{page.suffix}"
        path.parent.mkdir()
        path.write_bytes(page.body)
        return path

    def _locations(self, page: Page, depth: int) -> Iterator[str]:
        if page.suffix != ".xml" and not page.body.lstrip()[:200].startswith(b"<?xml"):
            return
        root, locations = _sitemap(page)
        for location in locations:
            if urlsplit(location).hostname != urlsplit(page.url).hostname:
                continue
            if root == "urlset":
                yield location
            elif root == "sitemapindex" and depth < 2:
                yield from self._locations(self.page(location), depth + 1)

    def _allowed(self, url: str) -> None:
        """Refuse what robots.txt keeps for itself, and wait as long as it asks for.

        Raises:
            SourceError: It may not be fetched.
        """
        parts = _checked(url)
        site = f"{parts.scheme}://{parts.netloc}"
        rules = self._robots.get(site)
        if rules is None:
            rules = self._robots[site] = _rules(site)
        elif delay := rules.crawl_delay(AGENT):
            time.sleep(min(float(delay), _LONGEST_DELAY))
        if not rules.can_fetch(AGENT, url):
            raise SourceError(
                f"{url} may not be fetched: the site's robots.txt says so.", "Ask the site, or leave it out."
            )


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet, also where it is wrapped into another.

    >>> [is_public(one) for one in ("8.8.8.8", "127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:10.0.0.1")]
    [True, False, False, False, False, False]
    """
    found = ipaddress.ip_address(address.split("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        # Mapped, 6to4, Teredo and NAT64 addresses carry one of version 4, and that is where they lead.
        inner = [found.ipv4_mapped, found.sixtofour, *(found.teredo or ())]
        if found in ipaddress.ip_network("64:ff9b::/96"):
            inner.append(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF))
        if any(one is not None and not is_public(str(one)) for one in inner):
            return False
    return found.is_global and not found.is_multicast


def _checked(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable or parts.username is not None or re.search(r"[\s\x00-\x1f]", url):
        raise SourceError(f"{url} is no address of a page.", "Write it as https://host/path, without a user name.")
    return parts


def _followed(url: str, headers: Mapping[str, str], allowed: Callable[[str], None]) -> Page:
    for _ in range(HOPS + 1):
        parts = _checked(url)
        with _Exchange(parts, headers) as response:
            if response.status in (301, 302, 303, 307, 308):
                url = urljoin(url, response.headers.get("Location", ""))
                allowed(url)
                continue
            return _page(url, response)
    raise SourceError(f"{url} redirects more than {HOPS} times.", "Name the page that it should lead to.")


class _Exchange:
    """One request and its answer, closed at the end."""

    def __init__(self, parts: SplitResult, headers: Mapping[str, str]) -> None:
        host, tls = str(parts.hostname), parts.scheme == "https"
        port = parts.port or (443 if tls else 80)
        self._connection = http.client.HTTPConnection(host, port, timeout=_SECONDS)
        self._url = parts.geturl()
        try:
            self._connection.sock = _connected(host, port, tls, self._url)
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            host_header = {"Host": parts.netloc, "User-Agent": AGENT, "Accept-Encoding": "identity"}
            self._connection.request("GET", path, headers={**host_header, **headers})
            self._response = self._connection.getresponse()
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            self._connection.close()
            raise _unreached(self._url, error) from error

    def __enter__(self) -> http.client.HTTPResponse:
        return self._response

    def __exit__(self, *_: object) -> None:
        self._connection.close()


def _connected(host: str, port: int, tls: bool, url: str) -> socket.socket:
    """A connection to a checked address of the host.

    Raises:
        SourceError: It has none outside private networks.
    """
    addresses = list(dict.fromkeys(str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
    # One private address among public ones is enough to refuse: which of them is used would be chance.
    if not all(map(is_public, addresses)):
        raise SourceError(f"{url} leads into a private network.", "Only pages of the open internet are fetched.")
    plain = socket.create_connection((addresses[0], port), timeout=_SECONDS)
    if not tls:
        return plain
    return ssl.create_default_context().wrap_socket(plain, server_hostname=host)


def _page(url: str, response: http.client.HTTPResponse) -> Page:
    etag, modified = response.headers.get("ETag", ""), response.headers.get("Last-Modified", "")
    if response.status == 304:
        return Page(url, b"", "", etag, modified, unchanged=True)
    if response.status in (404, 410):
        raise Refused(f"{url} is not there ({response.status}).", "Check the address.", response.status)
    if response.status != 200:
        hint = "Pages behind a login cannot be read." if response.status in (401, 403) else "Try again later."
        raise Refused(f"{url} answered with {response.status} {response.reason}.", hint, response.status)
    body = _body(url, response)
    return Page(url, body, _suffix(url, response.headers.get_content_type()), etag, modified)


def _body(url: str, response: http.client.HTTPResponse) -> bytes:
    until = time.monotonic() + _WHOLE_SECONDS
    parts: list[bytes] = []
    size = 0
    try:
        while part := response.read1(65_536):
            parts.append(part)
            size += len(part)
            if size > LARGEST or time.monotonic() > until:
                limit = f"{LARGEST // 2**20} MB" if size > LARGEST else f"{_WHOLE_SECONDS:.0f} seconds"
                raise SourceError(f"{url} takes more than {limit}.", "Save it to a file and ingest that.")
    except (OSError, http.client.HTTPException) as error:
        raise _unreached(url, error) from error
    body = b"".join(parts)
    return _unpacked(url, body) if body.startswith(b"\x1f\x8b") else body


def _unpacked(url: str, body: bytes) -> bytes:
    """The content of a gzipped file, as sitemaps often are."""
    try:
        inner = zlib.decompressobj(wbits=31)
        plain = inner.decompress(body, LARGEST)
    except (zlib.error, gzip.BadGzipFile) as error:
        raise SourceError(f"{url} is damaged.", "Save it to a file and look at it.") from error
    if inner.unconsumed_tail:
        raise SourceError(f"{url} unpacks to more than {LARGEST // 2**20} MB.", "Save it to a file and ingest that.")
    return plain


def _suffix(url: str, content_type: str) -> str:
    path = urlsplit(url).path.removesuffix(".gz")
    ending = re.search(r"\.\w{1,8}$", path)
    if content_type in ("application/octet-stream", "application/gzip", "application/x-gzip"):
        return ending.group().lower() if ending else ".html"
    if content_type == "text/plain" and ending and ending.group().lower() in (".md", ".csv", ".tsv", ".jsonl"):
        return ending.group().lower()
    return _SUFFIXES.get(content_type) or mimetypes.guess_extension(content_type) or ".html"


def _rules(site: str) -> RobotFileParser:
    """The rules of a site: none where it has no robots.txt, all closed where that is in trouble (RFC 9309, 2.3.1)."""
    rules = RobotFileParser()
    try:
        found = _followed(f"{site}/robots.txt", {}, lambda _: None).body.decode("utf-8", "replace")
    except Refused as error:
        found = "" if error.status < 500 else "User-agent: *\nDisallow: /"
    rules.parse(found.splitlines())
    return rules


def _sitemap(page: Page) -> tuple[str, list[str]]:
    """Which kind of sitemap a page is, and the addresses in it; neither for other XML."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True, huge_tree=False)
    root = etree.fromstring(page.body, parser)
    if root is None:
        return "", []
    found = [str(one.text).strip() for one in root.iter("{*}loc") if one.text]
    return etree.QName(root).localname, found


def _unreached(url: str, error: Exception) -> SourceError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return SourceError(f"{url} shows no certificate that can be trusted.", "Check the address.")
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return SourceError(f"{url} cannot be reached: {reason}.", "Check the address and the network, and try again.")
