#!/usr/bin/env python3
"""Keep of Shopify's own schema the part that our operations reach, as test data.

    python3 scripts/shopify_schema.py FOLDER     FOLDER holds Shopify's introspection results, admin_<version>.json.gz

Shopify publishes them in the npm package @shopify/dev-mcp, under dist/data (`npm pack @shopify/dev-mcp`). Of a version is kept
every type that an operation of `syncctl/stores/shopify_operations.py` selects or sends, with all of its fields that lead to a
kept type or to a plain value, deprecated ones included: a field that is renamed or goes out of use shows.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLSchema,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_client_schema,
    get_named_type,
    is_input_object_type,
    is_leaf_type,
    parse,
    print_schema,
    visit,
)

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "tests" / "data" / "shopify"
VERSIONS = ("2026-04", "2026-07", "2026-10")
"""The newest three that were published."""


def main() -> int:
    """Write a file for each version."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the introspection results lie")
    folder = parser.parse_args().folder
    sys.path.insert(0, str(ROOT))
    for version in VERSIONS:
        raw = json.loads(gzip.decompress((folder / f"admin_{version}.json.gz").read_bytes()))
        kept: Any = kept_part(raw.get("data", raw), version)
        text = print_schema(build_client_schema(kept, assume_valid=True))
        (KEPT / f"admin_{version}.graphql").write_text(text + "\n", encoding="utf-8")
        print(f"{version}: {len(text):,} characters")
    return 0


def kept_part(raw: dict[str, Any], version: str) -> dict[str, Any]:
    """Return the introspection result without what no operation reaches, and without descriptions."""
    from syncctl.stores.shopify_operations import all_operations

    schema = build_client_schema(raw, assume_valid=True)  # type: ignore[arg-type]
    names = {"QueryRoot", "Mutation"}
    for operation in all_operations(version):
        names |= _reached(schema, operation.text)
    leaves = {name for name, kind in schema.type_map.items() if is_leaf_type(kind)}
    kept = [_kept(each, names, names | leaves) for each in raw["__schema"]["types"] if each["name"] in names]
    used = {name for each in kept for name in _named(each)} & leaves
    kept += [_plain(each) for each in raw["__schema"]["types"] if each["name"] in used]
    directives = [_plain(each) for each in raw["__schema"]["directives"] if each["name"] in _DIRECTIVES]
    made = {"types": kept, "subscriptionType": None, "directives": directives, "description": None}
    return {"__schema": {**raw["__schema"], **made}}


def _reached(schema: GraphQLSchema, text: str) -> set[str]:
    """Return the types that a document selects, its arguments' input types with all that they hold, and the roots."""
    info, names = TypeInfo(schema), set[str]()

    class Notes(Visitor):
        def enter(self, *_: Any) -> None:
            for kind in (info.get_type(), info.get_parent_type(), info.get_input_type()):
                if kind is not None:
                    _add(str(get_named_type(kind)), schema, names)

    visit(parse(text), TypeInfoVisitor(info, Notes()))
    return names


def _add(name: str, schema: GraphQLSchema, names: set[str]) -> None:
    kind = schema.type_map.get(name)
    if kind is None or name in names or is_leaf_type(kind):
        return
    names.add(name)
    if is_input_object_type(kind):
        for field in kind.fields.values():
            _add(str(get_named_type(field.type)), schema, names)


def _kept(kind: dict[str, Any], names: set[str], types: set[str]) -> dict[str, Any]:
    """Return a type with those fields and arguments that lead to what is kept; of the roots only what operations name."""
    root = kind["name"] in ("QueryRoot", "Mutation")
    made = _plain(kind)
    if kind.get("fields"):
        fields = [_field(each, types) for each in kind["fields"] if _target(each["type"]) in (names if root else types)]
        made["fields"] = [each for each in fields if not root or each["name"] in _ROOT_FIELDS]
    made["interfaces"] = [each for each in kind.get("interfaces") or [] if each["name"] in names]
    if kind.get("possibleTypes"):
        made["possibleTypes"] = [each for each in kind["possibleTypes"] if each["name"] in names]
    return made


_ROOT_FIELDS = frozenset(
    {
        *("shop", "currentAppInstallation", "publicApiVersions", "orders", "nodes", "order", "productVariants", "customers"),
        *("locations", "orderUpdate", "tagsAdd", "tagsRemove", "metafieldsSet", "fulfillmentCreate", "inventorySetQuantities"),
        "productVariantsBulkUpdate",
    }
)


_DIRECTIVES = frozenset({"idempotent"})
"""Shopify's own that operations name."""


def _field(field: dict[str, Any], types: set[str]) -> dict[str, Any]:
    arguments = [_plain(each) for each in field["args"] if _target(each["type"]) in types]
    return {**_plain(field), "args": arguments}


def _plain(thing: dict[str, Any]) -> dict[str, Any]:
    """Return it without descriptions, and of the reasons why something is deprecated only that there is one."""
    made = {key: value for key, value in thing.items() if key != "description"}
    if made.get("deprecationReason"):
        made["deprecationReason"] = "Deprecated."
    for key in ("enumValues", "inputFields"):
        if made.get(key):
            made[key] = [_plain(each) for each in made[key]]
    return made


def _target(kind: dict[str, Any]) -> str:
    while kind.get("ofType"):
        kind = kind["ofType"]
    return str(kind["name"])


def _named(kind: dict[str, Any]) -> set[str]:
    """Return the types that a type's fields and arguments name."""
    held = [*(kind.get("fields") or []), *(kind.get("inputFields") or [])]
    held += [argument for field in kind.get("fields") or [] for argument in field["args"]]
    return {_target(each["type"]) for each in held}


if __name__ == "__main__":
    sys.exit(main())
