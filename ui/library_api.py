"""The library over HTTP: what is in it, bringing a document in, taking one's own out again.

What is brought in with a key can be found by that key alone, or in one of its conversations alone. Without keys,
everybody on this machine is the library's keeper: what is brought in is everybody's, and anything may be taken out.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import Response

from assistant.conversation import own_documents, owners_of
from ingest.errors import SourceError
from ingest.uploads import Brought, bring_file, bring_page, take_out
from ui import examples, render, schemas
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
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "conversation_id": schemas.SourceRequest.model_json_schema()["properties"]["conversation_id"],
                    },
                    "required": ["file"],
                },
                "example": examples.FORM,
            },
            "application/json": {"schema": schemas.SourceRequest.model_json_schema()},
        },
    }
}


@router.get("/v1/sources", response_model=schemas.SourcesResponse)
def sources(request: Request, assistant: Answering, conversation_id: schemas.ConversationId = None) -> Any:
    """What you can find: the shared library, what you brought in, and what one of your conversations has."""
    held = assistant.library.sources(owners_of(request.state.owner, conversation_id or ""))
    return {"sources": [render.source(source) for source in held]}


@router.post("/v1/sources", response_model=schemas.BroughtIn, status_code=201, openapi_extra=_TAKES)
async def bring_in(request: Request, assistant: Answering) -> Any:
    """Bring a document in: a `file` (multipart, 50 MB at most) or the page at a `url`.

    Nobody but you finds it; with a `conversation_id` it is found in that conversation of yours alone, and goes with it.
    A file of the same name takes the place of the one that you brought in before.
    """
    library, owner = assistant.library, request.state.owner
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        async with request.form(max_files=1, max_fields=8) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise HTTPException(400, "The form has no field `file` with a document.")
            whose = own_documents(owner, _conversation(str(form.get("conversation_id") or "")))
            return _told(await run_in_threadpool(bring_file, library, file.filename or "", file.file, whose))
    asked = _asked(await request.body())
    whose = own_documents(owner, asked.conversation_id or "")
    return _told(await run_in_threadpool(bring_page, library, asked.url, whose))


@router.delete("/v1/sources/{source_id}", status_code=204)
def remove(source_id: str, request: Request, assistant: Answering) -> Response:
    """Take out a source that you brought in."""
    if not take_out(assistant.library, source_id, request.state.owner):
        raise HTTPException(404, _ABSENT)
    return Response(status_code=204)


def _asked(body: bytes) -> schemas.SourceRequest:
    try:
        asked = schemas.SourceRequest.model_validate_json(body)
    except ValueError as error:
        raise HTTPException(400, 'Send a multipart form with a `file`, or {"url": "https://..."} as JSON.') from error
    if not asked.url.lower().startswith(("http://", "https://")):
        raise SourceError("That is no address of a web page.", "Send one that begins with https://.")
    return asked


def _conversation(sent: str) -> str:
    if len(sent) > schemas.LONGEST_ID:
        raise HTTPException(400, f"The `conversation_id` is over {schemas.LONGEST_ID} characters.")
    return sent


def _told(brought: Brought) -> dict[str, Any]:
    return {
        "report": str(brought.report),
        "partly": [one.reason for one in brought.report.partly],
        "sources": [render.source(one) for one in brought.sources],
    }
