"""The laws of ARCHITECTURE.md, read from the source."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from ingest.settings import SETTINGS
from ui.cli import cli

HOME = Path(__file__).resolve().parent.parent
ROOMS = {"ingest": set(), "assistant": {"ingest"}, "evals": {"ingest", "assistant"}}
ROOMS["ui"] = {"ingest", "assistant", "evals"}
# What stands in evals/baselines is stock pipelines of others, run in a venv of their own.
FILES = sorted(path for room in ROOMS for path in (HOME / room).rglob("*.py") if path.parent.name != "baselines")

LONGEST_FILE, LONGEST_FUNCTION = 400, 60

HEAVY = ("chromadb", "docx", "gradio", "langchain", "langchain_core", "pypdfium2", "sentence_transformers", "torch",
         "trafilatura", "transformers")  # fmt: skip
"""What takes long to import, or is needed for one kind of work only."""

HOMES = {
    "chromadb": {"ingest/dense.py"},
    "gradio": {"ui/chat.py"},
    "fastapi": {
        "ui/api.py", "ui/chat.py", "ui/conversations_api.py", "ui/failures.py", "ui/library_api.py",
        "ui/openai_compat.py", "ui/serve.py", "ui/wiring.py",
    },
    "mcp": {"ui/mcp_server.py"},
    "limits": {"ui/limits.py"},
    "prometheus_client": {"ui/metrics.py"},
    "pydantic": {"ui/mcp_server.py", "ui/openai_schemas.py", "ui/schemas.py"},
    "aiohttp": {"ui/slack_oauth.py", "ui/slack_private.py", "ui/slack_web.py"},
    "slack_bolt": {"ui/slack.py", "ui/slack_listeners.py", "ui/slack_oauth.py"},
    "slack_sdk": {"ui/slack.py", "ui/slack_oauth.py", "ui/slack_post.py", "ui/slack_web.py"},
    "uvicorn": {"ui/serve.py"},
    "sentence_transformers": {"ingest/embed.py", "ingest/rerank.py"},
    "click": {"ui/cli.py", "ui/evaluate.py", "ui/serve.py", "ui/talk.py", "ui/terminal.py"},
}  # fmt: skip
"""Vendors, and the files that may name them."""


def name_of(path: Path) -> str:
    return path.relative_to(HOME).as_posix()


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(tree: ast.AST) -> Iterator[tuple[str, ast.stmt]]:
    """Top-level names of all imports below a node."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name.partition(".")[0], node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            yield str(node.module).partition(".")[0], node


def imported_at_once(tree: ast.Module) -> set[str]:
    """Top-level names that importing a module imports: not those inside functions or for type checking only."""
    later: set[ast.AST] = set()
    for node in ast.walk(tree):
        only_types = isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        if only_types or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            later.update(ast.walk(node))
    return {name for name, node in imports(tree) if node not in later}


def test_there_is_something_to_judge() -> None:
    assert {path.relative_to(HOME).parts[0] for path in FILES} == set(ROOMS)
    assert len(FILES) > 30


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_imports_go_one_way(path: Path) -> None:
    room = path.relative_to(HOME).parts[0]
    ours = {name for name, _ in imports(parsed(path)) if name in ROOMS}
    assert ours <= ROOMS[room] | {room}


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_vendors_stay_in_their_files(path: Path) -> None:
    strayed = {name for name, _ in imports(parsed(path)) if name_of(path) not in HOMES.get(name, {name_of(path)})}
    assert not strayed


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_heavy_imports_stand_inside_functions(path: Path) -> None:
    # The runnable is LangChain from top to bottom; nothing of ours imports it.
    allowed = {"langchain_core"} if name_of(path) == "assistant/runnable.py" else set()
    assert not imported_at_once(parsed(path)) & set(HEAVY) - allowed


