"""Safe parsing: files are read in a child process with limits on time and memory.

A file may be damaged or made to harm: it may take for ever, fill the memory, or crash the library that parses it. In a
child the worst it can do is to end the child, and then the file is refused with its reason and the next one goes to a
new child. What comes back is plain JSON, one document a line; nothing of it is ever run.

`python -m ingest.sandbox` is the child's side.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from queue import Empty, Full, Queue
from typing import IO, Any

from ingest.errors import SourceError
from ingest.types import Block, Document, Reference

MEMORY = 1 << 30
"""Bytes of address space that reading a file may take."""
SECONDS, SECONDS_PER_MB = 20.0, 2.0
"""How long a file may take between two documents: so long, and so much longer for each MB of the file."""
_FILES = 200
"""Files after which a child is replaced, so that what parsers leave behind does not add up."""
_AHEAD = 32
"""Documents read ahead of what is asked for; more wait in the child."""
_OUT_OF_MEMORY = "memory"


class Sandbox:
    """Reads files apart; a context manager, so that no child outlives it."""

    def __init__(self, memory: int = MEMORY, seconds: float = SECONDS) -> None:
        """Take the limits; the first child begins with the first file."""
        self._memory = memory
        self._seconds = seconds
        self._child: _Child | None = None

    def __enter__(self) -> Sandbox:
        """Nothing begins yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the child."""
        self._end()

    def read(self, path: Path) -> Iterator[Document]:
        """The documents of a file, as `ingest.readers.read` gives them.

        Raises:
            UnsupportedFormat: No reader takes files with this ending.
            SourceError: The file cannot be read, takes too long or too much memory, or crashed its reader.
        """
        child = self._ready()
        patience = self._seconds + SECONDS_PER_MB * _megabytes(path)
        child.ask(path)
        finished = False
        try:
            while True:
                answer = child.answer(patience)
                if answer is None or _OUT_OF_MEMORY in answer:
                    raise _beaten(path, child, self._memory, patience, answer)
                if "document" not in answer:
                    finished = True
                    break
                yield document_of(answer["document"])
        finally:
            # A file that was given up half-way would mix its documents with the next one's.
            if not finished or child.files >= _FILES:
                self._end()
        if "message" in answer:
            raise SourceError(answer["message"], answer["hint"])

    def _ready(self) -> _Child:
        if self._child is None:
            self._child = _Child(self._memory)
        return self._child

    def _end(self) -> None:
        if self._child is not None:
            self._child.end()
            self._child = None


def _megabytes(path: Path) -> float:
    try:
        return path.stat().st_size / 2**20
    except OSError:
        return 0.0


def _beaten(path: Path, child: _Child, memory: int, seconds: float, answer: Mapping[str, Any] | None) -> SourceError:
    """Why a file brought no answer."""
    if answer is not None:
        reason = f"{path.name} needs more than {memory // 2**20:,} MB of memory to be read."
    elif child.gone():
        reason = f"{path.name} crashed its reader."
    else:
        reason = f"{path.name} could not be read within {seconds:.0f} seconds."
    return SourceError(reason, "Split it, save it again from its program, or leave it out.")


class _Child:
    """One child process, asked for one file after the other."""

    def __init__(self, memory: int) -> None:
        self.files = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ingest.sandbox", str(memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._answers: Queue[dict[str, Any] | None] = Queue(_AHEAD)
        self._ended = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()

    def ask(self, path: Path) -> None:
        self.files += 1
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(str(path)).encode() + b"\n")
            self._process.stdin.flush()

    def answer(self, seconds: float) -> dict[str, Any] | None:
        """The child's next answer; None when it is gone or takes too long."""
        try:
            return self._answers.get(timeout=seconds)
        except Empty:
            return None

    def gone(self) -> bool:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=0.5)
        return self._process.poll() is not None

    def end(self) -> None:
        self._ended.set()
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with suppress(ValueError, OSError):
            for line in self._process.stdout:
                self._put(json.loads(line))
        self._put(None)

    def _put(self, answer: dict[str, Any] | None) -> None:
        while not self._ended.is_set():
            with suppress(Full):
                self._answers.put(answer, timeout=0.2)
                return


def document_of(fields: Mapping[str, Any]) -> Document:
    """A document from its JSON.

    >>> made = Document("Pay", (Block("row", "Entry: $1", page=2),), "html", references={"a": Reference("A board")})
    >>> document_of(json.loads(json.dumps(asdict(made)))) == made
    True
    """
    return Document(
        **{
            **fields,
            "blocks": tuple(Block(**block) for block in fields["blocks"]),
            "origin": Reference(**fields["origin"]),
            "references": {key: Reference(**one) for key, one in fields["references"].items()},
        }
    )


# The child's side.


def _serve(asked: IO[str], answers: IO[str]) -> None:
    """Read each file that is named on a line, and answer with its documents, then with how it ended."""
    from ingest.readers import read

    for line in asked:
        path = Path(json.loads(line))
        try:
            for document in read(path):
                _say(answers, {"document": asdict(document)})
            _say(answers, {"done": True})
        except SourceError as error:
            _say(answers, {"message": error.message, "hint": error.hint})
        except MemoryError:
            _say(answers, {_OUT_OF_MEMORY: True})
        except RecursionError:
            _say(
                answers, {"message": f"{path.name} is nested too deeply to be read.", "hint": "Save it again, flatter."}
            )


def _say(answers: IO[str], answer: Mapping[str, Any]) -> None:
    # Escaped, so that a lone surrogate in a document cannot break the line.
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


def _limit(memory: int) -> None:
    """Limit the address space, where the system can."""
    with suppress(ImportError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    _limit(int(sys.argv[1]))
    # A parser that prints must not be taken for an answer.
    spoken, sys.stdout = sys.stdout, sys.stderr
    with suppress(BrokenPipeError, KeyboardInterrupt):
        _serve(sys.stdin, spoken)
