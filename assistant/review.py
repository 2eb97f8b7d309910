"""What is said below an answer that rests on statements past their day of review. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.types import Citation


def review_note(citations: Sequence[Citation], today: str) -> str:
    """One sentence that names the overdue pages and the earliest day, or nothing; `today` is `YYYY-MM-DD`.

    >>> cited = Citation(1, "s", "Visas", "", "", "", "2025", "It is.", "p", 1.0, "2026-09-21")
    >>> print(review_note([cited], "2026-10-01"))
    Please check for newer facts: "Visas" was due for review on 2026-09-21.
    """
    past = [one for one in citations if one.review_by and one.review_by < today]
    if not past:
        return ""
    titles = ", ".join(f'"{title}"' for title in dict.fromkeys(one.title for one in past))
    return f"Please check for newer facts: {titles} was due for review on {min(one.review_by for one in past)}."
