"""PDF, HTML, plain text and JSON Lines, each read through the one door of all readers."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from reportlab.lib import colors
from reportlab.lib.pagesizes import letter
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Frame,
    ListFlowable,
    PageBreak,
    PageTemplate,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

from ingest.errors import SourceError
from ingest.readers import read
from ingest.readers.layout import Box, Word, lines_of
from ingest.readers.page_blocks import blocks_of, without_running
from ingest.readers.page_tables import Rule, grids
from ingest.readers.reading_order import ordered
from ingest.types import Block, Document

STYLES = getSampleStyleSheet()
SAID = "Engineers who train models earn more than those who only serve them, and the gap widens with experience. "


def only(path: Path) -> Document:
    (document,) = read(path)
    return document


def said(document: Document) -> str:
    return " ".join(block.text for block in document.blocks)


def of_kind(document: Document, kind: str) -> list[str]:
    return [block.text for block in document.blocks if block.kind == kind]


# PDF


def story(path: Path, flow: list[object], **given: object) -> Document:
    SimpleDocTemplate(str(path), pagesize=letter, **given).build(flow)
    return only(path)


def drawn(path: Path, draw: Callable[[Canvas], None], **given: object) -> Path:
    canvas = Canvas(str(path), pagesize=letter, **given)
    draw(canvas)
    canvas.save()
    return path


def test_pdf_tells_headings_by_size_and_by_weight_and_each_blocks_page(tmp_path: Path) -> None:
    bold = STYLES["BodyText"].clone("bold", fontName="Helvetica-Bold")
    flow = [Paragraph("Pay in 2024", STYLES["Heading1"]), Paragraph(SAID, STYLES["BodyText"]),
            Paragraph("In Seattle", bold), Paragraph(SAID * 2, STYLES["BodyText"]), PageBreak(),
            Paragraph("Outlook", STYLES["Heading1"]), Paragraph(SAID * 3, STYLES["BodyText"])]  # fmt: skip
    document = story(tmp_path / "a.pdf", flow, title="A handbook")
    assert document.title == "A handbook"
    assert [(one.kind, one.text[:11], one.page) for one in document.blocks] == [
        ("heading", "Pay in 2024", 1), ("paragraph", SAID[:11], 1), ("heading", "In Seattle", 1),
        ("paragraph", SAID[:11], 1), ("heading", "Outlook", 2), ("paragraph", SAID[:11], 2),
    ]  # fmt: skip
    levels = [one.level for one in document.blocks if one.kind == "heading"]
    assert levels[0] == levels[2] < levels[1]


def test_pdf_lines_that_the_files_outline_names_are_headings(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        for number, title in enumerate(("Pay", "Outlook")):
            canvas.bookmarkPage(title)
            canvas.addOutlineEntry(title, title, level=number)
            canvas.drawString(72, 700, f"{number + 1}. {title}")
            canvas.drawString(72, 686, "Engineers who train models earn more than others do.")
            canvas.showPage()

    document = only(drawn(tmp_path / "a.pdf", draw))
    assert [(one.text, one.level) for one in document.blocks if one.kind == "heading"] == [
        ("1. Pay", 1),
        ("2. Outlook", 2),
    ]


def test_pdf_columns_are_read_one_after_the_other_below_what_spans_them(tmp_path: Path) -> None:
    words = [f"w{number}" for number in range(1200)]
    frames = [Frame(60, 60, 230, 600), Frame(320, 60, 230, 600)]
    head = "A title across both of the columns"

    def title(canvas: Canvas, _: object) -> None:
        canvas.setFont("Helvetica-Bold", 20)
        canvas.drawString(90, 700, head)

    made = BaseDocTemplate(str(tmp_path / "a.pdf"), pageTemplates=[PageTemplate(frames=frames, onPage=title)])
    made.build([Paragraph(" ".join(words), STYLES["BodyText"])])
    told = said(only(tmp_path / "a.pdf")).replace(head, "").split()
    assert told == words


def test_pdf_columns_are_read_in_order_whatever_order_the_file_has_them_in(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        for row in range(20):
            for side, left in (("right", 330), ("left", 60)):
                canvas.drawString(left, 700 - 14 * row, f"the {side} column has this as line {row}.")

    told = said(only(drawn(tmp_path / "a.pdf", draw)))
    assert told.index("left column has this as line 19.") < told.index("right column has this as line 0.")


def test_pdf_running_heads_feet_and_page_numbers_are_left_out(tmp_path: Path) -> None:
    def furniture(canvas: Canvas, made: object) -> None:
        canvas.drawString(72, 760, "Career handbook" if canvas.getPageNumber() % 2 else "Engineers")
        canvas.drawString(300, 30, f"Page {canvas.getPageNumber()} of 6")
        canvas.drawString(72, 45, f"(c) A board {2018 + canvas.getPageNumber()}")

    flow: list[object] = []
    for number in range(6):
        flow += [
            Paragraph(f"Chapter {number}", STYLES["Heading1"]),
            Paragraph(SAID * 9, STYLES["BodyText"]),
            PageBreak(),
        ]
    path = tmp_path / "a.pdf"
    SimpleDocTemplate(str(path), pagesize=letter).build(flow, onFirstPage=furniture, onLaterPages=furniture)
    document = only(path)
    assert of_kind(document, "heading") == [f"Chapter {number}" for number in range(6)]
    assert not [word for word in ("handbook", "Page", "board", "Engineers\n") if word in said(document)]


def test_pdf_words_broken_at_a_lines_end_are_whole_and_compounds_keep_their_hyphen(tmp_path: Path) -> None:
    lines = ["The employ-", "ment of well-", "known people in part-", "time work is a long-", "term matter of manage-",
             "ment, as the long-term plan says on AI-", "ML work and on the 2024-", "34 decade."]  # fmt: skip

    def draw(canvas: Canvas) -> None:
        for row, line in enumerate(lines):
            canvas.drawString(72, 700 - 14 * row, line)

    assert said(only(drawn(tmp_path / "a.pdf", draw))) == (
        "The employment of well-known people in part-time work is a long-term matter of management, as the long-term "
        "plan says on AI-ML work and on the 2024-34 decade."
    )


@pytest.mark.parametrize("ruled", [True, False])
def test_pdf_tables_are_rows_with_their_headers(tmp_path: Path, ruled: bool) -> None:
    rows = [["Level", "Pay", "City"], ["Entry", "$105,418", "Boston"], ["Senior", "$160,000", "Seattle"],
            ["Staff", "$210,000", "Austin"]]  # fmt: skip
    style = [("GRID", (0, 0), (-1, -1), 0.5, colors.black)] if ruled else []
    table = Table(rows, colWidths=110, style=TableStyle(style))
    flow = [
        Paragraph(SAID * 3, STYLES["BodyText"]),
        Spacer(1, 12),
        table,
        Spacer(1, 12),
        Paragraph(SAID * 3, STYLES["BodyText"]),
    ]
    document = story(tmp_path / "a.pdf", flow)
    assert of_kind(document, "row") == [
        "Entry - Pay: $105,418; City: Boston", "Senior - Pay: $160,000; City: Seattle",
        "Staff - Pay: $210,000; City: Austin",
    ]  # fmt: skip
    assert [block.kind for block in document.blocks] == ["paragraph", "row", "row", "row", "paragraph"]


def test_pdf_cells_that_span_columns_and_rows_are_told_with_each(tmp_path: Path) -> None:
    rows = [["City", "Pay", ""], ["", "Entry", "Senior"], ["Boston", "$1", "$2"], ["Seattle", "$3", "$4"]]
    style = [("GRID", (0, 0), (-1, -1), 0.5, colors.black), ("SPAN", (1, 0), (2, 0)), ("SPAN", (0, 0), (0, 1)),
             ("FONT", (0, 0), (-1, 1), "Helvetica-Bold")]  # fmt: skip
    document = story(tmp_path / "a.pdf", [Table(rows, colWidths=110, style=TableStyle(style))])
    assert of_kind(document, "row") == [
        "Boston - Pay Entry: $1; Pay Senior: $2",
        "Seattle - Pay Entry: $3; Pay Senior: $4",
    ]


def test_pdf_cells_of_several_lines_are_whole_without_rules(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        where = ["Boston and the towns", "that lie around it"]
        rows = [
            (["Title"], ["Pay"], ["Where"]),
            (["Engineer"], ["$1"], where),
            (["Staff and principal", "engineers"], ["$2"], ["Austin"]),
            (["Fellow"], ["$3"], ["Seattle"]),
        ]
        for row, cells in enumerate(rows):
            for left, lines in zip((72, 250, 350), cells, strict=True):
                for place, line in enumerate(lines):
                    canvas.drawString(left, 700 - 44 * row - 14 * place, line)

    assert of_kind(only(drawn(tmp_path / "a.pdf", draw)), "row") == [
        "Engineer - Pay: $1; Where: Boston and the towns that lie around it",
        "Staff and principal engineers - Pay: $2; Where: Austin",
        "Fellow - Pay: $3; Where: Seattle",
    ]


def test_pdf_lists_are_items_whether_their_bullets_are_letters_or_drawn(tmp_path: Path) -> None:
    items = ListFlowable(
        [Paragraph(f"skill number {one} of those", STYLES["BodyText"]) for one in "abc"], bulletType="bullet"
    )
    assert of_kind(story(tmp_path / "a.pdf", [Paragraph(SAID, STYLES["BodyText"]), items]), "item") == [
        f"skill number {one} of those" for one in "abc"
    ]

    def draw(canvas: Canvas) -> None:
        for row in range(3):
            canvas.circle(76, 704 - 16 * row, 2, fill=1)
            canvas.drawString(90, 700 - 16 * row, f"skill number {row} of those")

    assert of_kind(only(drawn(tmp_path / "b.pdf", draw)), "item") == [
        f"skill number {row} of those" for row in range(3)
    ]


def test_pdf_of_three_hundred_pages_is_read_to_its_end(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        for number in range(1, 301):
            canvas.setFont("Helvetica-Bold", 16)
            canvas.drawString(72, 700, f"Part {number} of the whole")
            canvas.setFont("Helvetica", 10)
            canvas.drawString(72, 660, f"This is what page {number} says about the pay of engineers.")
            canvas.showPage()

    document = only(drawn(tmp_path / "a.pdf", draw))
    assert [block.page for block in document.blocks if block.kind == "paragraph"] == list(range(1, 301))
    assert len(of_kind(document, "heading")) == 300


@given(
    st.lists(
        st.tuples(st.integers(0, 550), st.integers(0, 780), st.integers(1, 200), st.integers(1, 40), st.booleans()),
        max_size=40,
    ),
    st.lists(st.tuples(st.booleans(), st.integers(0, 600), st.integers(0, 300), st.integers(0, 600)), max_size=12),
)
def test_pdf_words_anywhere_on_a_page_are_all_kept(places: list[tuple[int, ...]], ruled: list[tuple[int, ...]]) -> None:
    words = [
        Word(f"w{number}", Box(left, low, left + wide, low + high), high, "bold" if bold else "")
        for number, (left, low, wide, high, bold) in enumerate(places)
    ]
    rules = [Rule(bool(level), at, start, start + length) for level, at, start, length in ruled]
    tables, rest = grids(words, rules, 1)
    lines = ordered([*lines_of(rest, 1), *tables])
    found = " ".join(block.text for block in blocks_of(without_running(lines, {1: 10_000}))).split()
    if not any(line.rows for line in lines):
        assert sorted(found) == sorted(word.text for word in words)


@pytest.mark.parametrize("angle", [0, 90, 180, 270])
def test_pdf_pages_whose_text_is_turned_are_read(tmp_path: Path, angle: int) -> None:
    lines = [f"this is line {row} of those that are turned" for row in range(4)]

    def draw(canvas: Canvas) -> None:
        canvas.translate(300, 400)
        canvas.rotate(angle)
        for row, line in enumerate(lines):
            canvas.drawString(-120, -14 * row, line)

    assert said(only(drawn(tmp_path / "a.pdf", draw))) == " ".join(lines)


def test_pdf_states_its_date(tmp_path: Path) -> None:
    assert len(story(tmp_path / "a.pdf", [Paragraph(SAID, STYLES["BodyText"])]).origin.as_of) == len("2024-05-31")


def test_pdf_says_which_of_its_pages_are_scans(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        for number in range(1, 8):
            if number in (2, 5, 6):
                canvas.drawImage(_picture(), 0, 0, *letter)
            elif number != 7:
                canvas.drawString(72, 700 - 90 * number, " ".join(SAID.split()[number:]))
            if number == 4:
                canvas.drawImage(_picture(), 0, 0, *letter)
            canvas.showPage()

    document = only(drawn(tmp_path / "a.pdf", draw))
    assert document.unread == "pp. 2, 5–6 held no text; it may be scanned"
    assert {block.page for block in document.blocks} == {1, 3, 4}


def scan(path: Path) -> None:
    drawn(path, lambda canvas: canvas.drawImage(_picture(), 72, 400, 300, 300))


def _picture() -> ImageReader:
    held = io.BytesIO()
    Image.new("L", (200, 200), 128).save(held, "PNG")
    return ImageReader(io.BytesIO(held.getvalue()))


def encrypted(path: Path) -> None:
    drawn(path, lambda canvas: canvas.drawString(72, 700, SAID), encrypt=StandardEncryption("secret"))


def truncated(path: Path) -> None:
    whole = drawn(path, lambda canvas: canvas.drawString(72, 700, SAID)).read_bytes()
    path.write_bytes(whole[: len(whole) // 3])


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (scan, "holds no text"),
        (encrypted, "protected with a password"),
        (truncated, "damaged"),
        (lambda path: path.write_bytes(b""), "empty"),
        (lambda path: path.write_bytes(bytes(range(256)) * 40), "damaged"),
        (lambda path: path.write_bytes(b"%PDF-1.7\n" + b"\x00" * 4000), "damaged"),
    ],
    ids=["scan", "encrypted", "truncated", "empty", "binary", "no objects"],
)
def test_pdf_that_cannot_be_read_says_why_and_what_to_do(
    tmp_path: Path, make: Callable[[Path], object], reason: str
) -> None:
    make(tmp_path / "a.pdf")
    with pytest.raises(SourceError, match=reason) as raised:
        only(tmp_path / "a.pdf")
    assert raised.value.hint


# HTML


def page(tmp_path: Path, body: str, head: str = "") -> Document:
    path = tmp_path / "a.html"
    path.write_text(f"<!doctype html><html><head>{head}</head><body>{body}</body></html>", encoding="utf-8")
    return only(path)


def test_html_is_read_without_its_furniture(tmp_path: Path) -> None:
    document = page(
        tmp_path,
        f"""<nav><a href="/">Home</a></nav><div id="cookie-banner">We use cookies. <button>Accept</button></div>
        <main><h1>Engineers</h1><p>{SAID * 3}</p><div class="social-share">Share this</div>
        <ul><li><a href="/a">One page</a></li><li><a href="/b">Another</a></li><li><a href="/c">A third</a></li></ul>
        </main><footer>Imprint</footer><script>let words = 1</script><div hidden>Not shown</div>""",
        "<title>Engineers : A board</title>",
    )
    assert document.title == "Engineers"
    assert document.origin.publisher == "A board"
    assert said(document) == (SAID * 3).strip()


def test_html_tables_lists_definitions_and_code_keep_their_structure(tmp_path: Path) -> None:
    document = page(
        tmp_path,
        """<h2>Pay</h2><table><caption>In 2024</caption><tr><th>Level</th><th>Pay</th><th>City</th></tr>
        <tr><td rowspan=2>Entry</td><td>$1</td><td>Boston</td></tr><tr><td colspan=2>none</td></tr></table>
        <ol start=3><li>Learn<ul><li><a href="/p">Python</a></li></ul></li><li>Apply</li></ol>
        <dl><dt>Salary</dt><dd>What is paid</dd></dl><pre><code>x = 1\ny = 2</code></pre>""",
    )
    assert document.blocks == (
        Block("heading", "Pay", 2),
        Block("row", "Entry - Pay: $1; City: Boston", caption="In 2024, by Level"),
        Block("row", "Entry - Pay: none; City: none", caption="In 2024, by Level"),
        Block("item", "Learn", 0, marker="3."),
        Block("item", "Python", 1),
        Block("item", "Apply", 0, marker="4."),
        Block("row", "Salary: What is paid"),
        Block("paragraph", "x = 1\ny = 2"),
    )


def test_html_row_of_nothing_but_reaching_headings_begins_the_next_row(tmp_path: Path) -> None:
    rows = "<tr><th>Year</th><th>Month</th><th>Pay</th></tr><tr><th rowspan=3>2025</th></tr>"
    document = page(tmp_path, f"<table>{rows}<tr><td>May</td><td>$1</td></tr><tr><td>June</td><td>$2</td></tr></table>")
    assert of_kind(document, "row") == ["2025 - Month: May; Pay: $1", "2025 - Month: June; Pay: $2"]


def test_html_headings_that_fold_their_section_are_kept(tmp_path: Path) -> None:
    document = page(tmp_path, f"<h3><button>What they earn</button></h3><div hidden><h4>In all</h4><p>{SAID}</p></div>")
    assert of_kind(document, "heading") == ["What they earn", "In all"]
    assert SAID.strip() in said(document)


@pytest.mark.parametrize(
    ("head", "date", "publisher"),
    [
        ('<meta property="article:published_time" content="2024-05-31T08:00:00Z">', "2024-05-31", ""),
        ('<script type="application/ld+json">{"@graph": [{"@type": "Article", "datePublished": "2024-05-31", '
         '"publisher": {"name": "A board"}}]}</script>', "2024-05-31", "A board"),
        ('<script type="application/ld+json">{"broken</script>', "", ""),
    ],
)  # fmt: skip
def test_html_states_date_and_publisher_in_its_fields(tmp_path: Path, head: str, date: str, publisher: str) -> None:
    origin = page(tmp_path, f"<p>{SAID} On 1 January 2020 all changed.</p>", head).origin
    assert (origin.as_of, origin.publisher) == (date, publisher)


@pytest.mark.parametrize("opened", ["<div>", "<b>", "<ul><li>", "<table><tr><td>", "<blockquote><p>"])
def test_html_nested_deeply_keeps_its_words_or_says_that_it_cannot(tmp_path: Path, opened: str) -> None:
    depth = 400
    assert "deep words" in said(page(tmp_path, f"<p>First.</p>{opened * depth}deep words"))
    with pytest.raises(SourceError, match="nested too deeply"):
        page(tmp_path, f"<p>First.</p>{opened * 10_000}deep words")


def test_html_lines_of_a_heading_are_words_apart(tmp_path: Path) -> None:
    assert of_kind(page(tmp_path, f"<h2>What<br>they earn</h2><p>{SAID}</p>"), "heading") == ["What they earn"]


@pytest.mark.parametrize("body", ["", "<nav>Home</nav>", "<script>x</script>", "<p> </p>"])
def test_html_without_words_says_so(tmp_path: Path, body: str) -> None:
    with pytest.raises(SourceError, match="no words"):
        page(tmp_path, body)


def test_html_is_read_in_the_encoding_that_it_states(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_bytes('<meta charset="shift_jis"><p>年収は高い</p>'.encode("shift_jis"))
    assert said(only(path)) == "年収は高い"


# Plain text

GERMAN = "Die Gehälter für Ingenieure stiegen um fünf Prozent. Größere Städte zahlen mehr, sagt die Behörde."
FRENCH = "Les ingénieurs débutants gagnent à peu près 45 000 € par an. L’été dernier, la hausse a été légère."
RUSSIAN = "Средняя зарплата инженера по машинному обучению выросла. Сколько зарабатывает аналитик в Москве?"
JAPANESE = "機械学習エンジニアの平均給与は上昇しました。東京では年収が高いです。"
POLISH = "Średnie wynagrodzenie inżyniera wzrosło w zeszłym roku. Gdzie można zarobić więcej?"
CZECH = "Průměrný plat inženýra vloni vzrostl. Kde si člověk může vydělat více? Největší města platí lépe."
GREEK = "Ο μέσος μισθός των μηχανικών αυξήθηκε πέρυσι. Πόσα κερδίζει ένας αναλυτής στην Αθήνα;"
TAIWANESE = "機器學習工程師的平均工資上漲了。北京的年薪較高。"
CHINESE = "机器学习工程师的平均工资上涨了。北京的年薪较高。数据科学家的工作内容如下所述。"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [(GERMAN, one) for one in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be")]
    + [(GERMAN, "cp1252"), (GERMAN, "latin-1"), (FRENCH, "cp1252"), (RUSSIAN, "cp1251"), (RUSSIAN, "koi8-r"),
       (RUSSIAN, "utf-16-le"), (JAPANESE, "shift_jis"), (JAPANESE, "euc_jp"), (POLISH, "cp1250"),
       (POLISH, "iso8859-2"), (CZECH, "cp1250"), (GREEK, "cp1253"), (CHINESE, "gb18030"), (TAIWANESE, "big5")],
)  # fmt: skip
def test_text_is_read_in_any_encoding(tmp_path: Path, text: str, encoding: str) -> None:
    (tmp_path / "a.txt").write_bytes(f"{text}\n".encode(encoding))
    assert said(only(tmp_path / "a.txt")) == text


def test_first_heading_of_a_text_is_its_title(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Pay\n===\n\nIt rose by much.\n")
    document = only(tmp_path / "a.txt")
    assert (document.title, said(document)) == ("Pay", "It rose by much.")


def test_text_of_one_line_is_said_and_titles_itself_by_its_file(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("# Pay rose")
    document = only(tmp_path / "note.txt")
    assert (document.title, said(document)) == ("note", "# Pay rose".lstrip("# "))


@pytest.mark.parametrize("ending", ["txt", "html", "md"])
@pytest.mark.parametrize(
    ("data", "reason"), [(b"", "empty"), (b" \n\t\n", "empty"), (bytes(range(256)) * 9, "no text")]
)
def test_what_holds_no_text_says_so(tmp_path: Path, ending: str, data: bytes, reason: str) -> None:
    (tmp_path / f"a.{ending}").write_bytes(data)
    with pytest.raises(SourceError, match=reason):
        only(tmp_path / f"a.{ending}")


# Markdown


def test_html_between_the_blocks_of_markdown_is_read(tmp_path: Path) -> None:
    table = "<table><tr><td>Entry</td><td>$1</td></tr></table>"
    text = f'<h1 align="center">Pay</h1>\n\n<!-- a remark -->\n\nIt rose.\n\n{table}\n'
    (tmp_path / "a.md").write_text(text)
    document = only(tmp_path / "a.md")
    assert document.title == "Pay"
    assert [(one.kind, one.text) for one in document.blocks] == [
        ("heading", "Pay"), ("paragraph", "It rose."), ("row", "Entry: $1")
    ]  # fmt: skip


# JSON Lines


def test_jsonl_line_that_cannot_be_read_is_named_and_the_others_come_in(tmp_path: Path) -> None:
    good = [json.dumps({"_id": str(one), "title": "T", "text": f"Number {one} rose."}) for one in range(3)]
    lines = [good[0], "{broken", "", good[1], '{"_id": "9"}', good[0], good[2], '{"_id": "8", "text": "..."}']
    (tmp_path / "a.jsonl").write_bytes("\n".join(lines).encode() + b'\n{"_id": "7", "text": "\xff"}\n')
    found = []
    with pytest.raises(SourceError, match="5 of 9 lines") as raised:
        for document in read(tmp_path / "a.jsonl"):
            found.append(document.external_id)
    assert found == ["0", "1", "2"]
    faults = ["2 is not JSON", "5 has no _id or no text", "6 has the _id '0'", "8 holds no words", "9 is not UTF-8"]
    assert not [fault for fault in faults if f"line {fault}" not in raised.value.message]


def test_jsonl_is_given_out_line_by_line(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"_id": 1, "text": "It rose."}\nbroken\n')
    assert next(read(tmp_path / "a.jsonl")).external_id == "1"
