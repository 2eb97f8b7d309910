"""Pages are fetched politely, never from a private network, and never half. Real servers on the loopback interface."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import SourceError
from ingest.fetch import LARGEST, Network, addresses_of, is_public, normalised
from ingest.site import rules_of, sitemap
from ingest.web import PAGES, Refused, Web

OPEN, INNER = "127.0.0.2", "127.0.0.1"
"""Both are loopback; a test may reach the first and must never reach the second."""

Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Site:
    """A site on `OPEN` whose pages a test sets, and what was asked of it."""

    port: int = 0
    pages: dict[str, Answer | Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def url(self, path: str) -> str:
        return f"http://{OPEN}:{self.port}{path}"

    def put(
        self, path: str, body: str | bytes, media_type: str = "text/html", status: int = 200, **headers: str
    ) -> str:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[path] = (
            status,
            {"Content-Type": media_type, **named},
            body.encode() if isinstance(body, str) else body,
        )
        return self.url(path)

    def leads(self, path: str, to: str, status: int = 302) -> str:
        self.pages[path] = (status, {"Location": to}, b"")
        return self.url(path)

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            page = made.pages.get(self.path, (404, {}, b""))
            if callable(page):
                page(self)
                return
            status, headers, body = page
            if headers.get("ETag") and headers["ETag"] == self.headers.get("If-None-Match"):
                status, body = 304, b""
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer((OPEN, 0), Handler)
    made.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def web() -> Iterator[Web]:
    """May reach `OPEN`, and what is public."""
    with Web(Network(lambda address: address == OPEN or is_public(address), addresses_of)) as opened:
        yield opened


@dataclass
class Canary:
    """Listens where nobody may come, on one port of all inner addresses, and counts who does."""

    port: int
    listening: list[socket.socket]

    def visits(self) -> int:
        count = 0
        for one in self.listening:
            one.settimeout(0.01)
            try:
                one.accept()[0].close()
                count += 1
            except TimeoutError:
                pass
        return count


@pytest.fixture
def canary() -> Iterator[Canary]:
    first = socket.create_server((INNER, 0))
    port = first.getsockname()[1]
    listening = [first]
    if socket.has_ipv6:
        try:
            listening.append(socket.create_server(("::1", port), family=socket.AF_INET6))
        except OSError:
            pass
    made = Canary(port, listening)
    yield made
    for one in listening:
        one.close()


INNER_HOSTS = (
    "127.0.0.1", "127.1", "127.0.1", "0x7f000001", "0x7f.0.0.1", "0x7f.1", "2130706433", "017700000001", "0177.0.0.1",
    "0177.0.0.01", "localhost", "LOCALHOST", "localhost.", "0.0.0.0", "0", "[::]", "[::1]", "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::127.0.0.1]", "[2002:7f00:1::]",
    "127。0。0。1", "①②⑦.0.0.1", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.254",
    "192.168.0.1", "169.254.169.254", "169.254.0.1", "0xa9fea9fe", "2852039166", "[::ffff:169.254.169.254]",
    "[fe80::1]", "[fc00::1]", "[fd00:ec2::254]", "[fec0::1]", "[ff02::1]", "100.64.0.1", "100.127.255.254",
    "192.0.0.192", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "[2001:db8::1]",
)  # fmt: skip
"""Ways to name an address that is none of the open internet."""

NO_PAGES = (
    "file:///etc/passwd", "file://localhost/etc/passwd", "gopher://127.0.0.1:{port}/_x", "ftp://127.0.0.1:{port}/",
    "dict://127.0.0.1:{port}/", "ldap://127.0.0.1:{port}/", "data:text/html,x", "javascript:alert(1)", "jar:http://x!/",
    "http://user@127.0.0.1:{port}/", "http://user:word@127.0.0.1:{port}/", "http://example.org@127.0.0.1:{port}/",
    "http://example.org:80@127.0.0.1:{port}/", "http://127.0.0.1:{port}\\@example.org/", "http://example.org\\@127.0.0.1/",
    "http:///127.0.0.1:{port}/", "http://", "http://127.0.0.1:99999/", "http://127.0.0.1:-1/",
    "http://127.0.0.1:{port}/a\r\nHost: example.org", "http://127.0.0.1\x00.example.org/", "http://[::1/",
)  # fmt: skip
"""What is no address of a page, whatever a redirect says."""


@pytest.mark.parametrize("host", INNER_HOSTS)
def test_no_way_to_name_an_inner_address_is_followed(host: str, canary: Canary) -> None:
    with Web() as web, pytest.raises(SourceError, match="private network|cannot be reached|no address"):
        web.page(f"http://{host}:{canary.port}/")
    assert canary.visits() == 0


@pytest.mark.parametrize("host", INNER_HOSTS)
def test_no_redirect_leads_inside(host: str, web: Web, site: Site, canary: Canary) -> None:
    first = site.leads("/", f"http://{host}:{canary.port}/secret")
    with pytest.raises(SourceError, match="private network|cannot be reached|no address"):
        web.page(first)
    assert canary.visits() == 0
    assert site.paths() == ["/robots.txt", "/"]


@pytest.mark.parametrize("form", NO_PAGES)
def test_what_is_no_address_of_a_page_is_refused(form: str, canary: Canary, site: Site, web: Web) -> None:
    url = form.format(port=canary.port)
    with pytest.raises(SourceError):
        web.page(url)
    if "\r" not in url and "\x00" not in url and "://" in url:
        with pytest.raises(SourceError):
            web.page(site.leads("/", url))
    assert canary.visits() == 0


@pytest.mark.parametrize("hops", [1, 2, 4])
def test_every_hop_is_checked(hops: int, web: Web, site: Site, canary: Canary) -> None:
    for hop in range(hops):
        site.leads(f"/{hop}", f"/{hop + 1}")
    site.leads(f"/{hops}", f"http://{INNER}:{canary.port}/")
    with pytest.raises(SourceError, match="private network"):
        web.page(site.url("/0"))
    assert canary.visits() == 0


def test_robots_txt_and_sitemaps_lead_nowhere_inside_either(web: Web, site: Site, canary: Canary) -> None:
    site.leads("/robots.txt", f"http://{INNER}:{canary.port}/")
    with pytest.raises(SourceError, match="private network"):
        web.page(site.put("/page", "x"))
    assert canary.visits() == 0 and site.paths() == ["/robots.txt"]


def resolving(*answers: Sequence[str]) -> tuple[Callable[[str, int], Sequence[str]], list[str]]:
    """A name server that answers one after the other, the last for good, and what it was asked for."""
    asked: list[str] = []

    def resolve(host: str, _: int) -> Sequence[str]:
        asked.append(host)
        return answers[min(len(asked), len(answers)) - 1]

    return resolve, asked


def test_a_name_that_leads_inside_is_refused(canary: Canary) -> None:
    for inside in ([INNER], ["::1"], ["8.8.8.8", INNER], []):
        with Web(Network(is_public, resolving(inside)[0])) as web, pytest.raises(SourceError, match="private network"):
            web.page(f"http://careers.example:{canary.port}/")
    assert canary.visits() == 0


def test_a_name_that_changes_its_address_leads_where_it_was_checked(site: Site) -> None:
    # Asked a second time, the name server says the inner address; so it must not be asked a second time.
    canary = socket.create_server((INNER, site.port))
    with closing(canary):
        resolve, asked = resolving([OPEN], [OPEN], [INNER])
        with Web(Network(lambda address: address == OPEN, resolve)) as web:
            site.put("/page", "as it was checked")
            url = f"http://careers.example:{site.port}/page"
            assert web.page(url).body == b"as it was checked"
            assert asked == ["careers.example", "careers.example"]  # robots.txt and the page
            with pytest.raises(SourceError, match="private network"):
                web.page(url)
        canary.settimeout(0.05)
        with pytest.raises(TimeoutError):
            canary.accept()
    assert site.asked[-1][1]["host"] == f"careers.example:{site.port}"


def test_the_next_address_is_tried_when_the_first_does_not_answer(site: Site) -> None:
    site.put("/page", "found")
    # Nobody listens at the first one: the connection is refused at once.
    network = Network(lambda _: True, resolving(["127.0.0.3", OPEN])[0])
    with Web(network) as web:
        assert web.page(f"http://careers.example:{site.port}/page").body == b"found"


@given(st.ip_addresses(v=4))
def test_an_address_wrapped_into_version_6_is_as_public_as_itself(address: object) -> None:
    for wrapped in (f"::ffff:{address}", f"64:ff9b::{address}", f"::{address}"):
        assert is_public(wrapped) <= is_public(str(address))


# Politeness


def test_robots_txt_is_asked_once_and_followed(web: Web, site: Site) -> None:
    site.put("/robots.txt", "User-agent: *\nDisallow: /private\nAllow: /private/open", "text/plain")
    site.put("/page", "x")
    site.put("/private/open", "x")
    for path in ("/page", "/private/open"):
        assert web.page(site.url(path)).body == b"x"
    with pytest.raises(SourceError, match=r"robots\.txt says so"):
        web.page(site.put("/private/page", "x"))
    with pytest.raises(SourceError, match=r"robots\.txt says so"):
        web.page(site.leads("/way", "/private/page"))
    assert site.paths() == ["/robots.txt", "/page", "/private/open", "/way"]
    assert all(headers["user-agent"] == "career-assistant" for _, headers in site.asked)


@pytest.mark.parametrize(("status", "allowed"), [(404, True), (403, True), (500, False), (503, False), (429, False)])
def test_a_robots_txt_that_is_not_there_allows_and_one_in_trouble_forbids(
    status: int, allowed: bool, web: Web, site: Site
) -> None:
    site.put("/robots.txt", "", status=status)
    url = site.put("/page", "x")
    if allowed:
        assert web.page(url).body == b"x"
    else:
        with pytest.raises(SourceError, match=r"robots\.txt"):
            web.page(url)


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        # From RFC 9309, sections 2.2.2, 2.2.3 and 5.
        ("User-agent: *\nDisallow: *.gif$\nDisallow: /example/\nAllow: /publications/", "/a/b.gif", False),
        ("User-agent: *\nDisallow: *.gif$\nDisallow: /example/\nAllow: /publications/", "/b.gif?x", True),
        ("User-agent: *\nDisallow: *.gif$\nDisallow: /example/\nAllow: /publications/", "/example/a", False),
        ("User-agent: foobar\nDisallow: /\nAllow: /example/page.html", "/x", True),
        ("User-agent: career-assistant\nAllow: /example/page.html\nDisallow: /example/page.gif", "/x", True),
        ("User-agent: bot\nUser-agent: Career-Assistant\nDisallow: /a\n\nUser-agent: *\nDisallow: /", "/b", True),
        ("User-agent: bot\nUser-agent: Career-Assistant\nDisallow: /a\n\nUser-agent: *\nDisallow: /", "/a", False),
        ("User-agent: career-assistant\nDisallow: /a\nUser-agent: career-assistant\nDisallow: /b", "/a", False),
        ("User-agent: *\nAllow: /example/page/\nDisallow: /example/page/disallowed.gif", "/example/page/disallowed.gif", False),  # noqa: E501
        ("User-agent: *\nAllow: /p\nDisallow: /p", "/p", True),
        ("User-agent: *\nDisallow: /foo/bar/\u30c4", "/foo/bar/%E3%83%84", False),
        ("User-agent: *\nDisallow: /foo/bar/%E3%83%84", "/foo/bar/\u30c4", False),
        ("User-agent: *\nDisallow: /foo/bar/%62%61%7A", "/foo/bar/baz", False),
        ("User-agent: *\nDisallow:", "/a", True),
        ("User-agent: *\nDisallow: /", "/robots.txt", True),
        ("Disallow: /", "/a", True),
        ("\ufeffUser-Agent : *  # all\nDISALLOW : /a # no", "/a", False),
        ("User-agent: *\nDisallow: /a*b*c$", "/axbxxcc", False),
        ("User-agent: *\nDisallow: /a*b*c$", "/axbxxcd", True),
        ("<html>not a robots.txt</html>", "/a", True),
    ],
)  # fmt: skip
def test_rules_are_those_of_rfc_9309(rules: str, path: str, allowed: bool) -> None:
    assert rules_of(rules, "career-assistant").allow(f"https://x.example{path}") is allowed


@given(st.text(alphabet="a*$/b", max_size=12), st.text(alphabet="ab/", max_size=12))
def test_patterns_match_as_expressions_do(pattern: str, path: str) -> None:
    import re

    body = pattern.removesuffix("$")
    wanted = "".join(".*" if one == "*" else re.escape(one) for one in f"/{body}") + (
        "$" if pattern.endswith("$") else ""
    )
    refused = re.match(wanted, f"/{path}") is not None
    assert rules_of(f"User-agent: *\nDisallow: /{pattern}", "x").allow(f"https://x.example/{path}") is not refused


def test_a_page_that_has_not_changed_is_not_sent_again(web: Web, site: Site) -> None:
    url = site.put("/page", "x", ETag='"1"', Last_Modified="Mon, 02 Sep 2024 10:00:00 GMT")
    first = web.page(url)
    again = web.page(url, {"etag": first.etag, "last_modified": first.last_modified})
    assert again.unchanged and again.etag == '"1"' and not again.body
    sent = site.asked[-1][1]
    assert (sent["if-none-match"], sent["if-modified-since"]) == ('"1"', "Mon, 02 Sep 2024 10:00:00 GMT")


def test_an_answer_of_unchanged_that_nobody_asked_for_is_refused(web: Web, site: Site) -> None:
    with pytest.raises(Refused, match="304"):
        web.page(site.put("/page", "", status=304))


# Whole or not at all


def test_a_page_that_is_cut_short_is_refused(web: Web, site: Site) -> None:
    with pytest.raises(SourceError, match="cut short"):
        web.page(site.put("/page", "half", Content_Length="400"))
    with pytest.raises(SourceError, match="cut short"):
        web.page(site.put("/packed.xml.gz", gzip.compress(b"<x/>" * 999)[:-9]))


def test_packed_pages_are_unpacked_and_no_further_than_bearable(web: Web, site: Site) -> None:
    assert web.page(site.put("/a", gzip.compress(b"one ") + gzip.compress(b"two"))).body == b"one two"
    with pytest.raises(SourceError, match="more than 20 MB"):
        web.page(site.put("/bomb", gzip.compress(bytes(LARGEST + 1))))
    with pytest.raises(SourceError, match="packed as br"):
        web.page(site.put("/br", b"x", Content_Encoding="br"))


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b"a" * 65_536)
    except OSError:
        pass


def dripping(released: threading.Event) -> Callable[[BaseHTTPRequestHandler], None]:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        try:
            handler.wfile.write(b"HTTP/1.0 200 OK\r\n")
            while not released.wait(0.05):
                handler.wfile.write(b"X: y\r\n")
        except OSError:
            pass

    return drip


def test_an_endless_page_is_refused(web: Web, site: Site) -> None:
    site.pages["/endless"] = endless
    with pytest.raises(SourceError, match="more than 20 MB"):
        web.page(site.url("/endless"))


def test_a_page_that_drips_is_given_up(site: Site) -> None:
    released = threading.Event()
    site.pages["/drip"] = dripping(released)
    with Web(Network(lambda _: True, addresses_of, seconds=0.5)) as web:
        with pytest.raises(SourceError, match="takes more than"):
            web.page(site.url("/drip"))
        released.set()
        assert web.page(site.put("/page", "x")).body == b"x"


def test_redirects_come_to_an_end(web: Web, site: Site) -> None:
    with pytest.raises(SourceError, match="redirects more than 5 times"):
        web.page(site.leads("/round", "/round"))


def test_a_server_that_speaks_nonsense_is_named(web: Web, site: Site) -> None:
    site.pages["/nonsense"] = lambda handler: handler.wfile.write(b"220 smtp ready\r\n") and None
    with pytest.raises(SourceError, match="cannot be reached"):
        web.page(site.url("/nonsense"))


@pytest.mark.parametrize(("status", "gone"), [(404, True), (410, True), (401, False), (403, False), (500, False)])
def test_a_refusal_says_whether_the_page_is_gone(status: int, gone: bool, web: Web, site: Site) -> None:
    with pytest.raises(Refused, match=str(status)) as refused:
        web.page(site.put("/page", "", status=status))
    assert refused.value.gone is gone


# Addresses and kinds


@pytest.mark.parametrize(
    ("given_as", "sent_as"),
    [
        ("HTTP://Example.ORG", "http://example.org/"),
        (" https://example.org/a#part ", "https://example.org/a"),
        ("https://bücher.example/caf\u00e9?q=ü", "https://xn--bcher-kva.example/caf%C3%A9?q=%C3%BC"),
        ("https://example.org/a%20b c", "https://example.org/a%20b%20c"),
        ("http://[2001:DB8::1]:8080/", "http://[2001:db8::1]:8080/"),
    ],
)
def test_an_address_is_sent_in_one_form(given_as: str, sent_as: str) -> None:
    assert normalised(given_as) == sent_as == normalised(sent_as)


def test_the_kind_comes_from_what_the_server_says_then_from_the_ending(web: Web, site: Site) -> None:
    for path, media_type, suffix in (
        ("/a", "text/html; charset=utf-8", ".html"),
        ("/b.pdf", "application/octet-stream", ".pdf"),
        ("/c.php", "application/pdf", ".pdf"),
        ("/d.md", "text/plain", ".md"),
        ("/e", "", ".html"),
    ):
        page = web.page(site.put(path, "x", media_type))
        assert page.suffix == suffix
        assert web.keep(page).read_bytes() == b"x" and web.keep(page).suffix == suffix


# Sitemaps

SPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def urlset(*urls: str) -> str:
    return f"<?xml version='1.0'?><urlset {SPACE}>{''.join(f'<url><loc> {url} </loc></url>' for url in urls)}</urlset>"


def test_a_sitemap_stands_for_its_pages_and_a_page_for_itself(web: Web, site: Site) -> None:
    inner = site.put("/one.xml.gz", gzip.compress(urlset(site.url("/a"), site.url("/b")).encode()), "application/gzip")
    index = f"<sitemapindex {SPACE}><sitemap><loc>{inner}</loc></sitemap></sitemapindex>"
    assert web.listed(web.page(site.put("/map.xml", index, "application/xml"))) == [site.url("/a"), site.url("/b")]
    assert web.listed(web.page(site.put("/page", "<html><p>x</html>"))) == []
    assert web.listed(web.page(site.put("/x", "<?xml version='1.0'?><html/>", "application/xhtml+xml"))) == []


def test_a_sitemap_speaks_of_its_own_site_only(web: Web, site: Site, canary: Canary) -> None:
    others = (f"http://{INNER}:{canary.port}/", "https://other.example/", "file:///etc/passwd", "http://[", "")
    page = web.page(site.put("/map.xml", urlset(*others, site.url("/a")), "text/xml"))
    assert web.listed(page) == [site.url("/a")]
    assert canary.visits() == 0


def test_images_of_a_sitemap_are_no_pages() -> None:
    image = 'xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'
    told = f"<urlset {SPACE} {image}><url><loc>/a&amp;b</loc><image:image><image:loc>/a.png</image:loc></image:image>"
    assert sitemap(f"{told}</url></urlset>".encode(), "x", 9) == ("urlset", ["/a&b"])


def test_half_a_sitemap_does_not_pass_for_a_whole_one(web: Web, site: Site) -> None:
    whole = urlset(*(site.url(f"/{number}") for number in range(9)))
    with pytest.raises(SourceError, match="damaged"):
        web.listed(web.page(site.put("/map.xml", whole[: len(whole) // 2], "text/xml")))


def test_a_sitemap_may_not_be_endless_or_a_bomb(web: Web, site: Site) -> None:
    many = urlset(*(site.url(f"/{number}") for number in range(PAGES + 1)))
    with pytest.raises(SourceError, match="more than 1,000 pages"):
        web.listed(web.page(site.put("/map.xml", many, "text/xml")))
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    laughs = f'<!DOCTYPE urlset [<!ENTITY l0 "ha">{entities}]><urlset {SPACE}><url><loc>&l9;</loc></url></urlset>'
    assert sitemap(laughs.encode(), "x", 9) == ("", ())
