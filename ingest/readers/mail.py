"""EML to Documents: a mail with its subject, sender and date, and each attachment as a document of its own.

The text is read as it was written, else the HTML. What it quotes of earlier mails stands under a heading that says so,
with the name and date of whoever wrote it where the mail gives them. Attachments go to the readers of their endings;
one that cannot be read is named in the mail with the reason.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import getaddresses
from pathlib import Path

from ingest.errors import SourceError
from ingest.outline import outlined
from ingest.readers import html
from ingest.readers.package import wordless
from ingest.types import Block, Document, Reference

DEPTH, ATTACHMENTS = 3, 50
"""How deep mails are attached to mails, and how many attachments of a mail are read, at most."""
_WROTE = re.compile(
    r"(?:On|Am|Le|El)\s(?P<when>.{6,80}?),?\s(?P<who>[^,]{2,80}?)\s*(?:wrote|schrieb|a écrit|escribió)\s?:\s*$",
    re.DOTALL,
)
_FORWARDED = re.compile(r"\s*-{2,}\s*(?:Original Message|Forwarded message|Ursprüngliche Nachricht)\s*-{2,}\s*$", re.I)
_SIGNATURE = re.compile(r"^-- ?$")
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()


def read(path: Path) -> Iterator[Document]:
    """The documents of an EML file: the mail, then its attachments.

    Raises:
        SourceError: The file is no mail, or there is not a word in it.
    """
    message = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
    if not isinstance(message, EmailMessage) or not any(
        message.get(name) for name in ("From", "Date", "Subject", "To")
    ):
        raise SourceError(f"{path.name} is damaged or no mail.", "Save the mail from its program again, as .eml.")
    yield from _mail(message, path, 1)


@dataclass
class _Attached:
    """What is attached to a mail, read."""

    documents: list[Document] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    """Sentences on those that were not read."""


def _mail(message: EmailMessage, path: Path, depth: int) -> Iterator[Document]:
    subject = _header(message, "Subject") or path.stem
    day = _day(message)
    origin = Reference(publisher=_people(message, "From"), title=subject, as_of=day)
    blocks, references = _body(message, path)
    attached = _attachments(message, path, subject, depth)
    blocks += [Block("paragraph", sentence) for sentence in attached.unread]
    if not blocks and not attached.documents:
        raise wordless(path)
    heads = [("From", _people(message, "From")), ("To", _people(message, "To")), ("Date", day)]
    told = [Block("row", f"{name}: {value}", caption="Mail") for name, value in heads if value]
    yield Document(subject, (*told, *blocks), "mail", origin, references)
    yield from attached.documents


def _header(message: EmailMessage, name: str) -> str:
    return " ".join(str(message.get(name) or "").split())


def _people(message: EmailMessage, name: str) -> str:
    """Names in a header; an address where there is no name."""
    found = getaddresses([str(value) for value in message.get_all(name, [])])
    return ", ".join(who or address for who, address in found if who or address)


def _day(message: EmailMessage) -> str:
    """Day on which a mail was sent; empty when it does not say, or not as a mail should."""
    moment = getattr(message.get("Date"), "datetime", None)
    return moment.date().isoformat() if isinstance(moment, datetime) else ""


# The body


def _body(message: EmailMessage, path: Path) -> tuple[list[Block], dict[str, Reference]]:
    """The blocks of the mail's own words, and whom it quotes."""
    part = message.get_body(("plain", "html"))
    text = _text(part) if isinstance(part, EmailMessage) else ""
    if isinstance(part, EmailMessage) and part.get_content_subtype() == "plain" and not text.strip():
        part = message.get_body(("html",))
        text = _text(part) if isinstance(part, EmailMessage) else ""
    if not isinstance(part, EmailMessage) or not text.strip():
        return [], {}
    if part.get_content_subtype() == "html":
        try:
            return list(html.parse(text, path.name).blocks), {}
        except SourceError:
            return [], {}
    return quoted_blocks(text)


def _text(part: EmailMessage) -> str:
    """The text of a part; in an unknown encoding, as its bytes suggest."""
    try:
        content = part.get_content()
    except (LookupError, UnicodeError, ValueError):
        data = part.get_payload(decode=True)
        content = data.decode("utf-8", errors="replace") if isinstance(data, bytes) else ""
    return str(content).replace("\r\n", "\n")


def quoted_blocks(text: str) -> tuple[list[Block], dict[str, Reference]]:
    r"""A mail's words, and what it quotes under a heading with whom and when; the signature is left out.

    >>> blocks, people = quoted_blocks("Yes.\n\nOn Mon, 6 May 2024, Ann Lee wrote:\n> Is it 5?\n")
    >>> [(block.kind, block.text, block.reference) for block in blocks]
    [('paragraph', 'Yes.', ''), ('heading', 'Quoted from Ann Lee', ''), ('paragraph', 'Is it 5?', 'quoted 1')]
    >>> people["quoted 1"].publisher, people["quoted 1"].as_of
    ('Ann Lee', '2024-05-06')
    """
    blocks: list[Block] = []
    people: dict[str, Reference] = {}
    for run, quoted, who in _runs(text.split("\n")):
        found = outlined("\n".join(run))
        if quoted and found:
            key = f"quoted {len(people) + 1}"
            people[key] = who
            blocks.append(Block("heading", f"Quoted from {who.publisher}", 2))
            found = [replace(block, reference=key, kind="paragraph", level=0) if block.kind == "heading"
                     else replace(block, reference=key) for block in found]  # fmt: skip
        elif found and people:
            blocks.append(Block("heading", "Answer", 2))
        blocks += found
    return blocks, people


