"""What samconfig.toml gives a template's parameters, held against it before anything is made.

CloudFormation refuses a value only when it comes to that stack, and the gate's comes after the MWAA environment's, half
an hour later; the SAM CLI drops a name that the template does not know, without a word.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Keys, topics and secrets serve the region that they lie in.
_REGIONAL: Final = re.compile(r"arn:aws[a-z-]*:(?:kms|sns|secretsmanager):([a-z0-9-]+):")


def refusals(
    template: Mapping[str, Any], given: Mapping[str, str], region: str, answered: frozenset[str]
) -> Iterator[str]:
    """Yield why a stack in `region` could not be made with `given`; `answered` are still unknown."""
    parameters = template["Parameters"]
    values = {name: str(one["Default"]) for name, one in parameters.items() if "Default" in one} | dict(given)
    for name in sorted(given.keys() - parameters.keys()):
        yield f"{name} is no parameter"
    for name in sorted(parameters.keys() - values.keys() - answered):
        yield f"{name} is missing"
    for name in sorted((values.keys() & parameters.keys()) - answered):
        if not takes(parameters[name], values[name]):
            yield f"{name}={values[name]}: {_wanted(parameters[name])}"
        elsewhere = [one for one in _REGIONAL.findall(values[name]) if one != region]
        if elsewhere and name != "SenderKmsKeyArns":  # a multi-Region key of the sender is decrypted where it lies
            yield f"{name} lies in {elsewhere[0]}, and the stack in {region}"
    least, most = values.get("MinWorkers", "0"), values.get("MaxWorkers", "0")
    if least.isdigit() and most.isdigit() and int(least) > int(most):
        yield f"MinWorkers={least} is more than MaxWorkers={most}"
    known = {name: values.get(name, "an answer") for name in parameters}
    for rule in template.get("Rules", {}).values():
        if _holds(rule.get("RuleCondition", {"Fn::Equals": ["", ""]}), known):
            yield from (one["AssertDescription"] for one in rule["Assertions"] if not _holds(one["Assert"], known))


def takes(parameter: Mapping[str, Any], value: str) -> bool:
    """Return whether CloudFormation takes a value: the pattern has to match all of it, in a list each element."""
    if "AllowedValues" in parameter and value not in map(str, parameter["AllowedValues"]):
        return False
    if parameter["Type"] == "Number":
        if not re.fullmatch(r"-?[0-9]+", value):
            return False
        return int(parameter.get("MinValue", value)) <= int(value) <= int(parameter.get("MaxValue", value))
    if len(value) > int(parameter.get("MaxLength", len(value))):
        return False
    each = value.split(",") if parameter["Type"] == "CommaDelimitedList" else [value]
    return all(re.fullmatch(parameter.get("AllowedPattern", ".*"), one) for one in each)


def _wanted(parameter: Mapping[str, Any]) -> str:
    if "AllowedValues" in parameter:
        return f"one of {', '.join(map(str, parameter['AllowedValues']))}"
    if parameter["Type"] == "Number":
        return f"a whole number of {parameter.get('MinValue', '…')} to {parameter.get('MaxValue', '…')}"
    return str(parameter["ConstraintDescription"])


def _holds(condition: Any, values: Mapping[str, str]) -> bool:
    """Return what a condition of a template's Rules comes to."""
    match condition:
        case {"Fn::Equals": [one, other]}:
            return bool(_value(one, values) == _value(other, values))
        case {"Fn::Not": [one]}:
            return not _holds(one, values)
        case {"Fn::And": all_of}:
            return all(_holds(one, values) for one in all_of)
        case {"Fn::Or": any_of}:
            return any(_holds(one, values) for one in any_of)
        case {"Fn::EachMemberIn": [one, among]}:
            return set(str(_value(one, values)).split(",")) <= set(among)
    raise ValueError(f"no condition of a rule that is known here: {condition}")


def _value(value: Any, values: Mapping[str, str]) -> Any:
    return values[value["Ref"]] if isinstance(value, dict) else value
