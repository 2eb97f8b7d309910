"""The clauses of a sentence that each ask something, put directly. Pure.

"I want to know what a cook earns, and if it is hard" asks two things in words that only report them: "What does a cook
earn?", "Is it hard?". Whether a clause is a question by itself is for the caller to say.
"""

from __future__ import annotations

import re

from assistant.sides import AHEAD, ASKS, CONTRACTED

_WHO = r"(?:i|you|we|they|it|he|she|there|people)"
_SUBJECT = rf"(?:{_WHO}|that|this|these|those|the|an?|my|your|our|their|its|his|her|most|any)"
_BE_OR_CAN = r"(?:is|are|was|were|can|could|should|would|will|must|may|might)"
_NEXT_CLAUSE = re.compile(
    r"[,;]?\s+(?:and|but|or|also|plus)(?: also| then| if so,?)?\s+"
    rf"(?={AHEAD}(?:(?:what|which|how|where|when|who|whom|whose|why|do|does|is|are|can|should)\b(?!['’])"
    rf"|{CONTRACTED}|(?:please )?tell me (?={ASKS}\b)"
    rf"|(?:will|would|could|did|was|were|am|might)\s+{_SUBJECT}\b|(?:have|has|had|must|may)\s+{_WHO}\b))"
    rf"|,\s+(?=(?:(?:what|which|how|where|when|who|why)\b|{CONTRACTED}"
    rf"|(?:do|does|did|is|are|was|were|can|could|should|would|will|has|have)\s+{_WHO}\s+\w+))",
    re.IGNORECASE,
)
_NEXT_REPORTED = re.compile(
    r"[,;]?\s+(?:and|or|but|also)\s+(?=(?:if|whether)\b)|,\s+(?=(?:if|whether)\b)", re.IGNORECASE
)
_ANNOUNCED = re.compile(
    r"^(?:(?:hi|hello|hey|so|ok|okay|also|and)[\s,!.]+)*"
    r"(?:(?:(?:two|three|2|3|a few|some|several|a couple of) )?(?:quick )?(?:things|questions?|q['’]?s)\s*[:,.-]+"
    r"|(?P<reports>(?:please )?(?:(?:i|we|he|she|they|(?:my|our) [\w-]+)(?: also| just| really)*"
    r"(?:(?: would|['’]d) (?:like|love)| wants?| wanted| needs?| wonders?| am wondering| was wondering| am curious"
    r"| am trying)(?: to (?:know|find out|learn|understand))?"
    r"|(?:can|could|would) you (?:please )?(?:tell me|explain)|(?:please )?tell me"
    r"|(?:do you (?:know|have any idea)|any idea))[:,]?))\s+(?=(?:ASKS|if|whether)\b)".replace("ASKS", ASKS),
    re.IGNORECASE,
)
"""What only announces a question: "Two things: ", "My nephew wants to know "."""
_NO_AUXILIARY = r"(?!(?:do|does|did|is|are|was|were|can|could|will|would|should|has|have|many|much|long|often)\b)"
_ASK = (
    rf"(?P<ask>what|how much|how many {_NO_AUXILIARY}[\w-]+|how (?:long|often|soon|far)|how|where|when|why"
    rf"|which {_NO_AUXILIARY}[\w-]+) {_NO_AUXILIARY}"
)
_INDIRECT = re.compile(
    rf"^{_ASK}(?P<who>(?:an? |the )?[\w-]+(?: [\w-]+){{0,3}}?) (?P<verb>earn|make|cost|need|get|pay|do|hold"
    r"|come|differ|work|start|begin|take|learn|use|last|ask|look for|expect|compare)(?P<s>s|es)?\b",
    re.IGNORECASE,
)
_OF_WHOM = rf"(?P<who>{_WHO}|(?:the|an?|my|your|our|their|its|his|her|these|those|this|that)(?: [\w-]+){{1,3}}?)"
_INDIRECT_BE = re.compile(rf"^{_ASK}{_OF_WHOM} (?P<be>{_BE_OR_CAN})\b", re.IGNORECASE)
_SHORTENED = re.compile(r"(?<=\s)(?P<who>it|that|there|he|she)['’]s\b", re.IGNORECASE)
_IF_BE = re.compile(rf"^(?:if|whether) (?P<who>{_WHO}|[\w-]+(?: [\w-]+){{0,3}}?) (?P<be>{_BE_OR_CAN})\b", re.IGNORECASE)
_IF = re.compile(
    r"^(?:if|whether) (?P<who>i|you|we|they|it|he|she|women|men|people|[\w-]+(?:s|ing)) (?P<verb>[\w-]+)\b",
    re.IGNORECASE,
)


def unannounced(sentence: str) -> str:
    """A sentence without what only announces its question, which is then put directly.

    >>> unannounced("I want to know what a cook earns in Rome"), unannounced("Two things: what is it?")
    ('what does a cook earn in Rome', 'what is it?')
    """
    match = _ANNOUNCED.match(sentence)
    if not match:
        return sentence
    asked = sentence[match.end() :]
    return direct(asked) if match["reports"] else asked


_REPORTED_OF = re.compile(rf"^(?:{_ASK}{_WHO}|if {_WHO}|whether)\b", re.IGNORECASE)
"""What can only be the words of a reported question: "what they earn", "whether"."""


def clauses(sentence: str) -> list[str]:
    """The clauses of a sentence that may each be a question, in order.

    >>> clauses("Tell me what cooks do, where they come from, and if these jobs are hard.")
    ['what do cooks do', 'where do they come from', 'are these jobs hard.']
    >>> clauses("What does it pay and how many do they hire?")
    ['What does it pay', 'how many do they hire?']
    >>> clauses("What would I learn, and would I earn more?"), clauses("What is it and who has it?")
    (['What would I learn', 'would I earn more?'], ['What is it', 'who has it?'])
    """
    match = _ANNOUNCED.match(sentence)
    first, *later = _NEXT_CLAUSE.split(sentence[match.end() :] if match else sentence)
    found = [first, *map(unannounced, later)]
    if not match or not match["reports"]:
        return [direct(one) if at and _REPORTED_OF.match(one) else one for at, one in enumerate(found)]
    return [direct(one) for clause in found for one in _NEXT_REPORTED.split(clause)]


def direct(asked: str) -> str:
    """A question that is only reported, as it would be put; others as they are.

    >>> direct("how they differ"), direct("what the outlook is"), direct("if these jobs are hard"), direct("if it pays")
    ('how do they differ', 'what is the outlook', 'are these jobs hard', 'does it pay')
    """
    asked = _SHORTENED.sub(r"\g<who> is", asked)
    if match := _INDIRECT_BE.match(asked):
        return f"{match['ask']} {match['be']} {match['who']}{asked[match.end() :]}"
    if match := _IF_BE.match(asked):
        return f"{match['be']} {match['who']}{asked[match.end() :]}"
    if match := _IF.match(asked):
        single = match["who"].lower() in ("it", "he", "she") or match["who"].endswith("ing")
        verb = re.sub(r"s$", "", match["verb"]) if single else match["verb"]
        return f"{'does' if single else 'do'} {match['who']} {verb}{asked[match.end() :]}"
    return _INDIRECT.sub(lambda one: f"{one['ask']} {'does' if one['s'] else 'do'} {one['who']} {one['verb']}", asked)
