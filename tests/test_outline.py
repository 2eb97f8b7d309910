"""Plain text that marks nothing: headings, lists and tables are recovered, and no word is lost."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from ingest.outline import outlined

WORDS = st.text(alphabet="abcdefgh éü汉", min_size=1, max_size=40)
LINES = st.builds(
    lambda lead, words, end: f"{lead}{' '.join(words.split())}{end}",
    st.sampled_from(["", "", "- ", "  * ", "1. ", "2.1 ", "# ", "(a) ", "\t", "• "]),
    WORDS,
    st.sampled_from(["", ".", ":", ","]),
)
TEXTS = st.lists(st.one_of(LINES, st.sampled_from(["", "====", "-----", "~~~"])), max_size=25).map("\n".join)


def told(text: str) -> list[tuple[str, int, str]]:
    return [(block.kind, block.level, block.text) for block in outlined(text)]


def letters(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]{3,}", text)


def test_underlined_numbered_and_marked_lines_are_headings_of_their_depth() -> None:
    text = "Pay\n===\n\nWords that say it.\n\n2.1 In Seattle\n\nMore words that say it.\n\n### Rents\n\nHigh."
    assert [one for one in told(text) if one[0] == "heading"] == [
        ("heading", 1, "Pay"),
        ("heading", 2, "2.1 In Seattle"),
        ("heading", 3, "Rents"),
    ]


def test_items_keep_their_depth_their_number_and_what_goes_on_behind_them() -> None:
    blocks = outlined("Skills:\n- Python\n  and SQL\n    * pandas\n2) Writing")
    assert [(block.text, block.level, block.marker) for block in blocks if block.kind == "item"] == [
        ("Python and SQL", 0, ""),
        ("pandas", 2, ""),
        ("Writing", 0, "2)"),
    ]


def test_lines_of_one_paragraph_are_joined() -> None:
    assert told("They earn more than others do,\nand they know it.") == [
        ("paragraph", 0, "They earn more than others do, and they know it.")
    ]


def test_columns_that_stand_under_each_other_are_rows_with_their_headers() -> None:
    text = (
        "Level        Pay        City\n"
        "-----------  ---------  -------\n"
        "Entry        $105,418   Boston\n"
        "Senior         $9,000   Austin"
    )
    assert told(text) == [
        ("row", 0, "Entry - Pay: $105,418; City: Boston"),
        ("row", 0, "Senior - Pay: $9,000; City: Austin"),
    ]


def test_columns_between_strokes_are_rows() -> None:
    assert told("| Level | Pay |\n|---|---|\n| Entry | $1 |\n| Senior | $2 |") == [
        ("row", 0, "Entry - Pay: $1"),
        ("row", 0, "Senior - Pay: $2"),
    ]


def test_lines_that_say_what_something_is_are_rows_each() -> None:
    assert told("City: Boston\nMedian pay: $120,000") == [
        ("row", 0, "City: Boston"),
        ("row", 0, "Median pay: $120,000"),
    ]


def test_two_spaces_behind_a_full_stop_make_no_table() -> None:
    blocks = outlined(
        "It is much now.  We like it a lot.\nIt was bad then.  We did not like it.\nIt will be so.  They will."
    )
    assert [block.kind for block in blocks] == ["paragraph"]


@given(TEXTS)
def test_no_word_is_lost_and_their_order_stays(text: str) -> None:
    assert letters(" ".join(block.text for block in outlined(text))) == letters(text)


@given(st.text(max_size=400))
def test_any_text_is_read(text: str) -> None:
    assert all(block.text for block in outlined(text))
