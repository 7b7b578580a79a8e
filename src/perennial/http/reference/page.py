"""The reference page, drawn from the OpenAPI document: plain HTML, without a script."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import escape
from typing import Any

from perennial.http.reference.problem_codes import PROBLEM_CODES

_FILLED = {
    "/v1/programs/{id}/diff": "/v1/programs/points/diff?old=1",
    "/v1/programs/{id}": "/v1/programs/points",
    "/v1/orders/{id}": "/v1/orders/1001",
    "/v1/events/{id}": "/v1/events/review-77",
    "/v1/vouchers/batches/{id}": "/v1/vouchers/batches/summer-1",
    "{code}": "SHIP-2026-4711-A",
    "/v1/entitlements/{id}": "/v1/entitlements/0b8a3b2e-6f1c-5d0e-9a63-3f5b7f1f2c11",
    "{name}": "order-ahead",
    "{id}": "anna",
    "{program}": "points",
    "{version}": "1",
}
"""What stands in the examples in the place of an id. The first that fits is taken first."""


_LINE = 88


def draw_page(api: dict[str, Any], introduction: str) -> str:
    """Return the whole page for an OpenAPI document; ``introduction`` is HTML of our own."""
    operations = _by_tag(api)
    return "".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            "<title>Perennial API</title>",
            '<link rel="stylesheet" href="/docs/style.css">',
            '<link rel="icon" href="data:,"></head><body>',
            '<a class="skip" href="#main">Skip to the content</a>',
            '<header><a class="brand" href="#main">Perennial ',
            f"<span>API {escape(api['info']['version'])}</span></a>",
            '<a href="/openapi.json">openapi.json</a></header>',
            '<div class="columns">',
            _navigation(api, operations),
            f'<main id="main"><h1>The HTTP API</h1><p class="lead">{_words(api["info"]["summary"])}</p>',
            introduction,
            *(_section(api, tag, operations[tag["name"]]) for tag in api["tags"]),
            _schemas(api),
            _codes(),
            "</main></div></body></html>",
        ]
    )


def _by_tag(api: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the operations of each tag, with their method and path."""
    found: dict[str, list[dict[str, Any]]] = {tag["name"]: [] for tag in api["tags"]}
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            found[operation["tags"][0]].append({**operation, "method": method.upper(), "path": path})
    return found


def _navigation(api: dict[str, Any], operations: dict[str, list[dict[str, Any]]]) -> str:
    """Return the contents: at the left of a wide window, folded at the top of a narrow one."""
    parts = ['<ul class="top"><li><a href="#begin">To begin with</a></li>']
    for tag in api["tags"]:
        parts.append(f'<li><a href="#{_slug(tag["name"])}">{escape(tag["name"])}</a><ul>')
        parts.extend(
            f'<li><a href="#{each["operationId"]}">{escape(each["summary"])}</a></li>'
            for each in operations[tag["name"]]
        )
        parts.append("</ul></li>")
    parts.append('<li><a href="#schemas">Schemas</a></li><li><a href="#problems">Problems</a></li></ul>')
    contents = "".join(parts)
    folded = f'<details class="narrow"><summary>Contents</summary>{contents}</details>'
    return f'<nav aria-label="Contents">{folded}<div class="wide">{contents}</div></nav>'


def _section(api: dict[str, Any], tag: dict[str, Any], operations: list[dict[str, Any]]) -> str:
    slug = _slug(tag["name"])
    return (
        f'<section aria-labelledby="{slug}"><h2 id="{slug}">{escape(tag["name"])}</h2>'
        f"<p>{_words(tag['description'])}</p>"
        + "".join(_operation(api, each) for each in operations)
        + "</section>"
    )


