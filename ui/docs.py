"""The page at /docs: what the OpenAPI schema says, as HTML that needs nothing from outside. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
    "code,pre{font:14px/1.45 ui-monospace,monospace}pre{overflow:auto;padding:.75rem;border:1px solid #8886;"
    "border-radius:6px}h2{margin-top:2.5rem}table{border-collapse:collapse}td,th{padding:.2rem .8rem .2rem 0;"
    "text-align:left;vertical-align:top}"
)

Schema = Mapping[str, Any]


def docs_html(openapi: Schema) -> str:
    """The routes of an OpenAPI schema: what each does, takes and gives, with examples.

    >>> "<h1>Pay</h1>" in docs_html({"info": {"title": "Pay", "version": "1"}, "paths": {}})
    True
    """
    info = openapi["info"]
    routes = "".join(
        _route(method.upper(), path, operation, openapi)
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(info["title"])}: API</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>'
        f"<h1>{escape(info['title'])}</h1><p>{escape(info.get('description', ''))}</p>"
        f'<p>Version {escape(info["version"])}. For programs: <a href="/openapi.json">openapi.json</a>.</p>'
        f"{routes}</body></html>"
    )


def _route(method: str, path: str, operation: Schema, openapi: Schema) -> str:
    paragraphs = "".join(
        f"<p>{_inline(part)}</p>" for part in operation.get("description", "").split("\n\n") if part.strip()
    )
    answers = operation.get("responses", {})
    gives: Schema = next((body for status, body in answers.items() if status.startswith("2")), {})
    parts = "".join(
        _described(heading, kind, content, openapi)
        for heading, body in (("Takes", operation.get("requestBody", {})), ("Gives", gives))
        for kind, content in body.get("content", {}).items()
    )
    return f"<section><h2><code>{method} {escape(path)}</code></h2>{paragraphs}{parts}</section>"


def _resolved(schema: Schema, openapi: Schema) -> Schema:
    """The schema itself where it is only named."""
    name = schema.get("$ref", "").rpartition("/")[2]
    found: Schema = openapi["components"]["schemas"][name] if name else schema
    return found


def _described(heading: str, kind: str, content: Schema, openapi: Schema) -> str:
    """What a route takes or gives as one kind of content: its fields and examples."""
    model = _resolved(content.get("schema", {}), openapi)
    rows = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{escape(_type(field))}"
        f"{'' if name in model.get('required', ()) else ', optional' if heading == 'Takes' else ''}</td>"
        f"<td>{_inline(field.get('description', ''))}</td></tr>"
        for name, field in _fields(model, openapi)
    )
    examples = [content["example"]] if "example" in content else model.get("examples", ())
    shown = "".join(f"<pre>{escape(_example(example))}</pre>" for example in examples)
    told = "" if kind == "application/json" else f" as <code>{escape(kind)}</code>"
    return f"<h3>{heading}{told}</h3>{f'<table>{rows}</table>' if rows else ''}{shown}" if rows or shown else ""


def _example(example: Any) -> str:
    return example if isinstance(example, str) else json.dumps(example, indent=2, ensure_ascii=False)


def _fields(model: Schema, openapi: Schema) -> Iterator[tuple[str, Schema]]:
    """The fields of a model, and below each those of the model that it holds."""
    for name, field in model.get("properties", {}).items():
        yield name, field
        for part in (field, field.get("items", {}), *field.get("anyOf", ())):
            inner = _resolved(part.get("items", part), openapi)
            if inner is not part and inner.get("properties"):
                yield from ((f"{name}.{below}", held) for below, held in inner["properties"].items())
                break


def _type(field: Schema) -> str:
    """What a field holds, in a word or two."""
    if "anyOf" in field:
        return " or ".join(_type(part) for part in field["anyOf"] if part.get("type") != "null")
    if field.get("type") == "array":
        return f"list of {_type(field.get('items', {}))}"
    limits = [f"{word} {field[key]}" for key, word in (("minimum", "from"), ("maximum", "to")) if key in field]
    return " ".join([str(field.get("type", "object")), *limits])


def _inline(text: str) -> str:
    """Text with `code` in backticks."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(parts))
