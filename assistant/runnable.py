"""The assistant as LangChain sees it, so that others can compose it with their own parts and trace it.

`LibraryRetriever` is a `BaseRetriever`; `answer_runnable` a `Runnable` from a question to the answer object.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableLambda

from assistant.assistant import Assistant
from ingest.types import Filters


class LibraryRetriever(BaseRetriever):
    """Finds passages of the library as LangChain documents, best first."""

    assistant: Any
    """An `assistant.assistant.Assistant`."""
    k: int = 10
    """Passages at most, 1 to 100."""
    filters: Filters = Filters()
    """Limits the search to some sources."""
    mend: bool = True
    """Whether typos are mended and initials written out before searching."""

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        _, hits = self.assistant.search(query, k=self.k, filters=self.filters, rewrite=self.mend)
        return [
            Document(
                id=hit.passage.id,
                page_content=hit.passage.text,
                metadata={
                    "source_id": hit.source.id,
                    "title": hit.source.title,
                    "place": hit.passage.place,
                    "url": hit.source.origin.url,
                    "as_of": hit.source.origin.as_of,
                    "score": hit.score,
                    "ranks": dict(hit.ranks),
                },
            )
            for hit in hits
        ]


def answer_runnable(assistant: Assistant) -> Runnable[str, dict[str, Any]]:
    """A Runnable that takes a question and gives the answer object of the contract as a dictionary."""

    def answer(question: str) -> dict[str, Any]:
        return asdict(assistant.ask(question))

    return RunnableLambda(answer, name="career_assistant")
