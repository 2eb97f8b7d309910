"""Files that are damaged or made to harm end in one clear line, and the parent lives on, small."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import textwrap
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import docx
import pytest

from ingest.errors import SourceError
from ingest.sandbox import Sandbox

SPACE = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
DOCUMENT = f'<?xml version="1.0"?>{{doctype}}<w:document xmlns:w="{SPACE}"><w:body>{{body}}</w:body></w:document>'


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as opened:
        yield opened


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Installs a reader for files ending in .odd, as another package would, and gives such a file."""
    site = tmp_path / "site"
    (site / "odd-1.0.dist-info").mkdir(parents=True)
    (site / "odd-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1.0\n")
    (site / "odd-1.0.dist-info" / "entry_points.txt").write_text("[career_assistant.readers]\nodd = odd:read\n")
    monkeypatch.syspath_prepend(str(site))

    def install(body: str) -> Path:
        (site / "odd.py").write_text(
            "from ingest.types import Block, Document\n\n\n"
            "def said(text):\n    return Document('Odd', (Block('paragraph', text),), 'odd')\n\n\n"
            f"def read(path):\n{textwrap.indent(textwrap.dedent(body), '    ')}\n"
        )
        (tmp_path / "a.odd").write_text("odd")
        return tmp_path / "a.odd"

    return install


def text_of(sandbox: Sandbox, path: Path, following: Sequence[Path] = ()) -> list[str]:
    return [block.text for document in sandbox.read(path, following) for block in document.blocks]


def good(folder: Path) -> Path:
    path = folder / "good.md"
    path.write_text("# Pay\n\nIt is good.\n")
    return path


def docx_of(path: Path, body: str | bytes, doctype: str = "") -> Path:
    """A DOCX file with this body."""
    whole = path.with_suffix(".whole")
    docx.Document().save(str(whole))
    words = body if isinstance(body, bytes) else DOCUMENT.format(doctype=doctype, body=body).encode()
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            new.writestr(part, words if part == "word/document.xml" else old.read(part))
    return path