def _operation(api: dict[str, Any], operation: dict[str, Any]) -> str:
    method, path = operation["method"], operation["path"]
    scopes = [scope for need in operation["security"] for scope in need.get("api_key", ())]
    name = operation["operationId"]
    needs = "Needs a session." if operation["security"] else "Needs no key."
    if scopes:
        needs = f"Needs the scope <code>{escape(scopes[0])}</code>."
    return "".join(
        [
            f'<article id="{name}"><h3>{escape(operation["summary"])}',
            f' <a class="here" href="#{name}" aria-label="Link to this operation">#</a></h3>',
            f'<p class="route"><span class="method {method.lower()}">{method}</span> ',
            f"<code>{_path(path)}</code></p>",
            f"<p>{_words(operation['description'])} {needs}</p>",
            _parameters(operation),
            _body(operation),
            _answers(api, operation),
            _curl(operation, bool(scopes)),
            "</article>",
        ]
    )


def _path(path: str) -> str:
    return re.sub(r"(\{[^}]*\})", r"<var>\1</var>", escape(path))


def _parameters(operation: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><th scope=row><code>{escape(each['name'])}</code></th><td>{escape(each['in'])}</td>"
        f"<td>{_type(each['schema'])}{' · required' if each['required'] else ''}</td>"
        f"<td>{_words(each.get('description', ''))}</td></tr>"
        for each in operation.get("parameters", [])
    )
    if not rows:
        return ""
    head = "<tr><th scope=col>Parameter<th scope=col>In<th scope=col>Type<th scope=col>Meaning</tr>"
    return f'<div class="scroll"><table><thead>{head}</thead><tbody>{rows}</tbody></table></div>'


def _body(operation: dict[str, Any]) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    parts = []
    for media_type, media in content.items():
        schema = media["schema"]
        what = ", ".join(_link(each) for each in schema["oneOf"]) if "oneOf" in schema else _type(schema)
        parts.append(f"<p>Body: {what} as <code>{escape(media_type)}</code></p>")
    return "".join(parts)


def _answers(api: dict[str, Any], operation: dict[str, Any]) -> str:
    items = []
    for status, response in operation["responses"].items():
        if "$ref" in response:
            described = api["components"]["responses"][response["$ref"].rpartition("/")[2]]
            items.append(f'<li><span class="bad">{status}</span> {_words(described["description"])}</li>')
        else:
            shapes = ", ".join(_type(each["schema"]) for each in response.get("content", {}).values())
            words = _words(response["description"])
            items.append(f'<li><span class="good">{status}</span> {words} {shapes}</li>')
    return f'<details class="answers"><summary>Answers</summary><ul>{"".join(items)}</ul></details>'


def _curl(operation: dict[str, Any], has_key: bool) -> str:
    method, path = operation["method"], operation["path"]
    for pattern, example in _FILLED.items():
        path = path.replace(pattern, example)
    start = f'curl {"" if method == "GET" else f"-X {method} "}"$PERENNIAL{path}"'
    if has_key:
        start += ' \\\n  -H "Authorization: Bearer $KEY"'
    content = operation.get("requestBody", {}).get("content", {})
    if not content:
        return f"<pre><code>{escape(start)}</code></pre>"
    media_type, media = next(iter(content.items()))
    examples = media.get("examples", {})
    start += f" \\\n  -H 'Content-Type: {media_type}'"
    if not examples:
        file = "orders.ndjson" if "ndjson" in media_type else "program.yaml"
        return f"<pre><code>{escape(start)} --data-binary @{file}</code></pre>"
    return "".join(
        f"<p class=example>{_words(example['summary'])}:</p><pre><code>{escape(start)} \\\n"
        f"  -d {escape(_quoted(example['value']))}</code></pre>"
        for example in examples.values()
    )


def _quoted(value: Any) -> str:
    """Return JSON in single quotes for a shell."""
    return "'" + _json(value, 2).replace("'", "'\\''") + "'"


