"""What an HTML page states about itself: title, publisher, date and address, from its own fields only. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.readers.markdown import safe_url

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_SEPARATOR = re.compile(r"\s+[|–—:·»•-]+\s+|\s*:\s+(?=:|\S)|\s*\|\s*")
_DATES = (
    "date", "article:modified_time", "article:published_time", "dcterms.modified", "dcterms.date", "dc.date",
    "last-modified", "datemodified", "datepublished", "og:updated_time",
)  # fmt: skip


def meta(tree: HtmlElement, *names: str) -> str:
    """The first of some meta fields that is filled, names compared without case."""
    found: dict[str, str] = {}
    for element in tree.iter("meta"):
        key = str(element.get("name") or element.get("property") or element.get("itemprop") or "").lower()
        found.setdefault(key, " ".join(str(element.get("content") or "").split()))
    return next((found[name] for name in names if found.get(name)), "")


def named(tree: HtmlElement, name: str) -> tuple[str, str]:
    """Title and publisher: from the page's own fields, else from its title line ("Page | Site")."""
    line = " ".join((tree.findtext(".//title") or "").split())
    parts = [part for part in (one.strip(" :|") for one in _SEPARATOR.split(line)) if part]
    heads = [" ".join(str(element.text_content()).split()) for element in tree.iter("h1")]
    given = meta(tree, "og:title", "dc.title", "citation_title")
    title = next((part for part in parts if part in heads or part == given), "")
    title = title or given or (heads[0] if len(heads) == 1 and heads[0] else "") or (parts[0] if parts else "")
    site = meta(tree, "og:site_name", "application-name", "dc.publisher", "citation_publisher")
    rest = [part for part in parts if part != title and part not in title]
    return title or Path(name).stem, site or (rest[-1] if rest and title in parts else "")


def structured(tree: HtmlElement) -> dict[str, str]:
    """Date and publisher from the page's JSON-LD (schema.org), the outermost first."""
    found: dict[str, str] = {}
    for script in tree.iter("script"):
        if script.get("type") == "application/ld+json":
            with suppress(ValueError, RecursionError):
                for thing in _things(json.loads(script.text or "")):
                    publisher = thing.get("publisher")
                    held = {**thing, "publisher": publisher.get("name") if isinstance(publisher, dict) else publisher}
                    for key in ("dateModified", "datePublished", "publisher"):
                        if isinstance(held.get(key), str):
                            found.setdefault(key, " ".join(held[key].split()))
    return found


def _things(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = value.get("@graph")
    if isinstance(value, list):
        for one in value:
            yield from _things(one)


def date(tree: HtmlElement, told: Mapping[str, str]) -> str:
    """The page's own date as it states it in a field, to the day; never one guessed from its words."""
    stated = meta(tree, *_DATES) or told.get("dateModified") or told.get("datePublished", "")
    if not stated:
        stated = next((str(one.get("datetime") or "") for one in tree.iter("time") if one.get("datetime")), "")
    match = re.match(r"(?:19|20)\d\d(?:-\d\d(?:-\d\d)?)?", stated)
    return match.group() if match else ""


def address(tree: HtmlElement) -> str:
    """The page's own address as it states it; nothing that is not http or https."""
    for link in tree.iter("link"):
        if "canonical" in str(link.get("rel") or "").lower().split():
            return safe_url(str(link.get("href") or ""))
    return safe_url(meta(tree, "og:url"))
