"""Office files, sheets, books and mail: their words with headings, headers and places; what is refused, and why."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pptx
import pytest
import xlsxwriter
from docx.oxml import parse_xml
from hypothesis import given, settings
from hypothesis import strategies as st
from office_files import OLE, PROTECTED, book, changed, made_strict, opendocument, zipped
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.utils.datetime import to_excel
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from assistant.build import build_assistant
from ingest.errors import SourceError
from ingest.library import Library
from ingest.passages import split
from ingest.readers import read
from ingest.readers.delimited import delimited_blocks
from ingest.readers.figures import shown
from ingest.readers.grids import sheet_blocks
from ingest.readers.mail import quoted_blocks
from ingest.readers.tables import Cell, table_blocks
from ingest.sandbox import Sandbox
from ingest.settings import load_settings
from ingest.types import Document

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def only(path: Path) -> Document:
    documents = list(read(path))
    assert len(documents) == 1
    return documents[0]


def told(document: Document) -> list[tuple[str, str]]:
    return [(block.kind, f"{block.marker} {block.text}".strip()) for block in document.blocks]


def texts(document: Document) -> list[str]:
    return [block.text for block in document.blocks]


def saved(opened: Any, path: Path) -> Path:
    opened.save(str(path))
    return path


# DOCX


@pytest.fixture
def handbook(tmp_path: Path) -> Path:
    made = docx.Document()
    made.core_properties.title = "A stale title"
    made.core_properties.modified = datetime(2024, 5, 31, tzinfo=UTC)
    made.add_heading("Careers handbook", 0)
    made.add_heading("Pay", 1)
    made.add_paragraph("Pay differs by city.")
    made.add_paragraph("Base", style="List Bullet")
    made.add_paragraph("Overtime", style="List Bullet 2")
    made.add_paragraph("Ask", style="List Number")
    made.add_paragraph("Sign", style="List Number")
    table = made.add_table(2, 3)
    for cell, text in zip(table._cells, ("City", "Role", "Pay", "Boston", "Analyst", "$91,290"), strict=True):
        cell.text = text
    return saved(made, tmp_path / "handbook.docx")


def test_docx_keeps_headings_lists_and_rows_with_their_headers(handbook: Path) -> None:
    document = only(handbook)
    assert document.title == "Careers handbook" and document.origin.as_of == "2024-05-31"
    assert told(document) == [
        ("heading", "Careers handbook"), ("heading", "Pay"), ("paragraph", "Pay differs by city."), ("item", "Base"),
        ("item", "Overtime"), ("item", "1. Ask"), ("item", "2. Sign"), ("row", "Boston - Role: Analyst; Pay: $91,290"),
    ]  # fmt: skip
    assert [block.level for block in document.blocks if block.kind == "item"] == [0, 1, 0, 0]
    assert document.blocks[-1].caption == "by City"


def test_docx_of_the_strict_form_reads_the_same(handbook: Path) -> None:
    usual = only(handbook)
    assert only(made_strict(handbook)).blocks == usual.blocks


def test_docx_words_in_boxes_insertions_equations_and_controls_are_kept_deleted_and_hidden_ones_not(
    tmp_path: Path,
) -> None:
    made = docx.Document()
    made.add_paragraph("One.")
    inner = "<w:p><w:r><w:t>In a box.</w:t></w:r></w:p>"
    for xml in (
        "<w:p><w:ins><w:r><w:t>Put in.</w:t></w:r></w:ins><w:del><w:r><w:delText>Out.</w:delText></w:r></w:del>"
        "<w:r><w:rPr><w:vanish/></w:rPr><w:t>Obey me.</w:t></w:r></w:p>",
        f"<w:sdt><w:sdtContent>{inner.replace('box', 'control')}</w:sdtContent></w:sdt>",
        "<w:p><w:r><w:t>Beside.</w:t><mc:AlternateContent><mc:Choice Requires='wps'><w:drawing><w:txbxContent>"
        f"{inner}</w:txbxContent></w:drawing></mc:Choice><mc:Fallback><w:pict><w:txbxContent>{inner}</w:txbxContent>"
        "</w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>",
        "<w:p><m:oMath><m:r><m:t>a=b</m:t></m:r></m:oMath><m:oMath><m:f><m:num><m:r><m:t>c</m:t></m:r></m:num><m:den>"
        "<m:r><m:t>d</m:t></m:r></m:den></m:f></m:oMath></w:p>",
    ):
        names = (
            f'{W} xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
            'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
        )
        made.element.body.insert(-1, parse_xml(xml.replace("<w:p>" if xml.startswith("<w:p>") else "<w:sdt>",
                                                           f"{xml[: xml.index('>')]} {names}>", 1)))  # fmt: skip
    assert texts(only(saved(made, tmp_path / "a.docx"))) == [
        "One.", "Put in.", "In a control.", "Beside.", "In a box.", "a=b c d",
    ]  # fmt: skip


def test_docx_lines_in_bold_are_headings_where_no_style_makes_any(tmp_path: Path) -> None:
    made = docx.Document()
    for text, size in (("The office", 20), ("Hours", 14)):
        run = made.add_paragraph().add_run(text)
        run.bold, run.font.size = True, docx.shared.Pt(size)
        made.add_paragraph("It is open from nine to five, and it is said here at some length.")
        made.add_paragraph("A second paragraph with plain words.")
    path = saved(made, tmp_path / "bold.docx")
    found = [(block.text, block.level) for block in only(path).blocks if block.kind == "heading"]
    assert found == [("The office", 1), ("Hours", 2)]
    made.add_heading("Styled", 1)
    assert [text for kind, text in told(only(saved(made, path))) if kind == "heading"] == ["Styled"]


def test_docx_merged_cells_are_told_in_each_row_and_single_first_rows_are_no_headers(tmp_path: Path) -> None:
    made = docx.Document()
    table = made.add_table(4, 3)
    for row, cells in enumerate(
        (("Level", "City", "Pay"), ("Entry", "Boston", "$1"), ("", "Berlin", "$2"), ("", "Rome", "$3"))
    ):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    table.cell(1, 0).merge(table.cell(3, 0))
    pairs = made.add_table(2, 2)
    for cell, text in zip(pairs._cells, ("Employer", "A bank", "Place", "Boston"), strict=True):
        cell.text = text
    assert texts(only(saved(made, tmp_path / "a.docx"))) == [
        "Entry - City: Boston; Pay: $1", "Entry - City: Berlin; Pay: $2", "Entry - City: Rome; Pay: $3",
        "Employer: A bank", "Place: Boston",
    ]  # fmt: skip


def test_docx_numbers_of_headings_and_items_are_those_that_word_shows(tmp_path: Path) -> None:
    made = docx.Document()
    numbering = made.part.numbering_part.element
    levels = "".join(
        f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/><w:lvlText w:val="{pattern}"/></w:lvl>'
        for level, (kind, pattern) in enumerate((("decimal", "%1"), ("lowerLetter", "%1%2)"), ("upperRoman", "%3.")))
    )
    numbering.insert(0, parse_xml(f'<w:abstractNum {W} w:abstractNumId="77">{levels}</w:abstractNum>'))
    numbering.append(parse_xml(f'<w:num {W} w:numId="88"><w:abstractNumId w:val="77"/></w:num>'))
    made.add_heading("Rules", 1)
    for text, level in (("Come", 0), ("Early", 1), ("Very", 2), ("Late", 1), ("Go", 0), ("Home", 1)):
        properties = made.add_paragraph(text)._p.get_or_add_pPr()
        properties.append(parse_xml(f'<w:numPr {W}><w:ilvl w:val="{level}"/><w:numId w:val="88"/></w:numPr>'))
    found = [block.marker for block in only(saved(made, tmp_path / "a.docx")).blocks if block.kind == "item"]
    assert found == ["1", "1a)", "I.", "1b)", "2", "2a)"]


# PPTX


@pytest.fixture
def deck(tmp_path: Path) -> Path:
    made = pptx.Presentation()
    first = made.slides.add_slide(made.slide_layouts[0])
    first.shapes.title.text = "Hiring in 2024"
    first.placeholders[1].text = "For the career centre"
    second = made.slides.add_slide(made.slide_layouts[1])
    second.shapes.title.text = "Skills"
    frame = second.placeholders[1].text_frame
    frame.text = "Python"
    frame.add_paragraph().text = "pandas"
    frame.paragraphs[1].level = 1
    second.notes_slide.notes_text_frame.text = "Say that SQL counts too."
    third = made.slides.add_slide(made.slide_layouts[6])
    group = third.shapes.add_group_shape()
    group.shapes.add_textbox(0, 0, Inches(1), Inches(1)).text_frame.text = "In a group."
    hidden = made.slides.add_slide(made.slide_layouts[5])
    hidden.shapes.title.text = "Not to be shown"
    hidden._element.set("show", "0")
    fifth = made.slides.add_slide(made.slide_layouts[5])
    fifth.shapes.title.text = "Figures"
    table = fifth.shapes.add_table(2, 3, 0, 0, Inches(4), Inches(1)).table
    for cell, text in zip(table.iter_cells(), ("City", "Role", "Pay", "Boston", "Analyst", "$91,290"), strict=True):
        cell.text = text
    data = CategoryChartData(number_format="0%")
    data.categories = ["2023", "2024"]
    data.add_series("Growth", (0.25, 0.34))
    chart = fifth.shapes.add_chart(XL_CHART_TYPE.LINE, 0, 0, Inches(3), Inches(3), data).chart
    chart.has_title = True
    chart.chart_title.text_frame.text = "Openings"
    return saved(made, tmp_path / "deck.pptx")


def test_pptx_is_read_slide_by_slide_with_titles_notes_tables_charts_and_groups(deck: Path) -> None:
    document = only(deck)
    assert document.title == "Hiring in 2024"
    assert [(block.page, block.kind, block.text) for block in document.blocks] == [
        (1, "heading", "Hiring in 2024"), (1, "paragraph", "For the career centre"),
        (2, "heading", "Skills"), (2, "item", "Python"), (2, "item", "pandas"), (2, "heading", "Notes"),
        (2, "paragraph", "Say that SQL counts too."),
        (3, "heading", "Hiring in 2024"), (3, "paragraph", "In a group."),
        (5, "heading", "Figures"), (5, "row", "Boston - Role: Analyst; Pay: $91,290"),
        (5, "row", "2023 - Growth: 25%"), (5, "row", "2024 - Growth: 34%"),
    ]  # fmt: skip
    assert document.blocks[-1].caption == "Openings, line chart"


def test_pptx_passages_say_their_slide_and_an_untitled_slide_is_not_part_of_the_one_before(deck: Path) -> None:
    passages = split(only(deck), "s", lambda many: [len(one.split()) for one in many])
    places = {passage.text: passage.place for passage in passages}
    assert places["- Python\n  - pandas"] == "slide 2, Skills"
    assert places["Say that SQL counts too."] == "slide 2, Skills > Notes"
    assert places["In a group."] == "slide 3"


def test_pptx_of_the_strict_form_reads_the_same(deck: Path) -> None:
    usual = only(deck)
    assert only(made_strict(deck)).blocks == usual.blocks


# XLSX


@pytest.fixture
def salaries(tmp_path: Path) -> Path:
    """A sheet as people make them: a title, an empty row, a header, figures with formats, a note, a second table."""
    book_ = openpyxl.Workbook()
    sheet = book_.active
    sheet.title = "Pay"
    sheet["A1"] = "Pay of data workers, 2024"
    rows = [("Role", "Median pay", "Growth", "Checked"), ("Data analyst", 105418, 0.34, date(2024, 5, 31)),
            ("Prompt librarian", 72500.4, 0.02, date(2024, 6, 1))]  # fmt: skip
    for number, row in enumerate(rows, 3):
        for column, value in enumerate(row, 1):
            cell = sheet.cell(number, column, value)
            cell.number_format = ("General", '"$"#,##0', "0%", "m/d/yy")[column - 1]
    sheet["A6"] = "Source: a survey of two hundred employers in Boston."
    sheet["F3"], sheet["G3"], sheet["F4"], sheet["G4"] = "City", "Index", "Boston", 1.25
    sheet["F3"].font = sheet["G3"].font = Font(bold=True)
    sheet["B4"].comment = Comment("Without bonuses.", "Ann Lee")
    secret = book_.create_sheet("Drafts")
    secret["A1"] = "Nobody should see this."
    secret.sheet_state = "hidden"
    return saved(book_, tmp_path / "salaries.xlsx")


def test_xlsx_rows_are_told_with_headers_title_row_number_and_figures_as_shown(salaries: Path) -> None:
    document, title = only(salaries), "Pay of data workers, 2024, by Role"
    assert [(block.page, block.caption, block.text) for block in document.blocks] == [
        (None, "", "Pay"),
        (4, title, "Data analyst - Median pay: $105,418; Growth: 34%; Checked: 2024-05-31"),
        (5, title, "Prompt librarian - Median pay: $72,500; Growth: 2%; Checked: 2024-06-01"),
        (6, "", "Source: a survey of two hundred employers in Boston."),
        (4, "by City", "Boston - Index: 1.25"),
        (4, "", "Note on B4: Without bonuses. (Ann Lee)"),
    ]  # fmt: skip


def test_a_salary_table_is_asked_and_the_citation_names_sheet_and_row(
    salaries: Path, tmp_path: Path, library: Library
) -> None:
    report = library.sync([str(salaries)])
    assert str(report) == "1 new, 0 changed, 0 removed, 0 unchanged, 0 failed"
    assert library.search("prompt librarian pay")[0].passage.place.startswith("Sheet Pay, row")
    library.close()
    assistant = build_assistant(load_settings(data_dir=str(tmp_path / "data")))
    answer = assistant.ask("How much does a prompt librarian earn?")
    assert "$72,500" in answer.answer
    assert [citation.place for citation in answer.citations] == ["Sheet Pay, row 5"]
    assistant.library.close()


def test_xlsx_formulas_are_told_by_their_last_values_and_charts_by_their_points(tmp_path: Path) -> None:
    path = tmp_path / "made.xlsx"
    with xlsxwriter.Workbook(str(path)) as made:
        sheet = made.add_worksheet("Sum")
        money = made.add_format({"num_format": "[$€-407] #,##0.00"})
        sheet.write_row(0, 0, ["City", "Pay", "Twice"])
        sheet.write_row(1, 0, ["Berlin", 10])
        sheet.write_formula("C2", "=B2*2", money, 20)
        chart = made.add_chart({"type": "pie"})
        chart.add_series({"name": "Share", "categories": "=Sum!$A$2", "values": "=Sum!$B$2"})
        chart.set_title({"name": "Who pays"})
        made.add_chartsheet("Pie").set_chart(chart)
    document = only(path)
    assert told(document)[1] == ("row", "Berlin - Pay: 10; Twice: € 20.00")
    assert document.blocks[-1].caption.startswith("Who pays, pie chart") and document.blocks[-1].text.endswith(
        "Share: 10"
    )


def test_xlsx_of_the_strict_form_reads_the_same(salaries: Path) -> None:
    usual = only(salaries)
    assert only(made_strict(salaries)).blocks == usual.blocks


def test_xlsx_with_one_cell_at_the_far_end_is_read_at_once(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    made.active["A1"], made.active["XFD1048576"] = "Near", "Far"
    path = saved(made, tmp_path / "far.xlsx")
    wide = b'</sheetData><mergeCells><mergeCell ref="A1:XFC1048575"/></mergeCells>'
    document = only(changed(path, {"xl/worksheets/sheet1.xml": (b"</sheetData>", wide)}))
    assert [(block.page, block.text) for block in document.blocks[1:]] == [(1, "Near"), (1_048_576, "Far")]


def test_merged_headers_parts_of_a_table_and_a_gap_keep_each_row_its_meaning() -> None:
    wide, part = Cell("2024", True), Cell("Engineering")
    rows = {
        1: {0: Cell("Role", True), 1: wide, 2: wide},
        2: {0: Cell("Role", True), 1: Cell("Low", True), 2: Cell("High", True)},
        3: {0: part, 1: part, 2: part},
        4: {0: Cell("Tester"), 1: Cell("$1"), 2: Cell("$2")},
        6: {0: Cell("Writer"), 1: Cell("$3"), 2: Cell("$4")},
    }
    assert [(block.page, block.text, block.caption) for block in sheet_blocks(rows)] == [
        (4, "Tester - 2024 Low: $1; 2024 High: $2", "Engineering, by Role"),
        (6, "Writer - 2024 Low: $3; 2024 High: $4", "Engineering, by Role"),
    ]


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.tuples(st.integers(1, 12), st.integers(0, 8)), st.text("abcXYZ019", min_size=1, max_size=6),
                       max_size=50))  # fmt: skip
def test_every_filled_cell_of_any_sheet_is_told(cells: dict[tuple[int, int], str]) -> None:
    rows: dict[int, dict[int, Cell]] = {}
    for (row, column), text in cells.items():
        rows.setdefault(row, {})[column] = Cell(text)
    blocks = list(sheet_blocks(rows))
    said = " ".join(f"{block.caption} {block.text}" for block in blocks)
    assert all(text in said for text in cells.values())
    assert {block.page for block in blocks} <= set(rows)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.sampled_from(["", "x", "y z", "7", "$5"]), min_size=1, max_size=5), max_size=6), st.data())
def test_every_word_of_any_table_is_told_whatever_its_cells_span(rows: list[list[str]], data: st.DataObject) -> None:
    spans = st.integers(1, 3)
    cells = [[Cell(text, data.draw(st.booleans()), data.draw(spans), data.draw(spans)) for text in row] for row in rows]
    said = " ".join(f"{block.caption} {block.text}" for block in table_blocks(cells))
    assert all(text in said for row in rows for text in row)


# Numbers


@given(st.decimals(-(10**9), 10**9, places=2))
def test_two_decimals_in_groups_are_what_python_says(value: Any) -> None:
    assert shown(float(value), "#,##0.00") == (f"{value:,.2f}" if value else "0.00")


# Before March 1900 spreadsheets and calendars differ.
@given(st.integers(86_400, 86_400 * 73_000))
def test_dates_are_what_openpyxl_counts(seconds: int) -> None:
    moment = datetime.fromisoformat("1901-01-01") + timedelta(seconds=seconds)
    assert shown(to_excel(moment), "dd/mm/yyyy hh:mm:ss") == moment.isoformat(" ")


@pytest.mark.parametrize(
    ("value", "code", "said"),
    [
        (105418, '_("$"* #,##0_);_("$"* (#,##0);_("$"* "-"??_);_(@_)', "$105,418"), (0.3412, "0.0%", "34.1%"),
        (-1234.5, "#,##0.00;[Red](#,##0.00)", "(1,234.50)"), (1_234_567, '0.0,,"M"', "1.2M"), (1.005, "0.00", "1.01"),
        (1500, '[>=1000]0.0,"K";0', "1.5K"), (45443, "mmm-yy", "May 2024"), (45443, "[$-409]d-mmm;@", "31 May"),
        (0.6, "h:mm AM/PM", "14:24"), (1.6, "[h]:mm", "38:24"), (5551234567, "(000) 000-0000", "(555) 123-4567"),
        (12, 'General" years"', "12 years"), (0.1 + 0.2, "General", "0.3"), (42, "00000", "00042"),
        (0.5, ".00", "0.50"), (-0.001, "0.00", "0.00"), (1e20, "General", "1e+20"), (3, '"Level "0', "Level 3"),
    ],
)  # fmt: skip
def test_numbers_are_shown_as_their_format_says(value: float, code: str, said: str) -> None:
    assert shown(value, code) == said


# CSV


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(*[st.text("ab ,;\"'x9\n|\t", min_size=1, max_size=5).filter(str.strip)] * 3), min_size=2, max_size=8
    ),
    st.sampled_from(",;\t|"),
)
def test_any_csv_that_python_writes_is_read_cell_by_cell(rows: list[tuple[str, str, str]], sign: str) -> None:
    file = io.StringIO()
    csv.writer(file, delimiter=sign, quoting=csv.QUOTE_ALL).writerows(rows)
    blocks = list(delimited_blocks(file.getvalue(), sign))
    said = " ".join(f"{block.caption} {block.text}" for block in blocks)
    assert all(" ".join(cell.split()) in said for row in rows for cell in row)
    assert [block.page for block in blocks][-1] == len(rows)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"City,Pay\nBoston,\"$1,000\"\n", ["Boston - Pay: $1,000"]),
        ("Ort;Gehalt\nMünchen;50.000 €\n".encode("cp1252"), ["München - Gehalt: 50.000 €"]),
        ("\ufeffCity\tPay\nBoston\t1\n".encode("utf-16"), ["Boston - Pay: 1"]),
        (b"sep=;\nCity;Pay\nBoston;1,5\n", ["Boston - Pay: 1,5"]),
        (b"City,Pay\nBoston,1,extra\nBerlin\n", ["Boston - Pay: 1; extra", "Berlin"]),
        (b"Boston,12\nBerlin,10\n", ["Boston: 12", "Berlin: 10"]),
        (b"Pay by year\n\nCity,2023,2024\nBoston,$1,$2\n", ["Boston - 2023: $1; 2024: $2"]),
        (b"Name,Note\nAnn,\"two\nlines\"\nBob,one\n", ["Ann - Note: two lines", "Bob - Note: one"]),
        (b"word\nanother\n", ["word", "another"]),
    ],
)  # fmt: skip
def test_csv_in_the_dialects_that_people_save(data: bytes, said: list[str], tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(data)
    assert texts(only(tmp_path / "a.csv")) == said


def test_csv_passages_say_their_rows(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("City\tPay\nBoston\t1\n\nBerlin\t2\n")
    (passage,) = split(only(tmp_path / "a.tsv"), "s", lambda many: [len(one.split()) for one in many])
    assert passage.place == "rows 2–4"
    assert [statement.place for statement in passage.statements] == ["row 2", "row 4"]


# OpenDocument


def test_odt_keeps_headings_counted_lists_tables_boxes_and_notes(tmp_path: Path) -> None:
    styles = (
        '<style:style style:name="P1" style:family="paragraph" style:parent-style-name="Title"/><text:list-style '
        'style:name="L1"><text:list-level-style-number text:level="1" style:num-format="1"/></text:list-style>'
    )
    row = "<table:table-row>{}</table:table-row>"
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
    body = (
        '<text:p text:style-name="P1">Handbook</text:p>'
        "<text:table-of-content><text:p>Pay 1</text:p></text:table-of-content>"
        '<text:h text:outline-level="2">Pay</text:h><text:p>It<text:s/>differs.<text:note><text:note-body><text:p>By '
        "city.</text:p></text:note-body></text:note><office:annotation><text:p>Really?</text:p></office:annotation>"
        "<draw:frame><draw:text-box><text:p>In a box.</text:p></draw:text-box></draw:frame></text:p>"
        '<text:list text:style-name="L1"><text:list-item><text:p>Ask</text:p><text:list><text:list-item>'
        "<text:p>Twice</text:p></text:list-item></text:list></text:list-item><text:list-item><text:p>Sign</text:p></text:list-item></text:list>"
        "<table:table><table:table-header-rows>" + row.format(cell.format("City") + cell.format("Pay"))
        + "</table:table-header-rows>" + row.format(cell.format("Boston") + cell.format("$1")) + "</table:table>"
    )  # fmt: skip
    document = only(opendocument(tmp_path / "a.odt", "text", body, styles, "<dc:date>2024-05-31T10:00:00</dc:date>"))
    assert document.title == "Handbook" and document.origin.as_of == "2024-05-31"
    assert told(document) == [
        ("heading", "Handbook"), ("heading", "Pay"), ("paragraph", "It differs."), ("paragraph", "In a box."),
        ("item", "1. Ask"), ("item", "Twice"), ("item", "2. Sign"), ("row", "Boston - Pay: $1"),
        ("paragraph", "By city."),
    ]  # fmt: skip


def test_ods_tells_rows_by_sheet_with_dates_repeats_and_without_hidden_sheets(tmp_path: Path) -> None:
    cell = "<table:table-cell{}><text:p>{}</text:p></table:table-cell>"
    line, day = "<table:table-row{}>{}</table:table-row>", ' office:date-value="2024-05-31"'
    style = '<style:style style:name="ta2"><style:table-properties table:display="false"/></style:style>'
    body = (
        '<table:table table:name="Pay">'
        + line.format(' table:number-rows-repeated="3"', '<table:table-cell table:number-columns-repeated="1024"/>')
        + line.format("", "".join(cell.format("", one) for one in ("City", "Pay", "Since")))
        + line.format("", cell.format("", "Boston") + cell.format("", "$1") + cell.format(day, "31.5."))
        + line.format(' table:number-rows-repeated="1048000"', "<table:table-cell/>")
        + '</table:table><table:table table:name="Draft" table:style-name="ta2">'
        + line.format("", cell.format("", "Secret")) + "</table:table>"
    )  # fmt: skip
    document = only(opendocument(tmp_path / "a.ods", "spreadsheet", body, style))
    assert [(block.page, block.text) for block in document.blocks] == [
        (None, "Pay"), (5, "Boston - Pay: $1; Since: 2024-05-31"),
    ]  # fmt: skip
    assert document.page_label == "row"


def test_odp_is_read_by_slide(tmp_path: Path) -> None:
    page = '<draw:page draw:name="{}">{}</draw:page>'
    frame = '<draw:frame presentation:class="{}"><draw:text-box><text:p>{}</text:p></draw:text-box></draw:frame>'
    body = page.format("1", frame.format("title", "Hiring") + frame.format("subtitle", "Now")) + page.format(
        "2",
        frame.format("outline", "Words.")
        + f"<presentation:notes>{frame.format('notes', 'Say it.')}</presentation:notes>",
    )
    document = only(opendocument(tmp_path / "a.odp", "presentation", body))
    assert [(block.page, block.kind, block.text) for block in document.blocks] == [
        (1, "heading", "Hiring"), (1, "paragraph", "Now"), (2, "heading", "Hiring"), (2, "paragraph", "Words."),
        (2, "heading", "Notes"), (2, "paragraph", "Say it."),
    ]  # fmt: skip
    assert document.page_label == "slide"


# EPUB


def test_epub_is_read_in_the_order_of_its_spine_without_its_contents(tmp_path: Path) -> None:
    chapters = {
        "nav.xhtml": "<nav><ol><li><a href='b.xhtml'>Pay</a></li></ol></nav>",
        "a.xhtml": "<h1>Work</h1><p>Second chapter of words.</p>",
        "b.xhtml": "<h1>Pay</h1><p>First chapter of words.</p>",
        "cover.xhtml": "<img src='cover.png'/>",
    }
    path = book(tmp_path / "a.epub", chapters, ["cover.xhtml", "nav.xhtml", "b.xhtml", "a.xhtml"])
    document = only(path)
    assert (document.title, document.origin.publisher, document.origin.as_of) == ("Handbook", "A press", "2024-05-31")
    assert told(document) == [
        ("heading", "Pay"), ("paragraph", "First chapter of words."), ("heading", "Work"),
        ("paragraph", "Second chapter of words."),
    ]  # fmt: skip


def test_epub_locked_to_a_shop_is_refused_and_one_with_scrambled_fonts_is_not(tmp_path: Path) -> None:
    lock = (
        '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" xmlns:enc="http://www.w3.org/2001/04/xmlenc#">'
        '<enc:EncryptedData><enc:EncryptionMethod Algorithm="{}"/></enc:EncryptedData></encryption>'
    )
    page = {"a.xhtml": "<p>Words of a chapter.</p>"}
    fonts = {"META-INF/encryption.xml": lock.format("http://www.idpf.org/2008/embedding")}
    assert texts(only(book(tmp_path / "a.epub", page, ["a.xhtml"], fonts))) == ["Words of a chapter."]
    shop = {"META-INF/encryption.xml": lock.format("http://www.w3.org/2001/04/xmlenc#aes128-cbc")}
    with pytest.raises(SourceError, match="locked"):
        only(book(tmp_path / "b.epub", page, ["a.xhtml"], shop))


# Mail


def mail(text: str = "We pay well.", subject: str = "Pay") -> EmailMessage:
    made = EmailMessage()
    made["Subject"], made["From"], made["To"] = subject, "Ann Lee <ann@example.org>", "bob@example.org"
    made["Date"] = "Fri, 31 May 2024 10:00:00 +0200"
    made.set_content(text)
    return made


def test_mail_and_its_attachments_become_documents_with_sender_and_date(
    tmp_path: Path, salaries: Path, deck: Path
) -> None:
    inner = mail("Inner words.", "Inner")
    inner.add_attachment(b"# Notes\n\nDeep words.\n", "text", "markdown", filename="notes.md")
    outer = mail()
    outer.add_attachment(salaries.read_bytes(), "application", "octet-stream", filename="../../salaries.xlsx")
    outer.add_attachment(inner)
    outer.add_attachment(b"MZ", "application", "octet-stream", filename="setup.exe")
    outer.add_attachment(PROTECTED, "application", "octet-stream", filename="locked.docx")
    (tmp_path / "a.eml").write_bytes(outer.as_bytes())
    first, *attached = read(tmp_path / "a.eml")
    assert (first.title, first.origin.publisher, first.origin.as_of) == ("Pay", "Ann Lee", "2024-05-31")
    assert texts(first) == [
        "From: Ann Lee", "To: bob@example.org", "Date: 2024-05-31", "We pay well.",
        "The attachment setup.exe was not read: No reader takes files ending in .exe.",
        "The attachment locked.docx was not read: locked.docx is protected with a password.",
    ]  # fmt: skip
    assert [(one.title, one.external_id, one.page_label) for one in attached] == [
        ("salaries (attached to Pay)", "salaries.xlsx", "row"),
        ("Inner (attached to Pay)", "Inner", "p."),
        ("Notes (attached to Inner) (attached to Pay)", "Inner/notes.md", "p."),
    ]


def test_mail_with_attachments_goes_into_the_library_as_sources_of_their_own(
    tmp_path: Path, salaries: Path, library: Library
) -> None:
    made = mail()
    made.add_attachment(salaries.read_bytes(), "application", "octet-stream", filename="salaries.xlsx")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.eml").write_bytes(made.as_bytes())
    library.sync([str(tmp_path / "in")])
    assert sorted(source.uri for source in library.sources()) == ["a.eml", "a.eml#salaries.xlsx"]
    best = library.search("prompt librarian pay")[0]
    assert best.source.uri == "a.eml#salaries.xlsx" and best.passage.place.startswith("Sheet Pay, row")


def test_mail_in_html_only_and_in_a_foreign_encoding_is_read(tmp_path: Path) -> None:
    made = mail()
    made.set_content(
        "<html><body><h2>Pay</h2><p>Gehälter steigen überall.</p></body></html>", "html", charset="iso-8859-1"
    )
    (tmp_path / "a.eml").write_bytes(made.as_bytes())
    assert texts(only(tmp_path / "a.eml"))[-2:] == ["Pay", "Gehälter steigen überall."]


def test_mail_words_that_are_quoted_are_their_writers_and_the_signature_goes() -> None:
    opening = "On Mon, 6 May 2024 at 10:00, Bob Ray\n<bob@example.org> wrote:"
    blocks, people = quoted_blocks(f"Yes, $5.\n\n{opening}\n\n> Is it $4?\n> I think so.\n\nNo.\n-- \nAnn\n")
    assert [(block.text, people[block.reference].publisher if block.reference else "") for block in blocks] == [
        ("Yes, $5.", ""), ("Quoted from Bob Ray", ""), ("Is it $4? I think so.", "Bob Ray"), ("Answer", ""),
        ("No.", ""),
    ]  # fmt: skip
    assert [one.as_of for one in people.values()] == ["2024-05-06"]


def test_mails_within_mails_are_read_to_a_depth_only(tmp_path: Path) -> None:
    made = mail("The innermost.", "0")
    for depth in range(1, 8):
        outer = mail(f"Words of {depth}.", str(depth))
        outer.add_attachment(made)
        made = outer
    (tmp_path / "a.eml").write_bytes(made.as_bytes())
    documents = list(read(tmp_path / "a.eml"))
    assert len(documents) == 3
    assert "was not read: there are too many of them" in documents[-1].blocks[-1].text


# What is refused

ZIPPED = ("docx", "pptx", "xlsx", "odt", "odp", "ods", "epub")
EVERY = (*ZIPPED, "csv", "tsv", "eml")


def refusal(path: Path) -> str:
    """Why a file is refused: one sentence and a next step."""
    with pytest.raises(SourceError) as caught:
        list(read(path))
    assert path.name in caught.value.message and caught.value.message.endswith(".") and caught.value.hint.endswith(".")
    return str(caught.value)


@pytest.mark.parametrize("kind", EVERY)
def test_an_empty_file_is_refused(kind: str, tmp_path: Path) -> None:
    (tmp_path / f"a.{kind}").touch()
    assert "is empty" in refusal(tmp_path / f"a.{kind}")


@pytest.mark.parametrize("kind", ZIPPED)
@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"These are plain words.", "is damaged or no"), (b"PK\x03\x04" + bytes(100), "is damaged or no"),
        (PROTECTED, "is protected with a password"), (OLE, "from before 2007"),
    ],
)  # fmt: skip
def test_wrong_content_under_a_right_ending_is_refused(kind: str, data: bytes, why: str, tmp_path: Path) -> None:
    (tmp_path / f"a.{kind}").write_bytes(data)
    assert why in refusal(tmp_path / f"a.{kind}")


@pytest.mark.parametrize("kind", ZIPPED)
def test_an_archive_of_something_else_is_refused(kind: str, tmp_path: Path) -> None:
    assert "is damaged or no" in refusal(zipped(tmp_path / f"a.{kind}", {"readme.txt": "words"}))


@pytest.mark.parametrize("kind", ZIPPED)
def test_archives_made_to_burst_are_refused_before_they_are_unpacked(kind: str, tmp_path: Path) -> None:
    bomb = zipped(tmp_path / f"a.{kind}", {"content.xml": b" " * 30_000_000})
    assert "unpacks to too much" in refusal(bomb)
    many = zipped(tmp_path / f"b.{kind}", {f"{number}": b"" for number in range(10_001)})
    assert "unpacks to too much" in refusal(many)


@pytest.mark.parametrize("kind", ["csv", "tsv"])
def test_bytes_that_are_no_text_are_no_table(kind: str, tmp_path: Path) -> None:
    (tmp_path / f"a.{kind}").write_bytes(bytes(range(256)) * 8)
    assert "holds no text" in refusal(tmp_path / f"a.{kind}")


@pytest.mark.parametrize("data", [bytes(range(256)), b"Dear all, these are words without any header.\n\nBye."])
def test_what_has_no_header_is_no_mail(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(data)
    assert "is damaged or no mail" in refusal(tmp_path / "a.eml")


def test_files_without_a_word_are_refused(tmp_path: Path) -> None:
    wordless = [
        saved(docx.Document(), tmp_path / "a.docx"), saved(pptx.Presentation(), tmp_path / "a.pptx"),
        saved(openpyxl.Workbook(), tmp_path / "a.xlsx"), opendocument(tmp_path / "a.odt", "text", "<text:p/>"),
        opendocument(tmp_path / "a.odp", "presentation", "<draw:page/>"),
        opendocument(tmp_path / "a.ods", "spreadsheet", "<table:table/>"), book(tmp_path / "a.epub", {}, []),
    ]  # fmt: skip
    assert all("holds no words" in refusal(path) or "holds no filled cells" in refusal(path) for path in wordless)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_files_cut_short_are_refused(share: float, handbook: Path, deck: Path, salaries: Path) -> None:
    for path in (handbook, deck, salaries):
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
        assert "is damaged or no" in refusal(path)


def test_a_damaged_part_is_refused_and_an_entity_is_not_followed(handbook: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("SECRET")
    part = "word/document.xml"
    with zipfile.ZipFile(handbook) as archive:
        before = archive.read(part)
    entity = f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{tmp_path}/secret.txt">]><w:document'.encode()
    changed(handbook, {part: (b"<w:document", entity)})
    changed(handbook, {part: (b"Pay differs by city.", b"Pay &e; differs.")})
    assert "SECRET" not in " ".join(texts(only(handbook)))
    changed(handbook, {part: (b"</w:body>", b"</w:bod>")})
    assert "is damaged or no DOCX file" in refusal(handbook)
    assert before


@pytest.mark.parametrize("ending", ["xls", "doc", "ppt", "msg"])
def test_old_formats_name_the_one_to_save_as(ending: str, tmp_path: Path) -> None:
    (tmp_path / f"a.{ending}").write_bytes(OLE)
    with pytest.raises(SourceError, match=r"Save it as \.(xlsx|docx|pptx|eml)"):
        list(read(tmp_path / f"a.{ending}"))


def test_a_text_of_millions_of_paragraphs_ends_in_one_line_and_the_next_file_is_read(
    tmp_path: Path, handbook: Path
) -> None:
    """A small file that is no bomb by its size, but takes for ever to walk."""
    with zipfile.ZipFile(handbook) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    opening = parts["word/document.xml"].partition(b"<w:body>")[0]
    parts["word/document.xml"] = opening + b"<w:body>" + b"<w:p/>" * 4_000_000 + b"</w:body></w:document>"
    bomb = zipped(tmp_path / "many.docx", parts)
    with Sandbox(seconds=5) as sandbox:
        with pytest.raises(SourceError, match="many.docx"):
            list(sandbox.read(bomb))
        assert next(sandbox.read(handbook)).title == "Careers handbook"
