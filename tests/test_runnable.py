"""The library inside chains of LangChain's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from langchain_core.documents import Document
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda, RunnablePassthrough

from assistant.assistant import Assistant
from assistant.build import build_assistant
from assistant.runnable import LibraryRetriever, answer_runnable
from ingest.settings import load_settings
from ingest.types import Filters


@pytest.fixture
def assistant(tmp_path: Path) -> Iterator[Assistant]:
    (tmp_path / "nurse.md").write_text("---\ntopic: care\n---\n\n# Nurse\n\nNurses earn $93,600 a year.")
    (tmp_path / "engineer.md").write_text("---\ntopic: roles\n---\n\n# Engineer\n\nEngineers earn $105,000 a year.")
    built = build_assistant(load_settings(data_dir=str(tmp_path / "data"), env={}))
    built.library.sync([str(tmp_path / "nurse.md"), str(tmp_path / "engineer.md")])
    yield built
    built.library.close()


def test_the_retriever_stands_in_a_chain_before_prompt_and_model(assistant: Assistant) -> None:
    seen: list[str] = []

    def listed(found: list[Document]) -> str:
        return "\n".join(one.page_content for one in found)

    prompt = ChatPromptTemplate.from_template("{context}\n\nQuestion: {question}")
    chain = (
        {"context": LibraryRetriever(assistant=assistant, k=1) | listed, "question": RunnablePassthrough()}
        | prompt
        | RunnableLambda(lambda asked: seen.append(asked.to_string()) or asked)
        | FakeListChatModel(responses=["$93,600"])
        | StrOutputParser()
    )
    assert chain.invoke("What do nurses earn?") == "$93,600"
    assert "Nurses earn $93,600 a year." in seen[0] and "Engineers" not in seen[0]


def test_documents_say_where_they_come_from(assistant: Assistant) -> None:
    ((found,),) = LibraryRetriever(assistant=assistant, k=1).batch(["engineers"])
    assert found.metadata["title"] == "Engineer"
    assert {"source_id", "place", "url", "as_of", "score", "ranks"} <= set(found.metadata)
    assert found.id and assistant.library.passage(found.id) is not None


def test_the_retriever_takes_filters_and_mends_typos(assistant: Assistant) -> None:
    care = LibraryRetriever(assistant=assistant, filters=Filters(topics=("care",)))
    assert {one.metadata["title"] for one in care.invoke("enginers and nurses")} == {"Nurse"}
    assert LibraryRetriever(assistant=assistant, k=1).invoke("enginers")[0].metadata["title"] == "Engineer"


def test_the_answer_is_a_runnable_that_composes(assistant: Assistant) -> None:
    chain = answer_runnable(assistant) | (lambda answer: (answer["outcome"], answer["citations"][0]["title"]))
    assert chain.invoke("What do nurses earn?") == ("answered", "Nurse")
