"""Take out of a carrier's OpenAPI description what the program's calls touch, and keep it as test data.

    python scripts/carrier_description.py SOURCE.yaml OUT.json --source "REPOSITORY PATH COMMIT DATE" METHOD:PATH …

Kept are the operations named, whatever they refer to, and the examples of their answers. The carrier's own wording
(descriptions, titles, summaries) is left out: what the tests need are names, types, status codes and media types. PyYAML reads
the source where it is YAML; it comes with sqlfluff.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

WORDING = {
    "description",
    "summary",
    "title",
    "tags",
    "externalDocs",
    "termsOfService",
    "contact",
    "deprecated",
    "default",
    "security",
}
NAMED = {"properties", "schemas", "parameters", "responses", "headers", "examples", "paths", "content", "requestBodies"}
"""Below these, keys are the carrier's names, whatever they are called."""
LONGEST_TEXT = 120
"""Characters of a text in an example: a document in base64 is made anew by the tests."""


def main() -> int:
    """Write the part; say how large it is."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("description", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--source", required=True, help="where it came from: repository, path, commit, date, licence")
    parser.add_argument("operations", nargs="+", metavar="METHOD:PATH")
    given = parser.parse_args()
    part = reachable(read(given.description), [tuple(each.split(":", 1)) for each in given.operations])
    part = {"x-source": given.source, **part}
    given.out.write_text(json.dumps(part, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"{given.out}: {given.out.stat().st_size:,} bytes, {len(part['components'].get('schemas', {}))} schemas")
    return 0


def read(path: Path) -> dict[str, Any]:
    """Return a description, JSON or YAML (in which some have tabs, which YAML forbids)."""
    text = path.read_text(encoding="utf-8-sig")
    if path.suffix == ".json":
        found: dict[str, Any] = json.loads(text)
        return found
    import yaml  # type: ignore[import-untyped]

    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        """Leaves dates as the texts that they are."""

    Loader.yaml_implicit_resolvers = {
        first: [each for each in resolvers if each[0] != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    loaded: dict[str, Any] = yaml.load(text.expandtabs(2), Loader=Loader)  # noqa: S506  (a SafeLoader)
    return loaded | {}


def reachable(whole: dict[str, Any], operations: list[tuple[str, ...]]) -> dict[str, Any]:
    """Return the operations, and of the components only those that they reach."""
    paths: dict[str, Any] = {}
    for method, path in operations:
        operation = whole["paths"][path][method.lower()]
        shared = whole["paths"][path].get("parameters", [])
        kept = {key: operation[key] for key in ("requestBody", "responses") if key in operation}
        paths.setdefault(path, {})[method.lower()] = bare({**kept, "parameters": [*shared, *operation.get("parameters", [])]})
    components: dict[str, Any] = {}
    waiting = list(references(paths))
    while waiting:
        _, _, section, name = waiting.pop().split("/", 3)
        if name in components.get(section, {}):
            continue
        components.setdefault(section, {})[name] = bare(whole["components"][section][name])
        waiting += references(components[section][name])
    info = {key: str(whole["info"].get(key, "")) for key in ("title", "version")}
    servers = [{"url": server["url"]} for server in whole.get("servers", [])]
    return {"openapi": whole["openapi"], "info": info, "servers": servers, "paths": paths, "components": components}


def references(value: Any) -> list[str]:
    """Return every reference below a value."""
    if isinstance(value, dict):
        found = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return found + [each for item in value.values() for each in references(item)]
    return [each for item in value for each in references(item)] if isinstance(value, list) else []


def bare(value: Any, *, names: bool = False, example: bool = False) -> Any:
    """Return a value without the carrier's wording, long texts of examples cut."""
    if isinstance(value, list):
        return [bare(item, example=example) for item in value]
    if isinstance(value, str):
        return value[:LONGEST_TEXT] if example else value
    if not isinstance(value, dict):
        return value
    kept = {}
    for key, item in value.items():
        if example:
            kept[key] = bare(item, example=True)
        elif names:
            kept[key] = bare(item)
        elif key in ("example", "value"):
            if isinstance(item, dict | list):  # an answer's; that of a single field says nothing that its type doesn't
                kept[key] = bare(item, example=True)
        elif key not in WORDING and not key.startswith("x-"):
            kept[key] = bare(item, names=key in NAMED and isinstance(item, dict))
    return kept


if __name__ == "__main__":
    raise SystemExit(main())
