"""Greetings, thanks, comments and questions about the assistant itself: answered as such, without a search."""

from __future__ import annotations

import re

_GREETING = r"(?:hi|hello|hey|hiya|howdy|greetings|good (?:morning|afternoon|evening|day))(?: there| all| everyone)?"
_THANKS = r"(?:many |so |very )?(?:thanks|thank you|thx|ty|cheers)(?: (?:a lot|so much|very much|again|a bunch))?"
_HELPED = r"(?:that|this|it|you) (?:helped|was|were|is)(?: (?:a lot|so much|very|really|super|great|helpful|useful))*"
_BYE = r"(?:bye|goodbye|good bye|see you|see ya|farewell|good night)(?: bye| later| soon)?"
_PRAISE = r"(?:ok|okay|cool|great|nice|perfect|awesome|got it|i see|alright|good|wonderful)"
_WHO = (
    r"(?:(?:so )?(?:who|what) are you|what(?:'s| is) your name|what can you do|what do you do|how do you work|"
    r"(?:can you )?help(?: me)?|are you (?:a )?(?:bot|robot|human|person|real|an ai)|what can i ask(?: you)?|"
    r"how can you help(?: me)?)"
)
_HOW = r"(?:how are you(?: doing)?(?: today)?|how(?:'s| is) it going|what'?s up|sup)"

_COMMENT = (
    r"(?:(?:that|this|it)(?:['’]?s| is| was| sounds| seems| looks| makes) (?!(?:true|right|so|correct|it|all)\b)"
    r"(?:(?:not |so |really |very |quite |pretty |a bit |kind of |way |much |even |just )*)"
    r"(?:sad|bad|good|great|nice|cool|fine|awesome|amazing|crazy|insane|wild|a lot|a shame|too bad|tough|hard|scary"
    r"|helpful|useful|interesting|surprising|disappointing|fair|sense|fun|high|low|little|not much|less|more"
    r"|better|worse)"
    r"(?: than (?:i|we) [\w' ]{2,40})?|(?:i )?(?:don['’]?t|do not) like that|no way|wow|hm+|interesting)"
)
"""What somebody says of an answer and asks nothing with: "that's less than I make now"."""

_SAYINGS: tuple[tuple[str, str], ...] = (
    (
        rf"(?:{_GREETING}[\s,!.]*)?{_WHO}",
        "I answer questions about careers in AI and machine learning from a library of documents: roles, pay, skills, "
        "education, hiring and the job market. Every statement carries a number that leads to its source, and I say "
        "so when the library does not hold an answer.",
    ),
    (
        rf"(?:{_GREETING}[\s,!.]*)?{_HOW}",
        "I am ready to look things up. What would you like to know about a career in AI or machine learning?",
    ),
    (
        rf"{_GREETING}",
        "Hello! Ask me about careers in AI and machine learning: roles, pay, skills, education, hiring or the market.",
    ),
    (
        rf"(?:{_PRAISE}[\s,!.]*)*{_THANKS}(?:[\s,!.]*(?:{_PRAISE}|{_HELPED}))?(?:[\s,!.]*{_BYE})?",
        "You are welcome.",
    ),
    (rf"(?:{_PRAISE}[\s,!.]*)*{_BYE}", "Goodbye, and good luck."),
    (
        rf"(?:(?:{_PRAISE}|wow|oh|hm+|lol|haha+|ugh|damn|huh|really|interesting)[\s,!.]+)*{_COMMENT}"
        r"(?:[\s,!.]+(?:lol|haha+|tho|though|wow|hm+))*",
        "I see. What would you like to know next?",
    ),
    (
        r"(?:(?:yes|yep|yeah|yea|no|nope|nah|sure|maybe|not really|not sure|none|neither)[\s,!.]*)+",
        "Tell me in a few words what you would like to know.",
    ),
    (rf"{_PRAISE}(?:[\s,!.]+{_PRAISE})*", "Good. Ask me anything else about careers in AI and machine learning."),
)
_COMPILED = tuple((re.compile(rf"[\s,!.]*{pattern}[\s,!.?]*", re.IGNORECASE), reply) for pattern, reply in _SAYINGS)


def reply_to(question: str) -> str:
    """The reply to a message that is nothing but smalltalk, or a yes or no; empty for everything else.

    >>> reply_to("Thanks a lot!"), reply_to("Hi, what does a data scientist earn?")
    ('You are welcome.', '')
    >>> reply_to("thats less than i make now lol"), reply_to("Is that less than I make?")
    ('I see. What would you like to know next?', '')
    >>> reply_to("no."), reply_to("no nurses?")
    ('Tell me in a few words what you would like to know.', '')
    """
    return next((reply for pattern, reply in _COMPILED if pattern.fullmatch(question)), "")