def _json(value: Any, indent: int) -> str:
    """Return JSON in which what is short stays on one line."""
    short = json.dumps(value, ensure_ascii=False)
    if len(short) + indent <= _LINE or not isinstance(value, dict | list):
        return short
    margin = "\n" + " " * (indent + 2)
    end = "\n" + " " * indent
    if isinstance(value, list):
        return "[" + ",".join(margin + _json(each, indent + 2) for each in value) + end + "]"
    fields = (f"{margin}{json.dumps(key)}: {_json(each, indent + 2)}" for key, each in value.items())
    return "{" + ",".join(fields) + end + "}"


def _schemas(api: dict[str, Any]) -> str:
    drawn = "".join(_schema(name, schema) for name, schema in api["components"]["schemas"].items())
    return f'<section aria-labelledby="schemas"><h2 id="schemas">Schemas</h2>{drawn}</section>'


def _schema(name: str, schema: dict[str, Any]) -> str:
    words = f"<p>{_words(schema['description'])}</p>" if "description" in schema else ""
    start = f'<article id="schema-{name}" class="schema"><h3>{name}</h3>{words}'
    if "enum" in schema:
        values = ", ".join(f"<code>{escape(str(each))}</code>" for each in schema["enum"])
        return f"{start}<p>One of {values}.</p></article>"
    required = set(schema.get("required", ()))
    rows = "".join(
        f"<tr><th scope=row><code>{escape(field)}</code></th>"
        f"<td>{_type(below)}{' · required' if field in required else ''}</td>"
        f"<td>{_words(_description(below))}</td></tr>"
        for field, below in schema.get("properties", {}).items()
    )
    table = f'<div class="scroll"><table><tbody>{rows}</tbody></table></div>' if rows else ""
    return f"{start}{table}</article>"


def _description(schema: dict[str, Any]) -> str:
    found = schema.get("description", "")
    for member in schema.get("anyOf", ()):
        found = found or member.get("description", "")
    return str(found)


def _type(schema: dict[str, Any]) -> str:
    """Return what a value may be, in words, with a link to a schema of ours."""
    if "$ref" in schema:
        return _link(schema)
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"<code>{escape(json.dumps(each))}</code>" for each in schema["enum"])
    kind = str(schema.get("type", "any JSON"))
    if kind == "array" and "items" in schema:
        return f"list of {_type(schema['items'])}{_bounds(schema)}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_type(schema['additionalProperties'])}"
    kind = {"integer": "whole number", "string": "text", "boolean": "true or false"}.get(kind, kind)
    if schema.get("format") == "date-time":
        return "instant"
    return kind + _bounds(schema)


def _bounds(schema: dict[str, Any]) -> str:
    low = schema.get("minimum", schema.get("minLength", schema.get("minItems")))
    high = schema.get("maximum", schema.get("maxLength", schema.get("maxItems")))
    parts = []
    if low is not None and high is not None:
        parts.append(f"{_number(low)} to {_number(high)}")
    elif high is not None:
        parts.append(f"at most {_number(high)}")
    elif low is not None:
        parts.append(f"at least {_number(low)}")
    return f' <span class="bounds">({", ".join(parts)})</span>' if parts else ""


def _number(value: int) -> str:
    return {10**15: "10¹⁵", -(10**15): "-10¹⁵"}.get(value, f"{value:,}")


def _link(schema: dict[str, Any]) -> str:
    name = escape(schema["$ref"].rpartition("/")[2])
    return f'<a href="#schema-{name}"><code>{name}</code></a>'


def _codes() -> str:
    items = "".join(
        f'<div id="problem-{code}"><dt><code>{code}</code></dt><dd>{_words(words)}</dd></div>'
        for code, words in sorted(PROBLEM_CODES.items())
    )
    return (
        '<section aria-labelledby="problems"><h2 id="problems">Problems</h2>'
        f"<p>The codes are stable; the words may become better.</p><dl>{items}</dl></section>"
    )


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower())


def _words(text: str) -> str:
    """Return prose as HTML; what stands between backticks is code."""
    return "".join(_marked(text))


def _marked(text: str) -> Iterator[str]:
    for index, part in enumerate(text.split("`")):
        yield f"<code>{escape(part)}</code>" if index % 2 else escape(part)
