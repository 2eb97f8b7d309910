"""Safe parsing: files are read in a child process with limits on time and memory.

A file may be damaged or made to harm: it may take for ever, fill the memory, or crash the library that parses it. In a
child the worst it can do is to end the child, and then the file is refused with its reason and the next one goes to a
new child. What comes back is plain JSON, one document a line; nothing of it is ever run. The child knows none of our
secrets: of the environment it gets what a parser needs, and what it says is taken from one pipe that no parser knows.

`main` is the child's side.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue
from types import TracebackType
from typing import IO, Any

from ingest.errors import SourceError
from ingest.types import Block, Document, Reference

MEMORY = 1 << 30
"""Bytes of address space that reading a file may take."""
SECONDS, SECONDS_PER_MB = 20.0, 2.0
"""How long may be computed on a file between two documents: so long, and so much longer for each MB of the file."""
_WAITED = 3
"""How much longer may be waited: on a machine that is busy with other things, a second of computing takes some."""
LARGEST_DOCUMENT = 32 * 2**20
"""Bytes that a document may come to, as JSON: some five million words."""
_WRITTEN = 256 * 2**20
"""Bytes of a file that a reader may write, for parsers that need a place to unpack to."""
_FILES = 200
"""Files after which a child is replaced, so that what parsers leave behind does not add up."""
_ASKED = 16
"""Files that a child is asked for at once, so that it reads while others embed."""
_AHEAD = 8 * 2**20
"""Bytes of answers taken from the child ahead of what is asked for; more wait there."""
_OUT_OF_MEMORY, _TOO_LARGE, _FAULT = "memory", "large", "fault"
_GAVE_UP = ("SIGABRT", "SIGKILL", "SIGTRAP")
_PASSED_ON = ("PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "LD_LIBRARY_PATH",
              "DYLD_LIBRARY_PATH", "PYTHONHOME", "PYTHONUTF8", "PYTHONHASHSEED")  # fmt: skip
"""What a child gets of the environment, besides `LC_...`: keys and passwords stay here."""
_ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MALLOC_ARENA_MAX")}
"""Each thread takes address space of its own, which is what is limited."""
_BEGIN = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from {room} import main; main()"


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

    def read(self, path: Path, following: Sequence[Path] = ()) -> Iterator[Document]:
        """The documents of a file, as `ingest.readers.read` gives them.

        Args:
            path: The file.
            following: What will be asked for next, in this order; the child goes on with it meanwhile.

        Raises:
            UnsupportedFormat: No reader takes files with this ending.
            SourceError: The file cannot be read, takes too long or too much memory, or crashed its reader.
        """
        child = self._asked(path, following)
        patience = self._patience(path)
        finished = False
        try:
            while True:
                answer = child.answer(_WAITED * patience)
                document = _document(answer)
                if document is not None:
                    yield document
                    continue
                finished = answer is not None and ("done" in answer or "message" in answer)
                break
        finally:
            child.asked.popleft()
            # A file that was given up half-way would mix its documents with the next one's.
            beaten = "" if finished else child.gone()
            if not finished or (child.files >= _FILES and not child.asked):
                self._end()
        if not finished:
            raise _refused(path, answer, beaten, self._memory, patience)
        if answer is not None and "message" in answer:
            raise SourceError(str(answer["message"]), str(answer.get("hint", "")))

    def _asked(self, path: Path, following: Sequence[Path]) -> _Child:
        """The child, asked for a file and for what follows."""
        if self._child is not None and self._child.asked and self._child.asked[0] != path:
            self._end()
        if self._child is None:
            self._child = _Child(self._memory)
        child = self._child
        for index, one in enumerate((path, *following[: _ASKED - 1])):
            if index >= len(child.asked) and (index == 0 or child.files < _FILES):
                child.ask(one, self._patience(one))
        return child

    def _patience(self, path: Path) -> float:
        """Seconds that may be computed on a file between two documents."""
        return self._seconds + SECONDS_PER_MB * _megabytes(path)

    def _end(self) -> None:
        if self._child is not None:
            self._child.end()
            self._child = None


def _megabytes(path: Path) -> float:
    try:
        return path.stat().st_size / 2**20
    except OSError:
        return 0.0


def _refused(path: Path, answer: Mapping[str, Any] | None, ended: str, memory: int, seconds: float) -> SourceError:
    """Why a file brought no document, or not all."""
    hint = "Split it, save it again from its program, or leave it out."
    said = answer or {}
    if _OUT_OF_MEMORY in said:
        return SourceError(f"{path.name} needs more than {memory // 2**20:,} MB of memory to be read.", hint)
    if _TOO_LARGE in said:
        return SourceError(f"{path.name} holds more than {LARGEST_DOCUMENT // 2**20} MB of text in one piece.", hint)
    if _FAULT in said:
        return SourceError(
            f"{path.name} cannot be read: its reader failed ({said[_FAULT]}).",
            "Save it again from its program, or leave it out; the reader's authors would like to know.",
        )
    if ended == "SIGXCPU" or not ended:
        return SourceError(f"{path.name} could not be read within {seconds:.0f} seconds.", hint)
    # Parsers written in C end themselves when they get no memory.
    likely = f", most likely for want of memory: it may take {memory // 2**20:,} MB" if ended in _GAVE_UP else ""
    return SourceError(f"{path.name} crashed its reader ({ended}){likely}.", hint)


class _Child:
    """One child process, asked for one file after the other."""

    def __init__(self, memory: int) -> None:
        self.files = 0
        self._process = subprocess.Popen(
            command("ingest.sandbox", str(memory)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(),
            start_new_session=True,
        )
        self.asked: deque[Path] = deque()
        self._answers: Queue[bytes] = Queue()
        self._taken, self._given = 0, 0
        self._ended = threading.Event()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def ask(self, path: Path, seconds: float) -> None:
        self.files += 1
        self.asked.append(path)
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps([str(path), seconds]).encode() + b"\n")
            self._process.stdin.flush()

    def answer(self, seconds: float) -> dict[str, Any] | None:
        """The child's next answer; None when it is gone, makes no sense, or takes too long."""
        try:
            line = self._answers.get(timeout=seconds)
        except Empty:
            return None
        self._given += len(line)
        try:
            return _understood(line) if line else None
        except ValueError:
            return {_FAULT: "what it says makes no sense"}

    def gone(self) -> str:
        """How the child ended, when it did; empty while it lives."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=0.5)
        code = self._process.poll()
        if code is None:
            return ""
        with suppress(ValueError):
            return signal.Signals(-code).name
        return f"exit {code}"

    def end(self) -> None:
        self._ended.set()
        # With whatever it began: it leads a group of its own.
        with suppress(OSError, AttributeError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()
        # Something that left the group may hold the answers open; then the listener, who closes them, waits alone.
        self._listener.join(timeout=1.0)
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with suppress(OSError), self._process.stdout as answers:
            while line := answers.readline(LARGEST_DOCUMENT + 1):
                self._taken += len(line)
                self._answers.put(line)
                while self._taken - self._given > _AHEAD and not self._ended.wait(0.01):
                    pass
        self._answers.put(b"")


def command(module: str, *arguments: str) -> list[str]:
    """The command line of a child that runs `main` of one of our modules, which finds the arguments from `argv[2]` on.

    The path is ours as it is now, without the current folder: what lies among documents is never imported.
    """
    home = str(Path(__file__).resolve().parent.parent)
    path = [*(one for one in sys.path if one and os.path.isabs(one)), home]
    return [sys.executable, "-P", "-c", _BEGIN.format(room=module), json.dumps(path), *arguments]


def environment() -> dict[str, str]:
    """What a child gets of the environment."""
    kept = {name: value for name, value in os.environ.items() if name in _PASSED_ON or name.startswith("LC_")}
    return {**kept, **_ONE_THREAD}


def confine(memory: int, seconds: float = 0.0) -> None:
    """Let this process have so many bytes of memory, so many seconds of computing where they are given, no network."""
    _limit(memory)
    sys.addaudithook(_stay_offline)
    if seconds:
        _clock(seconds)


def _understood(line: bytes) -> dict[str, Any]:
    """What a child says on a line.

    Raises:
        ValueError: It makes no sense.
    """
    answer = json.loads(line)
    if b"\\ud" in line:
        json.dumps(answer, ensure_ascii=False).encode()
    if not isinstance(answer, dict):
        raise ValueError
    return answer


def _document(answer: Mapping[str, Any] | None) -> Document | None:
    """The document that an answer holds; None when it holds none."""
    with suppress(TypeError, KeyError, AttributeError):
        return document_of(answer["document"]) if answer is not None and "document" in answer else None
    return None


def document_of(fields: Mapping[str, Any]) -> Document:
    """A document from its JSON.

    >>> made = Document("Pay", (Block("row", "Entry: $1", page=2),), "html", references={"a": Reference("A board")})
    >>> document_of(json.loads(json.dumps(fields_of(made)))) == made
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


