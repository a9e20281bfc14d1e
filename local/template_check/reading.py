"""A template as plain values: CloudFormation's functions in their long form."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Resource = dict[str, Any]


class _Loader(yaml.CSafeLoader):
    """YAML with CloudFormation's short forms. `cfn-lint` reads templates, too, but for some seconds."""


def _long_form(loader: _Loader, name: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_scalar(node)  # type: ignore[arg-type] # the one kind that is left
    if name == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {name if name in {"Ref", "Condition"} else f"Fn::{name}": value}


def _text(loader: _Loader, node: yaml.ScalarNode) -> str:
    return loader.construct_scalar(node)


_Loader.add_multi_constructor("!", _long_form)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _text)  # the versions of policies are texts


def template_of(path: Path) -> dict[str, Any]:
    """Read a template with CloudFormation's short forms."""
    template = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 a safe loader with more tags
    if not isinstance(template, dict):
        raise TypeError(f"{path} is no template")
    return template


def of_type(template: dict[str, Any], *kinds: str) -> Iterator[tuple[str, Resource]]:
    """Yield the resources of these types, by name."""
    for name, resource in template.get("Resources", {}).items():
        if resource["Type"] in kinds:
            yield name, resource


def referred(value: Any) -> str:
    """Return the logical id that a Ref or a GetAtt names, of an If its first side; empty when it is none of them."""
    match value:
        case {"Ref": name}:
            return str(name)
        case {"Fn::GetAtt": [name, *_]}:
            return str(name)
        case {"Fn::GetAtt": str(name)}:
            return name.partition(".")[0]
        case {"Fn::If": [_, chosen, _]}:
            return referred(chosen)
    return ""


def in_list(value: Any) -> list[Any]:
    """Return a list for what may be written as one value."""
    return list(value) if isinstance(value, list) else [value]


def statements(document: Any) -> Iterator[dict[str, Any]]:
    """Yield the statements of a policy, both sides of each condition."""
    yield from _flat(document.get("Statement", []))


def _flat(values: Any) -> Iterator[dict[str, Any]]:
    for value in in_list(values):
        if isinstance(value, dict) and "Fn::If" in value:
            yield from _flat(value["Fn::If"][1:])
        elif isinstance(value, dict) and "Effect" in value:
            yield value


def documents(resource: Resource) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every policy in a resource, with the property it stands under: of identities, of resources, of trust."""
    properties = resource.get("Properties", {})
    for policy in properties.get("Policies", []):
        if isinstance(policy, dict) and "PolicyDocument" in policy:  # another is a policy's name: see `choices`
            yield "identity", policy["PolicyDocument"]
    if "PolicyDocument" in properties:
        yield "identity" if resource["Type"].startswith("AWS::IAM::") else "resource", properties["PolicyDocument"]
    if "KeyPolicy" in properties:
        yield "key", properties["KeyPolicy"]
    if "AssumeRolePolicyDocument" in properties:
        yield "trust", properties["AssumeRolePolicyDocument"]


def actions_on(template: dict[str, Any], role: str, resource: str) -> set[str]:
    """Return what a role may do with a resource of the template: where its name stands in a statement."""
    named = (f'"{resource}"', f'"{resource}.', f"${{{resource}}}", f"${{{resource}.")
    return {
        str(action)
        for _, document in documents(template["Resources"].get(role, {"Type": ""}))
        for statement in statements(document)
        if statement["Effect"] == "Allow" and any(name in json.dumps(statement.get("Resource")) for name in named)
        for action in in_list(statement["Action"])
    }


def globals_merged(template: dict[str, Any], function: Resource) -> Resource:
    """Return a function's properties with those that all functions share, as SAM merges them."""
    merged = dict(template.get("Globals", {}).get("Function", {}))
    for name, value in function.get("Properties", {}).items():
        both = isinstance(value, dict) and isinstance(merged.get(name), dict) and "Ref" not in value
        merged[name] = _merged(merged[name], value) if both else value
    return merged


def _merged(one: Resource, other: Resource) -> Resource:
    return one | {
        name: _merged(one[name], value) if isinstance(value, dict) and isinstance(one.get(name), dict) else value
        for name, value in other.items()
    }
