"""Numbers as a spreadsheet shows them, by its format codes (ECMA-376, part 1, 18.8.31): $105,418, 34%. Pure.

Dates are told the unambiguous way (ISO 8601), whatever order their format has; months and days of the week that a
format writes out stay words. Fractions and conditions on colours are not told.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

BUILT_IN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 5: "$#,##0;($#,##0)", 6: "$#,##0;($#,##0)",
    7: "$#,##0.00;($#,##0.00)", 8: "$#,##0.00;($#,##0.00)", 9: "0%", 10: "0.00%", 11: "0.00E+00", 14: "m/d/yyyy",
    15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss",
    22: "m/d/yyyy h:mm", 37: "#,##0;(#,##0)", 38: "#,##0;(#,##0)", 39: "#,##0.00;(#,##0.00)",
    40: "#,##0.00;(#,##0.00)", 41: "#,##0;(#,##0);-", 42: "$#,##0;($#,##0);$-", 43: "#,##0.00;(#,##0.00);-",
    44: "$#,##0.00;($#,##0.00);$-", 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss", 48: "##0.0E+0",
    **{number: "yyyy-mm-dd" for number in (*range(27, 37), *range(50, 59))},
}  # fmt: skip
"""Format codes that have numbers only; missing ones show a number as it is."""

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|_.|\*.|\[\$(?P<sign>[^\]-]*)[^\]]*\]|\[(?P<elapsed>[hms]+)\]|\[[^\]]*\]|'
    r"(?P<half>AM/PM|A/P)|(?P<date>y+|m+|d+|h+|s+)|(?P<power>E[+-])|(?P<digit>[0#?])|(?P<mark>[.,%/])|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(r"\[(<=|>=|<>|<|>|=)(-?[\d.]+)\]")
_MONTHS = "January February March April May June July August September October November December".split()
_LONGEST = 1e15
"""From here on a plain number is told with a power of ten; a larger one cannot be told to the unit."""
_LATEST = 2_958_466
"""Days to the end of the year 9999."""


@dataclass(frozen=True)
class _Token:
    kind: str
    """`words`, `digit`, `mark`, `power`, `date`, `elapsed`, `half`."""
    text: str


@lru_cache(maxsize=20_000)
def shown(value: float, code: str = "General", since_1904: bool = False) -> str:
    """A number in a format.

    Args:
        value: The number; a date is days since 1900 or 1904, its time a part of a day.
        code: The format code.
        since_1904: Whether the workbook counts its days from 1904.

    >>> shown(105418, '"$"#,##0'), shown(0.3412, "0%"), shown(45443, "m/d/yy"), shown(-1.5, "0.00;(0.00)")
    ('$105,418', '34%', '2024-05-31', '(1.50)')
    """
    section, value = _section(value, code)
    tokens = _tokens(section)
    kinds = {token.kind for token in tokens}
    if section.strip() in ("", "@"):
        return plain(value)
    if "general" in section.lower():
        words = re.sub(r"\[[^\]]*\]|[\"\\]|_.|\*.", "", section)
        return " ".join(re.sub("general", plain(value), words, flags=re.IGNORECASE).split())
    if kinds & {"date", "elapsed"} and 0 <= value < _LATEST:
        return _moment(value, tokens, since_1904)
    if "power" in kinds or any(token.text == "/" for token in tokens if token.kind == "mark"):
        return plain(value)
    if "digit" not in kinds:
        told = "".join(token.text for token in tokens if token.kind == "words").strip()
        return told or plain(value)
    return _number(value, tokens)


def plain(value: float) -> str:
    """A number without a format.

    >>> plain(3.0), plain(0.1 + 0.2), plain(-2500000.0)
    ('3', '0.3', '-2500000')
    """
    if value == int(value) and abs(value) < _LONGEST:
        return str(int(value))
    told = f"{value:.15g}"
    return f"{Decimal(told):f}" if "e" in told and 1e-9 < abs(value) < _LONGEST else told


def _section(value: float, code: str) -> tuple[str, float]:
    """The part of a code that is for a value, and the value without the sign that the part writes itself."""
    parts = re.split(r';(?=(?:[^"]*"[^"]*")*[^"]*$)', code)
    conditions = [_CONDITION.search(part) for part in parts]
    if any(conditions):
        for part, condition in zip(parts, conditions, strict=True):
            if condition is None or _holds(value, condition[1], float(condition[2])):
                return part, value
        return "General", value
    if value < 0 and len(parts) > 1 and parts[1]:
        return parts[1], -value
    if value == 0 and len(parts) > 2 and parts[2]:
        return parts[2], value
    return parts[0], value


def _holds(value: float, sign: str, bound: float) -> bool:
    return {
        "<": value < bound, "<=": value <= bound, ">": value > bound, ">=": value >= bound, "=": value == bound,
        "<>": value != bound,
    }[sign]  # fmt: skip


@lru_cache(maxsize=500)
def _tokens(section: str) -> Sequence[_Token]:
    found = []
    for match in _TOKEN.finditer(section):
        kind = match.lastgroup
        if kind in ("quoted", "escaped", "sign", "other"):
            found.append(_Token("words", match[kind]))
        elif kind is not None:
            found.append(_Token(kind, match[kind].lower()))
    return tuple(found)


# Numbers


def _number(value: float, tokens: Sequence[_Token]) -> str:
    """A number by its places: as many decimals as the format has, in groups of three where it has a comma inside."""
    places = [index for index, token in enumerate(tokens) if token.kind == "digit"]
    marks = {index: token.text for index, token in enumerate(tokens) if token.kind == "mark"}
    point = next((index for index in marks if marks[index] == "."), len(tokens))
    whole = [index for index in places if index < point]
    decimals = [index for index in places if index > point]
    commas = [index for index in marks if marks[index] == ","]
    grouped = any(whole and whole[0] < index < whole[-1] for index in commas)
    thousands = sum(index > places[-1] or (bool(whole) and whole[-1] < index < point) for index in commas)
    percent = sum(text == "%" for text in marks.values())
    exact = abs(Decimal(repr(float(value)))).scaleb(2 * percent - 3 * thousands)
    rounded = exact.quantize(Decimal(1).scaleb(-len(decimals)), ROUND_HALF_UP)
    before, _, after = f"{rounded:f}".partition(".")
    before = before.lstrip("0").zfill(max(1, sum(tokens[index].text == "0" for index in whole)))
    needed = sum(tokens[index].text == "0" for index in decimals)
    after = after[:needed] + after[needed:].rstrip("0")
    filled = _filled(before, len(whole), grouped)
    told = "".join(
        token.text if token.kind == "words"
        else "%" if marks.get(index) == "%"
        else filled[whole.index(index)] if index in whole
        else f".{after}" if index == point and after
        else ""
        for index, token in enumerate(tokens)
    )  # fmt: skip
    told = " ".join((told if whole else f"{before}{told}").split())
    return f"-{told}" if value < 0 and rounded else told


def _filled(digits: str, places: int, grouped: bool) -> list[str]:
    """Digits by place: one each from the right, the first place takes what is left; groups stand in the first."""
    if not places:
        return []
    if grouped:
        return [f"{int(digits):,}" if digits else "", *[""] * (places - 1)]
    rest = max(0, len(digits) - (places - 1))
    singles = digits[rest:].rjust(places - 1, "\0") if places > 1 else ""
    return [digits[:rest], *(one.replace("\0", "") for one in singles)]


# Dates and times


def _moment(value: float, tokens: Sequence[_Token], since_1904: bool) -> str:
    """A date, a time or both, as far as the format shows them."""
    if any(token.kind == "elapsed" for token in tokens):
        return _elapsed(value, tokens)
    # Excel's year 1900 has a 29th of February.
    start = datetime(1904, 1, 1) if since_1904 else datetime(1899, 12, 31 if value < 60 else 30)  # noqa: DTZ001
    moment = start + timedelta(seconds=round(value * 86_400))
    codes = [token.text for token in tokens if token.kind == "date"]
    clock = {index for index, code in enumerate(codes) if code[0] in "hs"}
    minutes = {index for index, code in enumerate(codes) if code[0] == "m" and {index - 1, index + 1} & clock}
    written = [code for index, code in enumerate(codes) if index not in clock | minutes]
    return " ".join(part for part in (_day(moment, written), _clock(moment, codes, bool(clock))) if part)


def _day(moment: datetime, codes: Sequence[str]) -> str:
    shows = {code[0] for code in codes} - {"d"} | {"d" for code in codes if code in ("d", "dd")}
    month = _MONTHS[moment.month - 1]
    if shows >= {"y", "d"}:
        return moment.date().isoformat()
    if shows == {"y", "m"}:
        return f"{month} {moment.year}" if any(code.startswith("mmm") for code in codes) else f"{moment:%Y-%m}"
    return " ".join(
        part for part in (
            str(moment.day) if "d" in shows else "", month if "m" in shows else "",
            str(moment.year) if "y" in shows else "", "" if shows else moment.strftime("%A") if codes else "",
        ) if part
    )  # fmt: skip


def _clock(moment: datetime, codes: Sequence[str], shown: bool) -> str:
    if not shown:
        return ""
    hours = any(code[0] == "h" for code in codes)
    seconds = any(code[0] == "s" for code in codes)
    return moment.strftime(":".join(("%H",) * hours + ("%M",) + ("%S",) * seconds))


def _elapsed(value: float, tokens: Sequence[_Token]) -> str:
    """Hours, minutes and seconds that may be more than a day has."""
    unit = next(token.text[0] for token in tokens if token.kind == "elapsed")
    seconds = round(value * 86_400)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    with_seconds = any(token.text[0] == "s" for token in tokens if token.kind == "date")
    if unit == "h":
        return f"{hours}:{minute:02}" + (f":{second:02}" if with_seconds else "")
    return (f"{minutes}:{second:02}" if with_seconds else str(minutes)) if unit == "m" else str(seconds)