def _runs(lines: list[str]) -> Iterator[tuple[list[str], bool, Reference]]:
    """Runs of lines that are the writer's own or quoted, and of whom."""
    unknown = Reference(publisher="an earlier mail")
    who, run, quoted, forwarded = unknown, [""], False, False
    index = 0
    while index < len(lines):
        line = lines[index]
        # Programs break the line that names whom they quote.
        opening = next((_WROTE.match(joined) for joined in (line, " ".join(lines[index : index + 2]))
                        if _WROTE.match(joined)), None)  # fmt: skip
        begins = bool(_FORWARDED.match(line))
        if _SIGNATURE.match(line) and not quoted:
            index = next((at for at in range(index, len(lines)) if lines[at].startswith(">")), len(lines))
            continue
        if opening or begins:
            yield run, quoted, who
            who = Reference(_who(opening["who"]), as_of=_when(opening["when"])) if opening else unknown
            run, quoted, forwarded = [], True, forwarded or begins
            index += 1 if opening is None or _WROTE.match(line) else 2
            continue
        marked = line.startswith(">")
        if line.strip() and marked != quoted and not forwarded and not (quoted and not run):
            yield run, quoted, who
            run, quoted = [], marked
            who = unknown if marked else who
        run.append(re.sub(r"^(?:>\s?)+", "", line) if marked else line)
        index += 1
    yield run, quoted, who


def _who(text: str) -> str:
    """A name without its address.

    >>> _who("Ann Lee <ann@example.org>")
    'Ann Lee'
    """
    return re.sub(r"\s*<[^>]*>", "", text).strip(" \"'") or text.strip("<> ")


def _when(text: str) -> str:
    """The day in a line such as "Mon, 6 May 2024 at 10:00"; empty when it cannot be told.

    >>> _when("Mon, May 6, 2024 at 10:00 AM"), _when("2024-05-06 10:00"), _when("05/06/2024")
    ('2024-05-06', '2024-05-06', '')
    """
    exact = re.search(r"(?:19|20)\d\d-\d\d-\d\d", text)
    if exact:
        return exact.group()
    month = re.search(r"\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)", text, re.IGNORECASE)
    year, day = re.search(r"\b((?:19|20)\d\d)\b", text), re.search(r"\b(\d{1,2})\b(?!:)", text)
    if not (month and year and day) or not 1 <= int(day[1]) <= 31:
        return ""
    return f"{year[1]}-{_MONTHS.index(month[1].lower()) + 1:02}-{int(day[1]):02}"


# Attachments


def _attachments(message: EmailMessage, path: Path, subject: str, depth: int) -> _Attached:
    found = _Attached()
    for number, part in enumerate(message.iter_attachments(), 1):
        if not isinstance(part, EmailMessage):
            continue
        inline = part.get_content_disposition() == "inline" or part.get("Content-ID")
        if part.get_content_maintype() == "image" and inline:
            # Logos and pictures within the text.
            continue
        name = Path(part.get_filename() or "").name or f"attachment {number}"
        if number > ATTACHMENTS or depth >= DEPTH:
            found.unread.append(f"The attachment {name} was not read: there are too many of them, or they go too deep.")
            continue
        try:
            found.documents += _documents(part, name, path, subject, depth)
        except SourceError as error:
            found.unread.append(f"The attachment {name} was not read: {error.message}")
    return found


def _documents(part: EmailMessage, name: str, path: Path, subject: str, depth: int) -> list[Document]:
    """The documents of an attachment, known by its name and titled with the mail's subject.

    Raises:
        SourceError: It cannot be read.
    """
    if part.get_content_type() == "message/rfc822":
        inner = part.get_payload(0)
        documents = list(_mail(inner, path, depth + 1)) if isinstance(inner, EmailMessage) else []
        name = documents[0].title if documents else name
    else:
        from ingest.readers import read as read_file

        data = part.get_payload(decode=True)
        with tempfile.TemporaryDirectory() as folder:
            # Only the ending comes from the sender: it chooses the reader.
            kept = Path(folder) / f"attached{Path(name).suffix.lower()}"
            kept.write_bytes(data if isinstance(data, bytes) else b"")
            try:
                documents = list(read_file(kept))
            except SourceError as error:
                raise SourceError(error.message.replace(kept.name, name), error.hint) from error
        documents = [replace(one, title=Path(name).stem) if one.title == kept.stem else one for one in documents]
    return [
        replace(
            one,
            title=f"{one.title} (attached to {subject})",
            external_id="/".join(filter(None, (name, one.external_id))),
        )
        for one in documents
    ]