def fields_of(document: Document) -> dict[str, Any]:
    """A document as JSON can hold it; `dataclasses.asdict` copies everything, and takes many times as long."""
    return {
        **vars(document),
        "blocks": [vars(block) for block in document.blocks],
        "origin": vars(document.origin),
        "references": {key: vars(one) for key, one in document.references.items()},
    }


# The child's side.


def main() -> None:
    """Read the files that are asked for on standard input, and answer on standard output, until there are no more."""
    # Parsers that print or read their standard streams find nothing there; ours are open under other numbers.
    asked, answers = os.fdopen(os.dup(0), "r"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1):
        os.dup2(nothing, stream)
    confine(int(sys.argv[2]))
    sys.excepthook = lambda kind, error, trace: _say(answers, {_FAULT: _fault(kind, trace)})
    with suppress(BrokenPipeError, KeyboardInterrupt):
        _serve(asked, answers)


def _serve(asked: IO[str], answers: IO[bytes]) -> None:
    """Read each file that is named on a line, and answer with its documents, then with how it ended."""
    from ingest.readers import read

    for line in asked:
        name, seconds = json.loads(line)
        path = Path(name)
        try:
            _clock(seconds)
            for document in read(path):
                _say(answers, {"document": fields_of(document)})
                _clock(seconds)
            _say(answers, {"done": True})
        except SourceError as error:
            _say(answers, {"message": error.message, "hint": error.hint})
        except MemoryError:
            _say(answers, {_OUT_OF_MEMORY: True})
        except RecursionError:
            _say(
                answers, {"message": f"{path.name} is nested too deeply to be read.", "hint": "Save it again, flatter."}
            )


