"""The library over HTTP: what is in it, bringing a document in, taking one's own out again.

What is brought in can be searched by everybody who may ask; only who brought it in may take it out. Without keys,
everybody on this machine is the library's keeper and may take out anything.
"""

from __future__ import annotations

import re
import shutil
import unicodedata
from pathlib import Path
from typing import Any, BinaryIO

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import Response

from ingest.errors import SourceError
from ingest.library import Library
from ui import render, schemas
from ui.wiring import Answering

router = APIRouter()

_ABSENT = "You have no such source."
_TAKES = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "string", "format": "binary"}},
                    "required": ["file"],
                }
            },
            "application/json": {"schema": schemas.SourceRequest.model_json_schema()},
        },
    }
}


@router.get("/v1/sources", response_model=schemas.SourcesResponse)
def sources(assistant: Answering) -> Any:
    """What is in the library."""
    return {"sources": [render.source(source) for source in assistant.library.sources()]}


@router.post("/v1/sources", response_model=schemas.BroughtIn, status_code=201, openapi_extra=_TAKES)
async def bring_in(request: Request, assistant: Answering) -> Any:
    """Bring a document in: a `file` (multipart, 50 MB at most) or the page at a `url`.

    A file of the same name takes the place of the one that you brought in before.
    """
    owner = request.state.owner
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        async with request.form(max_files=1, max_fields=8) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise HTTPException(400, "The form has no field `file` with a document.")
            return await run_in_threadpool(_file, assistant.library, file.filename or "", file.file, owner)
    url = _url(await request.body())
    return await run_in_threadpool(_brought, assistant.library, url, owner)


@router.delete("/v1/sources/{source_id}", status_code=204)
def remove(source_id: str, request: Request, assistant: Answering) -> Response:
    """Take out a source that you brought in."""
    library, owner = assistant.library, request.state.owner
    source = next((one for one in library.sources() if one.id == source_id), None)
    if source is None or (owner and library.catalog.meta(_owner_key(source.root)) != owner):
        raise HTTPException(404, _ABSENT)
    library.remove(source_id)
    if _uploads(library) in Path(source.root).parents:
        Path(source.root).unlink(missing_ok=True)
    return Response(status_code=204)


def _url(body: bytes) -> str:
    try:
        url = schemas.SourceRequest.model_validate_json(body).url
    except ValueError as error:
        raise HTTPException(400, 'Send a multipart form with a `file`, or {"url": "https://..."} as JSON.') from error
    if not url.lower().startswith(("http://", "https://")):
        raise SourceError("That is no address of a web page.", "Send one that begins with https://.")
    return url


def _file(library: Library, name: str, content: BinaryIO, owner: str) -> dict[str, Any]:
    """Keep a file under its own name and bring it in; what it replaces stays when it cannot be read."""
    folder = _uploads(library) / (owner.removeprefix("key:") or "local")
    folder.mkdir(parents=True, exist_ok=True)
    path, before = folder / safe_name(name), folder / f".before-{safe_name(name)}"
    if path.exists():
        path.replace(before)
    try:
        with path.open("wb") as file:
            shutil.copyfileobj(content, file)
        brought = _brought(library, str(path), owner)
    except BaseException:
        path.unlink(missing_ok=True)
        if before.exists():
            before.replace(path)
        raise
    before.unlink(missing_ok=True)
    return brought


def _brought(library: Library, target: str, owner: str) -> dict[str, Any]:
    """Bring a file or a page in, and remember whose it is.

    Raises:
        SourceError: It cannot be read.
        LibraryBusy: Another process is writing.
    """
    root = str(Path(target).resolve()) if "://" not in target else target
    theirs = library.catalog.meta(_owner_key(root), owner)
    if theirs != owner:
        raise SourceError("Somebody else has brought this page in.", "It can be asked about as it is.")
    report = library.sync([target])
    if report.failed:
        raise SourceError(report.failed[0].reason)
    library.catalog.set_meta(_owner_key(root), owner)
    held = [one for one in library.sources() if one.root == root]
    return {"report": str(report), "sources": [render.source(one) for one in held]}


def safe_name(name: str) -> str:
    r"""A file's name without folders, control characters and what hides it; its ending kept.

    >>> safe_name("../../etc/pass\x00wd.md"), safe_name(""), safe_name(".hidden.txt")
    ('passwd.md', 'document', 'hidden.txt')
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    kept = "".join(one for one in last if one.isprintable() and one not in '<>:"|?*').strip(". ~$")
    stem, dot, ending = kept.rpartition(".")
    return (f"{stem[:100]}{dot}{ending[:12]}" if stem else ending[:100]) or "document"


def _uploads(library: Library) -> Path:
    return library.folder.resolve() / "uploads"


def _owner_key(root: str) -> str:
    return f"owner {root}"