def pdf_of(path: Path, unpacked: int) -> Path:
    """A PDF of one page whose content unpacks to so many bytes."""
    compressor = zlib.compressobj(9)
    line = b"BT /F1 12 Tf (a) Tj ET\n" * 40_000
    parts = [compressor.compress(line) for _ in range(unpacked // len(line) + 1)] + [compressor.flush()]
    content = b"".join(parts)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    written, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    written += b"xref\n0 6\n0000000000 65535 f \n%strailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        table,
        len(written),
    )
    path.write_bytes(written)
    return path


def zeros(path: Path, parts: int, size: int) -> Path:
    """An archive that unpacks to zeros."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for number in range(parts):
            with new.open(f"word/{number}.xml", "w") as part:
                for _ in range(size // 2**20):
                    part.write(bytes(2**20))
    return path


def laughs(entity: str) -> str:
    declared = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE w [<!ENTITY l0 "{entity}">{declared}]>'


BOMBS: dict[str, Callable[[Path], Path]] = {
    "four million paragraphs": lambda folder: docx_of(folder / "bomb.docx", "<w:p/>" * 4_000_000),
    "text node of 200 MB": lambda folder: docx_of(
        folder / "bomb.docx", DOCUMENT.format(doctype="", body="<w:p><w:r><w:t>" + "a" * (200 * 2**20)).encode()
    ),
    "billion laughs": lambda folder: docx_of(
        folder / "bomb.docx", "<w:p><w:r><w:t>&l9;</w:t></w:r></w:p>", laughs("ha")
    ),
    "deep nesting": lambda folder: docx_of(folder / "bomb.docx", "<w:p>" * 100_000 + "</w:p>" * 100_000),
    "archive of one large part": lambda folder: zeros(folder / "bomb.docx", 1, 60 * 2**20),
    "archive of many parts": lambda folder: zeros(folder / "bomb.docx", 2_500, 0),
    "content of 525 MB in a PDF": lambda folder: pdf_of(folder / "bomb.pdf", 525 * 10**6),
    "HTML of tags only": lambda folder: wrote(folder / "bomb.html", "<div>" * 2_000_000),
}


def wrote(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


ALONE = """
import re, sys
from pathlib import Path
from ingest.errors import SourceError
from ingest.sandbox import Sandbox

with Sandbox(seconds=6.0) as sandbox:
    try:
        print(len([block for document in sandbox.read(Path(sys.argv[1])) for block in document.blocks]))
    except SourceError as refused:
        print(refused)
    assert [block.text for document in sandbox.read(Path(sys.argv[2])) for block in document.blocks]
print(int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""
"""Reads a bomb and then a good file in a process of its own, and says what came of it and how large it grew, in MB."""


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_ends_in_one_clear_line_and_the_parent_stays_small(kind: str, tmp_path: Path) -> None:
    path = BOMBS[kind](tmp_path)
    home = Path(__file__).resolve().parent.parent
    ran = subprocess.run(
        [sys.executable, "-c", ALONE, str(path), str(good(tmp_path))],
        cwd=home, capture_output=True, text=True, check=True,
    )  # fmt: skip
    reason, size = ran.stdout.splitlines()
    assert reason.startswith(path.name) and reason.count(". ") == 1
    assert int(size) < 100


def test_content_of_63_mb_in_a_pdf_ends_one_way_or_the_other(tmp_path: Path) -> None:
    # Where the limit of time or memory is met first depends on the machine.
    path = pdf_of(tmp_path / "bomb.pdf", 63 * 10**6)
    with Sandbox(seconds=6.0) as sandbox:
        try:
            assert {letter for text in text_of(sandbox, path) for letter in text} <= {"a", " "}
        except SourceError as refused:
            assert path.name in refused.message
        assert text_of(sandbox, good(tmp_path)) == ["Pay", "It is good."]


def test_an_external_entity_reveals_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    secret = wrote(tmp_path / "secret.txt", "the secret")
    path = docx_of(
        tmp_path / "evil.docx",
        "<w:p><w:r><w:t>before &x; after</w:t></w:r></w:p>",
        f'<!DOCTYPE w [<!ENTITY x SYSTEM "{secret.as_uri()}">]>',
    )
    try:
        told = " ".join(text_of(sandbox, path))
    except SourceError as refused:
        told = str(refused)
    assert "the secret" not in told


# What readers may do


def test_a_reader_of_another_package_is_found(sandbox: Sandbox, reader: Callable[[str], Path]) -> None:
    assert text_of(sandbox, reader("yield said('hello')")) == ["hello"]


def test_a_reader_that_crashes_is_named_and_the_next_file_is_read(
    sandbox: Sandbox, reader: Callable[[str], Path], tmp_path: Path
) -> None:
    path = reader("import ctypes\nyield said('half')\nctypes.string_at(0)")
    with pytest.raises(SourceError, match=r"^a\.odd crashed its reader \(SIGSEGV\)\.$"):
        try:
            text_of(sandbox, path)
        except SourceError as refused:
            raise SourceError(refused.message) from refused
    assert text_of(sandbox, good(tmp_path)) == ["Pay", "It is good."]


def test_a_reader_that_hangs_is_ended(reader: Callable[[str], Path], tmp_path: Path) -> None:
    path = reader("import time\nyield said('half')\ntime.sleep(600)")
    with Sandbox(seconds=1.0) as sandbox:
        with pytest.raises(SourceError, match="within 1 seconds"):
            text_of(sandbox, path)
        assert text_of(sandbox, good(tmp_path)) == ["Pay", "It is good."]


def test_a_reader_that_ignores_signals_is_ended(reader: Callable[[str], Path]) -> None:
    path = reader(
        "import signal, time\n"
        "for one in (signal.SIGTERM, signal.SIGALRM, signal.SIGXCPU, signal.SIGINT):\n"
        "    signal.signal(one, signal.SIG_IGN)\n"
        "while True:\n    pass\nyield"
    )
    with Sandbox(seconds=1.0) as sandbox, pytest.raises(SourceError, match="within 1 seconds"):
        text_of(sandbox, path)


def test_a_reader_that_fills_the_memory_is_refused(reader: Callable[[str], Path]) -> None:
    path = reader("held = [bytearray(2**20) for _ in range(4_096)]\nyield said('never')")
    with Sandbox(memory=400 * 2**20) as sandbox, pytest.raises(SourceError, match=r"more than 400 MB of memory"):
        text_of(sandbox, path)


def test_a_reader_that_fails_unexpectedly_is_named_with_the_place(
    sandbox: Sandbox, reader: Callable[[str], Path]
) -> None:
    with pytest.raises(SourceError, match=r"its reader failed \(KeyError in odd.py, line \d+\)"):
        text_of(sandbox, reader("yield {}['absent']"))


def test_what_a_reader_prints_is_not_taken_for_an_answer(sandbox: Sandbox, reader: Callable[[str], Path]) -> None:
    path = reader(
        """
        import os, sys
        for stream in (1, 2):
            os.write(stream, b'{"done": true}\\n')
        print('{"message": "no"}', flush=True)
        sys.__stdout__.write('{"message": "no"}\\n')
        sys.__stdout__.flush()
        os.system('echo "{}"')
        yield said('hello' + sys.stdin.read())
        """
    )
    assert text_of(sandbox, path) == ["hello"]


def test_a_reader_that_forks_leaves_nothing_behind(reader: Callable[[str], Path], tmp_path: Path) -> None:
    path = reader(
        f"""
        import os, time
        child = os.fork()
        if child == 0:
            time.sleep(600)
            os._exit(0)
        open({str(tmp_path / "child")!r}, 'w').write(str(child))
        yield said('hello')
        """
    )
    with Sandbox() as sandbox:
        assert text_of(sandbox, path) == ["hello"]
    child = int((tmp_path / "child").read_text())
    for _ in range(100):
        state = subprocess.run(["ps", "-o", "stat=", "-p", str(child)], capture_output=True, text=True).stdout.strip()
        if not state or state.startswith("Z"):
            return
        time.sleep(0.05)
    pytest.fail("the child's child lives on")


def test_a_reader_whose_child_leaves_the_group_holds_nobody_up(reader: Callable[[str], Path], tmp_path: Path) -> None:
    path = reader(
        f"""
        import os, time
        if os.fork() == 0:
            os.setsid()
            open({str(tmp_path / "child")!r}, 'w').write(str(os.getpid()))
            time.sleep(30)
            os._exit(0)
        yield said('hello')
        """
    )
    with Sandbox() as sandbox:
        assert text_of(sandbox, path) == ["hello"]
        while not (tmp_path / "child").exists() or not (tmp_path / "child").read_text():
            time.sleep(0.02)
    os.kill(int((tmp_path / "child").read_text()), 9)


def test_a_reader_has_no_network(sandbox: Sandbox, reader: Callable[[str], Path]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as canary:
        canary.settimeout(0.2)
        port = canary.getsockname()[1]
        with pytest.raises(SourceError, match="PermissionError"):
            text_of(sandbox, reader(f"import socket\nsocket.create_connection(('127.0.0.1', {port}))\nyield"))
        with pytest.raises(TimeoutError):
            canary.accept()


def test_a_reader_sees_no_secret(
    sandbox: Sandbox, reader: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "CAREER_API_KEYS", "SLACK_BOT_TOKEN", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "hush-hush")
    path = reader("import os\nyield said(repr(dict(os.environ)) + ' ' + open('/proc/self/environ').read())")
    assert "hush-hush" not in " ".join(text_of(sandbox, path))


def test_a_document_of_endless_text_is_refused(sandbox: Sandbox, reader: Callable[[str], Path]) -> None:
    with pytest.raises(SourceError, match="32 MB of text in one piece"):
        text_of(sandbox, reader("yield said('a ' * (20 * 2**20))"))


def test_modules_that_lie_among_the_documents_are_not_imported(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("json", "html", "lxml", "markdown_it", "ingest"):
        wrote(tmp_path / f"{name}.py", f"open({str(tmp_path / 'ran')!r}, 'w')")
    monkeypatch.chdir(tmp_path)
    assert text_of(sandbox, good(tmp_path)) == ["Pay", "It is good."]
    assert not (tmp_path / "ran").exists()


def test_characters_that_are_none_come_back_as_marks(sandbox: Sandbox, reader: Callable[[str], Path]) -> None:
    assert text_of(sandbox, reader("yield said('a\\udc80b')")) == ["a?b"]


def test_a_child_ends_with_its_parent(reader: Callable[[str], Path], tmp_path: Path) -> None:
    path = reader(
        f"import os, time\nopen({str(tmp_path / 'child')!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)\nyield"
    )
    script = f"import sys; sys.path[:] = {sys.path!r}\nfrom pathlib import Path\nfrom ingest.sandbox import Sandbox\n"
    script += f"list(Sandbox(seconds=1.0).read(Path({str(path)!r})))"
    parent = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.DEVNULL)
    while not (tmp_path / "child").exists() or not (tmp_path / "child").read_text():
        time.sleep(0.02)
    parent.kill()
    parent.wait()
    child = int((tmp_path / "child").read_text())
    for _ in range(200):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        with open(f"/proc/{child}/stat") as stat:
            if stat.read().rpartition(") ")[2].startswith("Z"):
                return
        time.sleep(0.05)
    os.kill(child, 9)
    pytest.fail("the child lives on")


def test_files_that_follow_are_read_meanwhile_and_each_keeps_its_own_end(
    sandbox: Sandbox, reader: Callable[[str], Path], tmp_path: Path
) -> None:
    reader(
        """
        import ctypes
        number = int(path.stem)
        (path.parent / f'{number}.begun').touch()
        if number % 5 == 1:
            raise __import__('ingest.errors').errors.SourceError(f'no {number}', 'None.')
        yield said(f'begin {number}')
        if number % 5 == 2:
            ctypes.string_at(0)
        yield said(f'end {number}')
        """
    )
    paths = [wrote(tmp_path / f"{number}.odd", "x") for number in range(40)]
    told: list[str] = []
    for number, path in enumerate(paths):
        try:
            told.append(" ".join(text_of(sandbox, path, paths[number + 1 :])))
        except SourceError as refused:
            told.append(refused.message)
        if number == 13:
            # Nobody has asked for this one yet; all that is needed is some time.
            while not (tmp_path / "16.begun").exists():
                time.sleep(0.01)
    assert told == [
        f"no {number}" if number % 5 == 1
        else f"{number}.odd crashed its reader (SIGSEGV)." if number % 5 == 2
        else f"begin {number} end {number}"
        for number in range(40)
    ]  # fmt: skip


def test_a_file_out_of_turn_is_read_too(sandbox: Sandbox, tmp_path: Path) -> None:
    paths = [wrote(tmp_path / f"{number}.md", f"Words {number}.") for number in range(4)]
    assert text_of(sandbox, paths[0], paths[1:3]) == ["Words 0."]
    assert text_of(sandbox, paths[3]) == ["Words 3."]
    assert text_of(sandbox, paths[1]) == ["Words 1."]


def test_many_files_are_read_in_few_children(sandbox: Sandbox, tmp_path: Path) -> None:
    path = good(tmp_path)
    before, children = _children(), set()
    for _ in range(5):
        assert text_of(sandbox, path) == ["Pay", "It is good."]
        children |= _children() - before
    assert len(children) == 1


def _children() -> set[int]:
    """The processes that this one has started and that still live."""
    return {int(one) for one in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()}
