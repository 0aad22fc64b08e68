"""What a GraphQL request costs at Shopify, by its documented rules: an object 1, a connection its size, a mutation 10."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_leaf_type,
    value_from_ast_untyped,
)

from syncctl.demo.shopify_replies import MUTATION


def requested(schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]) -> int:
    """Return the points that must be in the bucket before the request is begun."""
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    [operation] = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    if operation.operation.value == "mutation":
        return MUTATION * len(operation.selection_set.selections)
    reckoner = _Reckoner(schema, fragments, variables)
    return reckoner.selected(operation.selection_set, "QueryRoot")


class _Reckoner:
    def __init__(
        self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode], variables: Mapping[str, Any]
    ) -> None:
        self._schema, self._fragments, self._variables = schema, fragments, variables

    def selected(self, selections: SelectionSetNode, kind: str) -> int:
        total = 0
        for each in selections.selections:
            if isinstance(each, FragmentSpreadNode):
                fragment = self._fragments[each.name.value]
                total += self.selected(fragment.selection_set, fragment.type_condition.name.value)
            elif isinstance(each, InlineFragmentNode):
                total += self.selected(each.selection_set, each.type_condition.name.value if each.type_condition else kind)
            elif isinstance(each, FieldNode) and each.selection_set is not None:
                total += self._field(each, kind)
        return total

    def _field(self, field: FieldNode, kind: str) -> int:
        held = self._schema.type_map[kind].fields[field.name.value]  # type: ignore[attr-defined]
        target = get_named_type(held.type)
        assert field.selection_set is not None
        if is_leaf_type(target) or target.name == "PageInfo":
            return 0
        inside = self.selected(field.selection_set, target.name)
        given = {each.name.value: value_from_ast_untyped(each.value, dict(self._variables)) for each in field.arguments or ()}
        if target.name.endswith("Connection"):
            return 1 + int(given.get("first") or 0) * inside
        if "ids" in given:
            return len(given["ids"]) * (1 + inside)
        return 1 + inside
