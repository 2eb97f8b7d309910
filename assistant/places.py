"""Countries, continents, American states and large cities, so that one typed in small letters is still a place. Pure.

The countries are those of ISO 3166-1 as people write them; what is also an everyday word ("turkey", "chad") counts only
behind a preposition, as all of them do.
"""

from __future__ import annotations

import re

_NAMES = """
afghanistan albania algeria andorra angola argentina armenia australia austria azerbaijan bahamas bahrain bangladesh
barbados belarus belgium belize benin bhutan bolivia bosnia botswana brazil brunei bulgaria burundi cambodia cameroon
canada chad chile china colombia congo croatia cuba cyprus czechia denmark ecuador egypt england eritrea estonia
ethiopia fiji finland france gabon gambia germany ghana greece guatemala guinea guyana haiti honduras hungary iceland
india indonesia iran iraq ireland israel italy jamaica japan jordan kazakhstan kenya kosovo kuwait laos latvia lebanon
lesotho liberia libya liechtenstein lithuania luxembourg madagascar malawi malaysia maldives mali malta mauritania
mauritius mexico moldova monaco mongolia montenegro morocco mozambique myanmar namibia nepal netherlands nicaragua
niger nigeria norway oman pakistan palestine panama paraguay peru philippines poland portugal qatar romania russia
rwanda scotland senegal serbia singapore slovakia slovenia somalia spain sudan suriname sweden switzerland syria
taiwan tajikistan tanzania thailand togo tunisia turkey turkmenistan uganda ukraine uruguay uzbekistan venezuela
vietnam wales yemen zambia zimbabwe africa asia europe scandinavia alabama alaska arizona arkansas california colorado
connecticut delaware florida georgia hawaii idaho illinois indiana iowa kansas kentucky louisiana maine maryland
massachusetts michigan minnesota mississippi missouri montana nebraska nevada ohio oklahoma oregon pennsylvania
tennessee texas utah vermont virginia wisconsin wyoming london paris berlin munich hamburg frankfurt madrid barcelona
lisbon rome milan vienna zurich geneva amsterdam brussels dublin copenhagen stockholm oslo helsinki warsaw prague
budapest athens istanbul moscow kyiv dubai riyadh doha cairo lagos nairobi johannesburg mumbai delhi bangalore
bengaluru hyderabad chennai pune kolkata karachi lahore dhaka jakarta manila bangkok hanoi shanghai beijing shenzhen
taipei tokyo osaka seoul sydney melbourne brisbane perth auckland toronto vancouver montreal ottawa boston chicago
seattle austin denver dallas houston atlanta miami phoenix philadelphia pittsburgh detroit minneapolis
""".split()
_LONGER = (
    "saudi arabia|south (?:africa|korea|america|carolina|dakota)|north (?:korea|america|carolina|dakota|macedonia)"
    "|new (?:zealand|york|jersey|mexico|hampshire)|hong kong|costa rica|sri lanka|el salvador|puerto rico"
    "|czech republic|ivory coast|dominican republic|united kingdom|united states|united arab emirates|rhode island"
    "|san (?:francisco|diego|jose)|los angeles|las vegas|salt lake city|new delhi|buenos aires|mexico city|sao paulo"
    "|rio de janeiro|tel aviv|kuala lumpur|cape town|silicon valley|west virginia"
    "|sierra leone|papua new guinea|northern ireland"
)
_SMALL = re.compile(
    rf"(?P<ahead>\b(?:in|from|to|near|outside|within|across|of|for|about|like|and|or|vs\.?|than) (?:the )?)"
    rf"(?P<name>{_LONGER}|{'|'.join(_NAMES)})\b(?!['’-]?\w)"
)
_BARE = re.compile(
    rf"\b(?P<ahead>salar(?:y|ies)|pay|wages?|jobs?|visas?|demand) (?P<name>{_LONGER}|{'|'.join(_NAMES)})(?=\W*$)",
    re.IGNORECASE,
)
"""A place as it is jotted down: "cook salary texas"."""
_ALONE = re.compile(
    rf"(?P<ahead>(?:(?:and|but|so|ok|okay|or|what about|how about)[\s,]+)*)(?P<name>{_LONGER}|{'|'.join(_NAMES)})"
    r"(?P<behind>(?: then| too| instead)?\W*)",
    re.IGNORECASE,
)
"""A place that is all of a turn: "and poland?"."""
_NAMED = re.compile(
    r"(?<!from )(?<!\w)(?:"
    + "|".join(name.capitalize() for name in _NAMES if name not in ("turkey", "chad", "jordan", "georgia", "phoenix"))
    + r")(?![\w-]|['’]?s\b| (?!AI\b|ML\b)[A-Z])"
)
"""Those that are nothing else, written with a capital, where nobody only comes from them."""
_JOINING = frozenset(("and", "of"))


def with_capitals(text: str) -> str:
    """The text with the names of countries and states behind a preposition, or jotted down, written with capitals.

    >>> with_capitals("what do cooks earn in india or in south korea?"), with_capitals("how do i roast turkey")
    ('what do cooks earn in India or in South Korea?', 'how do i roast turkey')
    >>> with_capitals("cook salary texas"), with_capitals("ok and poland then?")
    ('cook salary in Texas', 'ok and Poland then?')
    """
    if alone := _ALONE.fullmatch(text):
        return f"{alone['ahead']}{_capitals(alone['name'].lower())}{alone['behind']}"
    text = _BARE.sub(lambda match: f"{match['ahead']} in {match['name'].lower()}", text)
    return _SMALL.sub(lambda match: match["ahead"] + _capitals(match["name"]), text)


def is_place(text: str) -> bool:
    """Whether a text is the name of a country, state or city and nothing else.

    >>> is_place("Poland"), is_place("Polish welders")
    (True, False)
    """
    alone = _ALONE.fullmatch(text)
    return bool(alone and alone["name"] == text)


def _capitals(name: str) -> str:
    return " ".join(word if word in _JOINING else word.capitalize() for word in name.split(" "))


def places_named(text: str) -> tuple[str, ...]:
    """The countries, states and cities of one word that a text names, but those that somebody comes from.

    >>> places_named("What does the Texas law say in Peru?"), places_named("I am from Peru, what do Texans earn?")
    (('Texas', 'Peru'), ())
    """
    return tuple(_NAMED.findall(text))