def _say(answers: IO[bytes], answer: Mapping[str, Any]) -> None:
    # To wait for a parent that is busy is no fault of the file.
    _clock(0)
    # A lone surrogate is no character; nothing behind this line could store it.
    line = json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace")
    answers.write((line if len(line) < LARGEST_DOCUMENT else json.dumps({_TOO_LARGE: True}).encode()) + b"\n")
    answers.flush()


def _fault(kind: type[BaseException], trace: TracebackType | None) -> str:
    """What went wrong and where, of an error that no reader expected."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" in {Path(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno}" if trace is not None else ""
    return f"{kind.__name__}{where}"


def _stay_offline(event: str, _: object) -> None:
    """Refuse to open a socket: reading needs no network, and a file must not be able to call home."""
    if event in ("socket.__new__", "socket.getaddrinfo", "socket.gethostbyname"):
        raise PermissionError("Readers have no network.")


def _limit(memory: int) -> None:
    """Limit address space and what may be written, where the system can."""
    with suppress(ImportError):
        import resource

        for kind, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, _WRITTEN)):
            # Where the parent itself may do less, the child may do no more.
            hard = resource.getrlimit(kind)[1]
            limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(kind, (limit, limit))


def _clock(seconds: float) -> None:
    """End this process after so many seconds of computing, or some times as many of waiting; 0 stops the clock.

    The parent looks at the clock for the waiting, too; ours is for the child whose parent was killed.
    """
    with suppress(ImportError, AttributeError):
        import resource

        signal.setitimer(signal.ITIMER_REAL, (_WAITED + 1) * seconds)
        used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        limit = int(used + seconds + 1) if seconds else hard
        resource.setrlimit(resource.RLIMIT_CPU, (limit, hard))
