"""Carriers that answer from their own descriptions: each request checked against it, each documented answer given.

The descriptions (`data/carriers`) are what the program's calls touch of the carriers' own, made by
`scripts/carrier_description.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from jsonschema import Draft202012Validator

DATA = Path(__file__).parent / "data" / "carriers"
_OURS = {"accept", "accept-encoding", "connection", "content-length", "user-agent", "authorization", "content-type"}
"""Headers that any client sends."""


@dataclass(frozen=True)
class Answer:
    """A documented answer: one of an operation's examples, or one made of its schema with every field filled."""

    status: int
    media_type: str
    body: Any
    name: str


@dataclass(frozen=True)
class Operation:
    """One documented operation."""

    method: str
    path: str
    documented: dict[str, Any]
    whole: dict[str, Any] = field(repr=False)

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"

    def resolved(self, value: Any) -> Any:
        while isinstance(value, dict) and "$ref" in value:
            found: Any = self.whole
            for step in value["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            value = found
        return value

    def faults(self, request: Any) -> list[str]:
        """Say what of a request the description doesn't have, or has otherwise."""
        asked = urlsplit(request.url)
        servers = [server["url"].rstrip("/") for server in self.whole["servers"]]
        said = [] if not servers or request.url.startswith(tuple(servers)) else [f"the address: it is one of {servers}"]
        parameters = [self.resolved(each) for each in self.documented.get("parameters", [])]
        given = {
            "query": dict(parse_qsl(asked.query, keep_blank_values=True)),
            "header": {name.lower(): value for name, value in request.headers.items()},
            "path": self._in_path(asked.path) or {},
        }
        known: dict[str, set[str]] = {"query": set(), "header": set(_OURS), "path": set()}
        for each in parameters:
            place, name = each["in"], each["name"].lower() if each["in"] == "header" else each["name"]
            known[place].add(name)
            if name not in given[place]:
                said += [f"{place} {name} is missing"] if each.get("required") else []
                continue
            value: Any = given[place][name]
            schema = each.get("schema", {})
            if schema.get("type") == "boolean":
                value = {"true": True, "false": False}.get(value, value)
            said += [f"{place} {name}: {fault}" for fault in self._wrong(value, schema)]
        said += [f"{place} {name} is not described" for place in known for name in given[place] if name not in known[place]]
        return said + self._body_faults(request)

    def _body_faults(self, request: Any) -> list[str]:
        described = self.resolved(self.documented.get("requestBody", {})).get("content", {})
        body = request.body or b""
        if not described:
            return ["a body where none is described"] if body else []
        media_type = request.headers.get("Content-Type", "").split(";")[0]
        if media_type not in described:
            return [f"the media type {media_type}"]
        text = body.decode() if isinstance(body, bytes) else body
        value = json.loads(text) if media_type == "application/json" else dict(parse_qsl(text))
        return self._wrong(value, described[media_type]["schema"], closed=True)

    def wrong(self, status: int, body: Any) -> list[str]:
        """Say where a body is not as this answer is described."""
        schema = self._content(str(status))["schema"]
        return self._wrong(body, schema)

    def answers(self) -> Iterator[Answer]:
        """Give every documented answer."""
        for status, response in self.documented["responses"].items():
            for media_type, content in (self.resolved(response).get("content") or {"application/json": {}}).items():
                examples = {name: self.resolved(each)["value"] for name, each in content.get("examples", {}).items()}
                if isinstance(content.get("example"), dict | list):
                    examples["example"] = content["example"]
                examples["made"] = self.filled(content.get("schema", {}))
                for name, body in examples.items():
                    yield Answer(int(status), media_type, body, name)

    def filled(self, schema: Any, known: tuple[str, ...] = ()) -> Any:
        """Make a value of a schema, every field filled once."""
        if "$ref" in schema:
            if schema["$ref"] in known:
                return None
            return self.filled(self.resolved(schema), (*known, schema["$ref"]))
        if schema.get("enum"):
            return schema["enum"][0]
        merged = [self.filled(each, known) for each in schema.get("allOf", []) if each]
        if merged:
            return {key: value for each in merged if isinstance(each, dict) for key, value in each.items()}
        if schema.get("oneOf"):
            return self.filled(schema["oneOf"][0], known)
        kind = schema.get("type", "object" if "properties" in schema else "string")
        if kind == "object":
            made = {name: self.filled(each, known) for name, each in schema.get("properties", {}).items()}
            return {name: value for name, value in made.items() if value is not None}
        if kind == "array":
            item = self.filled(schema.get("items", {}), known)
            return [] if item is None else [item]
        return {"integer": 1, "number": 1, "boolean": True}.get(kind, "x")

    def _content(self, status: str) -> dict[str, Any]:
        found: dict[str, Any] = next(iter(self.resolved(self.documented["responses"][status])["content"].values()))
        return found

    def _wrong(self, value: Any, schema: Any, *, closed: bool = False) -> list[str]:
        components = {"components": self.whole.get("components", {})}
        document = json_schema({**schema, **components}, closed=closed)
        return [
            f"{'/'.join(map(str, error.path))}: {error.message}"[:200]
            for error in Draft202012Validator(document).iter_errors(value)
        ]

    def _in_path(self, path: str) -> dict[str, str] | None:
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path)
        found = re.search(f"{pattern}$", path)
        return {name: unquote(value) for name, value in found.groupdict().items()} if found else None


@cache
def operations(name: str) -> tuple[Operation, ...]:
    """Return the operations of a kept description, such as `ups`."""
    whole = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    return tuple(
        Operation(method, path, documented, whole)
        for path, methods in whole["paths"].items()
        for method, documented in methods.items()
    )


def operation_of(request: Any, *names: str) -> Operation | None:
    """Return the operation that a request asks for."""
    path = urlsplit(request.url).path
    return next(
        (
            each
            for name in names
            for each in operations(name)
            if each.method.upper() == request.method and each._in_path(path) is not None
        ),
        None,
    )


def json_schema(value: Any, *, closed: bool) -> Any:
    """Return an OpenAPI 3.0 schema as JSON Schema has it; with `closed` no object takes a field that it doesn't describe."""
    if isinstance(value, list):
        return [json_schema(item, closed=closed) for item in value]
    if not isinstance(value, dict):
        return value
    made = {
        key: json_schema(item, closed=closed) for key, item in value.items() if key not in ("nullable", "example", "examples")
    }
    if value.get("nullable") is True and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
    if closed and isinstance(value.get("properties"), dict) and value.get("type") == "object":
        made["additionalProperties"] = False
    return made
