"""The pure parts of the chat page: which figures are drawn, which stand side by side, what words become in HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.conversation import Summary
from assistant.types import Citation
from ingest.pictures import lines_of, spans
from ingest.types import Neighbourhood, Passage, Reference, Source, Statement
from ui.charts import chart_html
from ui.cited_tables import charts, figure_of, figures_beside
from ui.exchange import Placed
from ui.first_picture import with_head
from ui.overview import voices, years
from ui.page import answer_html
from ui.page_frame import side_html


def placed(
    number: int, rows: Sequence[str], quote: str, title: str = "Pay", publisher: str = "A Board", as_of: str = "2024"
) -> Placed:
    source = Source(title, "", "", title, "markdown", "", "", Reference(), "", "", 1, "")
    statements = tuple(Statement(row, 0, "row") for row in rows)
    passage = Passage("p", title, 0, ("Section",), None, "Section", "\n".join(rows) or quote, statements)
    citation = Citation(number, title, title, "Section", "", publisher, as_of, quote, "p", 1.0)
    return Placed(citation, Neighbourhood(passage, source, None, None), statements)


ENTRY = ["Entry - Base pay: $100,000", "Mid - Base pay: $120,000 to $140,000", "Senior - Base pay: $160,000"]
YEARLY = ["May 2016 - Median: $111,840", "May 2020 - Median: $126,830", "May 2024 - Median: $140,910"]


def test_range_is_drawn_to_both_its_ends_and_the_cited_row_stands_out() -> None:
    (chart,) = charts({1: placed(1, ENTRY, ENTRY[1])})
    html = chart_html(chart, "1-0")
    assert 'class="cited"><text x="0" y="61">Mid</text>' in html
    assert re.findall(r'class="bar series-0" x="0" y="\d+" width="([\d.]+)%', html) == ["62.50", "75.00", "100.00"]
    assert re.findall(r'class="range series-0" x="0" y="\d+" width="([\d.]+)%', html) == ["87.50"]


def test_years_become_a_line_with_their_distances() -> None:
    (chart,) = charts({1: placed(1, YEARLY, YEARLY[0])})
    assert chart.over_time
    html = chart_html(chart, "1-0")
    assert re.findall(r'cx="([\d.]+)%', html) == ["8.00", "50.00", "92.00"]
    assert html.count('class="curve"') == 2


def test_same_column_of_two_sources_becomes_one_chart_of_two_series() -> None:
    other = [row.replace("0,000", "5,000") for row in ENTRY]
    (chart,) = charts({1: placed(1, ENTRY, ENTRY[0], "Engineer"), 2: placed(2, other, other[0], "Scientist")})
    assert chart.series == ("Engineer", "Scientist")
    assert chart.title == "Section, Base pay"
    assert [[figure and figure.low for figure in bar.figures] for bar in chart.bars][0] == [100000, 105000]
    assert chart.bars[0].numbers == (1, 2)


@pytest.mark.parametrize(
    "rows",
    [
        ENTRY[:2],
        ["A - Price: $100", "B - Price: 5%", "C - Price: $300"],
        ["A - Years: 3 years", "B - Years: 5 years", "C - Years: 7 years"],
        ["A - Price: $100, $200 or $300", "B - Price: ask", "C - Price: $5"],
        ["A: words", "B: words", "C: words"],
    ],
    ids=["too few", "two units", "no unit", "unclear cells", "words"],
)
def test_what_cannot_be_drawn_honestly_is_not_drawn(rows: list[str]) -> None:
    assert charts({1: placed(1, rows, rows[0])}) == []


def test_sums_of_several_publishers_stand_side_by_side_newest_first() -> None:
    cited = {
        1: placed(1, ENTRY, ENTRY[0], publisher="A Board", as_of="2024"),
        2: placed(2, [], "Engineers earn $110,000 a year.", publisher="B Survey", as_of="2026-03"),
    }
    assert [(one.figure.written, one.publisher) for one in figures_beside(cited)] == [
        ("$110,000", "B Survey"),
        ("$100,000", "A Board"),
    ]


@pytest.mark.parametrize(
    ("sentence", "written"),
    [
        ("The median was $112,590 in May 2024, or $54.13 an hour.", "$112,590"),
        ("They average $126,397 to $151,945 a year.", "$126,397 to $151,945"),
    ],
)
def test_sum_given_once_more_by_the_hour_and_a_range_stand_beside_too(sentence: str, written: str) -> None:
    cited = {1: placed(1, ENTRY, ENTRY[0]), 2: placed(2, [], sentence, publisher="B Survey", as_of="2026")}
    assert [one.figure.written for one in figures_beside(cited)] == [written, "$100,000"]


@pytest.mark.parametrize(
    "second",
    [
        "It pays $55.10 an hour.",
        "The hourly wage is $9,000.",
        "Growth is 34%.",
        "It pays $5 million.",
        "From $90,000 to $120,000 it rose.",
        "None.",
    ],
)
def test_what_counts_something_else_does_not_stand_beside(second: str) -> None:
    cited = {1: placed(1, ENTRY, ENTRY[0]), 2: placed(2, [], second, publisher="B Survey", as_of="2026")}
    assert figures_beside(cited) == []


@given(st.integers(1, 10**9), st.integers(1, 10**9), st.sampled_from(["to", "and up to", "–"]))
def test_range_is_read_back_whichever_end_comes_first(one: int, other: int, joint: str) -> None:
    figure = figure_of(f"${one:,} {joint} ${other:,}")
    assert figure is not None
    assert (figure.low, figure.high) == (min(one, other), max(one, other))


@given(st.text(min_size=1, max_size=40))
def test_no_words_become_markup_in_an_answer_or_a_chart(words: str) -> None:
    rows = [f"{words}{at} - {words}: ${at}" for at in (1, 2, 3)]
    drawn = "".join(chart_html(chart, "k") for chart in charts({1: placed(1, rows, rows[0], words)}))
    told = answer_html(words, 1, {1: words}, [words])
    known = r"</?(?:p|br|ul|ol|li|strong|a|span|div|table|thead|tbody|tr|th|td|details|summary|figure|figcaption|svg|g|"
    known += r"text|rect|line|circle|caption|button)\b[^<>]*>"
    assert "<" not in re.sub(known, "", drawn + told)


def test_words_on_a_page_are_found_across_lines_and_rows() -> None:
    letters = [(letter, at) for at, letter in enumerate("Pay:Entry$5Mid$7")]
    assert spans(letters, "Entry - Pay: $5; Extra: Mid") == [[4, 5, 6, 7, 8], [11, 12, 13]]
    assert spans(letters, "Entry $5") == [[4, 5, 6, 7, 8, 9, 10]]
    assert spans(letters, "nothing of this") == []
    assert lines_of([]) == []


def test_head_goes_into_the_page_once() -> None:
    assert with_head(b"<head></head>&lt;/head></head>", b"X").count(b"X") == 1


def test_conversations_are_grouped_by_day_and_the_open_one_is_marked() -> None:
    def talk(key: str, latest: str) -> Summary:
        return Summary(key, f"<b>{key}</b>", 1, latest, latest)

    listed = [talk("a", "2026-11-25T10:00:00+00:00"), talk("b", "2026-11-24T10:00:00+00:00"), talk("c", "2026-01-01")]
    html = side_html(listed, "b", "", date(2026, 11, 25))
    assert re.findall("<h3>(.*?)</h3>", html) == ["Today", "Yesterday", "Earlier"]
    assert html.count("aria-current=true") == 1
    assert "<b>" not in html


def test_voices_are_counted_by_publisher_and_statements_by_year() -> None:
    source = Source("s", "", "", "T", "markdown", "", "", Reference("Us", "", "2023-05"), "", "", 1, "")
    told = (
        Statement("a", 0, "sentence", (), Reference("Board", "", "2024")),
        Statement("b", 1, "sentence", (), Reference("Board", "", "2025-01")),
        Statement("c", 2, "sentence"),
    )
    passages = [(source, Passage("p", "s", 0, (), None, "", "abc", told))]
    assert [(one.publisher, one.statements, one.newest) for one in voices(passages)] == [
        ("Board", 2, "2025-01"),
        ("Us", 1, "2023-05"),
    ]
    assert years(passages) == {"2025": 1, "2024": 1, "2023": 1}