def test_nothing_imports_the_runnable() -> None:
    for path in FILES:
        for node in ast.walk(parsed(path)):
            assert not (isinstance(node, ast.ImportFrom) and node.module == "assistant.runnable"), name_of(path)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_files_and_functions_are_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE
    for node in ast.walk(parsed(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{node.name} has {length} lines"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_modules_say_what_they_do(path: Path) -> None:
    assert ast.get_docstring(parsed(path))


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_only_the_doors_print(path: Path) -> None:
    printed = [node for node in ast.walk(parsed(path)) if isinstance(node, ast.Name) and node.id == "print"]
    # The programs of evals are run by hand, with python -m, and print what they measured.
    is_program = path.parent.name == "evals" and '__name__ == "__main__"' in path.read_text(encoding="utf-8")
    assert not printed or is_program


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_only_the_outermost_edge_catches_everything(path: Path) -> None:
    # A chat model is an edge, too: each vendor has its own errors, and all of them become one sentence there.
    edges = {
        "assistant/chat_model.py",
        "assistant/chat_rewriter.py",
        "ui/api.py",
        "ui/desk.py",
        "ui/guard.py",
        "ui/openai_compat.py",
        "ui/serve.py",
        "ui/slack_answer.py",
        "ui/slack_private.py",
    }
    # So is a chat model as judge, and any other bot that is evaluated.
    edges |= {"evals/composed.py", "evals/judge.py"}
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.ExceptHandler):
            everything = node.type is None or ast.unparse(node.type) in ("Exception", "BaseException")
            passed_on = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
            assert not everything or passed_on or name_of(path) in edges


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_one_word_for_one_idea(path: Path) -> None:
    assert not {"utils", "helpers", "common", "manager", "service", "factory", "registry"} & set(
        path.parts + (path.stem,)
    )
    for node in ast.walk(parsed(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            words = re.findall(r"[a-z]+|[A-Z][a-z]*", node.name)
            assert not {"chunk", "chunks", "helper", "manager", "service", "factory", "registry"} & set(
                word.lower() for word in words
            ), node.name


def test_corpus_holds_no_code() -> None:
    assert not list((HOME / "corpus").rglob("*.py"))


def test_what_is_imported_is_declared() -> None:
    project = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    # What others are measured with is imported where the measuring is done, and only there.
    extras = {name: lines for name, lines in project["optional-dependencies"].items() if name != "test"}
    measured = extras.pop("bench")
    declared, for_measuring = (
        {re.split(r"[<>=\[; ]", line)[0].lower().replace("_", "-") for line in lines}
        for lines in (project["dependencies"] + sum(extras.values(), []), measured)
    )
    # FastAPI stands on Starlette, sentence-transformers on the others; they bring them.
    declared |= {"scikit-learn", "scipy", "starlette", "tokenizers", "transformers"}
    where = packages_distributions()
    for path in FILES:
        for name, _ in imports(parsed(path)):
            if name in ROOMS or name in sys.stdlib_module_names:
                continue
            brought = {one.lower().replace("_", "-") for one in where.get(name, [name])}
            fit = declared | for_measuring if path.parent.name == "evals" else declared
            assert brought & fit, f"{name_of(path)} imports {name}, which no dependency brings"


def test_constraints_pin_every_dependency() -> None:
    project = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    lines = (HOME / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = {line.partition("==")[0].lower().replace("_", "-") for line in lines if not line.startswith("#")}
    assert not {re.split(r"[<>=\[; ]", one)[0].lower().replace("_", "-") for one in wanted} - pins
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines if not line.startswith("#"))


def test_every_setting_is_documented() -> None:
    told = (HOME / "README.md").read_text(encoding="utf-8")
    assert not [setting.name for setting in SETTINGS if f"`{setting.name}`" not in told]


def test_every_setting_that_is_read_is_in_the_table() -> None:
    names = {setting.name for setting in SETTINGS}
    for path in FILES:
        assert set(re.findall(r"\bCAREER_[A-Z_]*[A-Z]\b", path.read_text(encoding="utf-8"))) <= names, name_of(path)


def test_every_command_is_documented() -> None:
    told = (HOME / "README.md").read_text(encoding="utf-8")
    assert not [name for name in cli.commands if not re.search(rf"`(career-assistant )?{name}\b", told)]


@pytest.mark.parametrize("command", ["", *sorted(cli.commands)])
def test_help_imports_nothing_heavy(command: str) -> None:
    asked = [command, "--help"] if command else ["--help"]
    script = (
        "import sys\n"
        "from ui.cli import cli\n"
        f"cli.main({asked!r}, standalone_mode=False)\n"
        "print(sorted(name.partition('.')[0] for name in sys.modules), file=sys.stderr)\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], cwd=HOME, capture_output=True, text=True, check=True)
    assert "Usage:" in ran.stdout
    loaded = set(ast.literal_eval(ran.stderr.splitlines()[-1]))
    assert not loaded & {*HEAVY, "fastapi", "numpy", "pandas", "pydantic", "starlette", "uvicorn"}
