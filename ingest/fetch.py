"""One request to the open internet, and its answer: never into a private network, never for ever, never half.

A host is resolved once, all its addresses are checked, and the connection goes to one of the very addresses that were
checked, so that a name that changes its address cannot lead inside. Proxies are not used; redirects are not followed
here.
"""

from __future__ import annotations

import http.client
import ipaddress
import re
import socket
import ssl
import threading
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

from ingest.errors import SourceError

AGENT = "career-assistant"
"""What we call ourselves, and what robots.txt may name."""
LARGEST = 20 * 2**20
"""Bytes of an answer at most, unpacked."""
SECONDS = 60.0
"""How long a request may take in all, from connecting to the last byte."""
_SILENT_SECONDS = 20.0
"""How long a connection may be silent."""


@dataclass(frozen=True)
class Network:
    """How the network is reached."""

    reachable: Callable[[str], bool]
    """Whether an IP address may be connected to."""
    resolve: Callable[[str, int], Sequence[str]]
    """Host and port -> IP addresses. Raises OSError."""
    seconds: float = SECONDS
    """How long a request may take in all."""


@dataclass(frozen=True)
class Response:
    """What a server answered."""

    status: int
    reason: str
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes
    """Unpacked; only where the status is 200."""


def addresses_of(host: str, port: int) -> Sequence[str]:
    """The IP addresses of a host.

    Raises:
        OSError: There are none.
    """
    return list(dict.fromkeys(str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet, also where it is wrapped into another.

    >>> [is_public(one) for one in ("8.8.8.8", "127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:10.0.0.1")]
    [True, False, False, False, False, False]
    """
    found = ipaddress.ip_address(address.split("%")[0])
    if found.is_multicast or not found.is_global:
        return False
    if isinstance(found, ipaddress.IPv4Address):
        return True
    # Mapped, compatible, 6to4, Teredo and NAT64 addresses carry one of version 4, and that is where they lead.
    inner = [found.ipv4_mapped, found.sixtofour, *(found.teredo or ())]
    if any(found in network for network in _CARRYING):
        inner.append(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF))
    return not found.is_site_local and all(one is None or is_public(str(one)) for one in inner)


_CARRYING = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::/96"))

OPEN_INTERNET = Network(is_public, addresses_of)


def normalised(url: str) -> str:
    """An address as it is sent: without its fragment, host and path in ASCII.

    >>> normalised("HTTPS://Bücher.example/café?q=a b#top")
    'https://xn--bcher-kva.example/caf%C3%A9?q=a%20b'

    Raises:
        SourceError: It is none of a page.
    """
    parts = _parts(url)
    host = str(parts.hostname)
    with suppress(UnicodeError):
        host = host if ":" in host else host.encode("idna").decode("ascii")
    place = f"[{host}]" if ":" in host else host
    place += f":{parts.port}" if parts.port else ""
    path, query = (quote(part, safe="/?=&*$:@!',;+()[]~%|", errors="replace") for part in (parts.path, parts.query))
    return urlunsplit((parts.scheme, place, path or "/", query, ""))


def _parts(url: str) -> SplitResult:
    """The parts of an address.

    Raises:
        SourceError: It is none of a page.
    """
    try:
        parts = urlsplit(url.strip())
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable or parts.username is not None or re.search(r"[\x00-\x1f\x7f\\]", url.strip()):
        raise SourceError(f"{url} is no address of a page.", "Write it as https://host/path, without a user name.")
    return parts


def fetch(url: str, headers: Mapping[str, str], network: Network) -> Response:
    """What the server of an address answers; redirects come back as such.

    Args:
        url: Normalised.
        headers: Sent besides our own.
        network: How it is reached.

    Raises:
        SourceError: It cannot be reached, leads into a private network, or takes too much; the message says why.
    """
    parts = _parts(url)
    tls = parts.scheme == "https"
    host, port = str(parts.hostname), parts.port or (443 if tls else 80)
    connection = http.client.HTTPConnection(host, port, timeout=_SILENT_SECONDS)
    late = threading.Event()
    watch = _Watch(network.seconds, late)
    try:
        plain = _connected(host, port, url, network)
        watch.start(plain)
        connection.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=host) if tls else plain
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        ours = {"Host": parts.netloc, "User-Agent": AGENT, "Accept-Encoding": "identity", "Connection": "close"}
        connection.request("GET", path, headers={**ours, **headers})
        answer = connection.getresponse()
        held = {name.lower(): value for name, value in answer.headers.items()}
        body = _body(url, answer) if answer.status == 200 else b""
        if late.is_set():
            raise TimeoutError
        return Response(answer.status, answer.reason, held, _unpacked(url, body, held.get("content-encoding", "")))
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        if late.is_set():
            raise SourceError(
                f"{url} takes more than {network.seconds:.0f} seconds.", "Save it to a file and ingest that."
            ) from error
        raise _unreached(url, error) from error
    finally:
        watch.stop()
        connection.close()


class _Watch:
    """Ends a connection under whoever waits for it when its time is up.

    A server that sends a byte now and then is never silent, so that a time-out between two bytes is not enough.
    """

    def __init__(self, seconds: float, late: threading.Event) -> None:
        self._late = late
        self._line: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def start(self, line: socket.socket) -> None:
        # A second handle: the first one is taken over by TLS.
        self._line = line.dup()
        self._timer.start()

    def stop(self) -> None:
        self._timer.cancel()
        if self._line is not None:
            self._line.close()

    def _cut(self) -> None:
        self._late.set()
        if self._line is not None:
            with suppress(OSError):
                self._line.shutdown(socket.SHUT_RDWR)


def _connected(host: str, port: int, url: str, network: Network) -> socket.socket:
    """A connection to a checked address of the host.

    Raises:
        SourceError: It has an address in a private network.
        OSError: None of its addresses answers.
    """
    addresses = network.resolve(host, port)
    # One private address among public ones is enough to refuse: which of them is used would be chance.
    if not addresses or not all(map(network.reachable, addresses)):
        raise SourceError(f"{url} leads into a private network.", "Only pages of the open internet are fetched.")
    for address in addresses[:-1]:
        with suppress(OSError):
            return socket.create_connection((address, port), timeout=_SILENT_SECONDS / 4)
    return socket.create_connection((addresses[-1], port), timeout=_SILENT_SECONDS)


def _body(url: str, answer: http.client.HTTPResponse) -> bytes:
    parts: list[bytes] = []
    size = 0
    while part := answer.read1(65_536):
        parts.append(part)
        size += len(part)
        if size > LARGEST:
            raise _too_large(url)
    if answer.length:
        # `read1` does not say so by itself.
        raise http.client.IncompleteRead(b"", answer.length)
    return b"".join(parts)


def _unpacked(url: str, body: bytes, encoding: str) -> bytes:
    """The content of what was sent gzipped, as sitemaps often are; everything else as it is."""
    if encoding.lower() not in ("", "identity", "gzip", "x-gzip"):
        raise SourceError(f"{url} comes packed as {encoding}, unasked.", "Save it to a file and ingest that.")
    plain = b""
    while body.startswith(b"\x1f\x8b"):
        inner = zlib.decompressobj(wbits=31)
        try:
            plain += inner.decompress(body, LARGEST + 1 - len(plain))
        except zlib.error as error:
            raise SourceError(f"{url} is damaged.", "Save it to a file and look at it.") from error
        if len(plain) > LARGEST:
            raise _too_large(url)
        if not inner.eof:
            raise SourceError(f"{url} was cut short.", "Try again.")
        if not inner.unused_data.startswith(b"\x1f\x8b"):
            return plain
        body = inner.unused_data
    return body


def _too_large(url: str) -> SourceError:
    return SourceError(f"{url} has more than {LARGEST // 2**20} MB.", "Save it to a file and ingest that.")


def _unreached(url: str, error: Exception) -> SourceError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return SourceError(f"{url} shows no certificate that can be trusted.", "Check the address.")
    if isinstance(error, http.client.IncompleteRead):
        return SourceError(f"{url} was cut short.", "Try again.")
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return SourceError(f"{url} cannot be reached: {reason}.", "Check the address and the network, and try again.")
