"""What the MWAA environment needs of its network and its logs, and what nobody may reach."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from local.template_check.reading import documents, in_list, of_type, referred, statements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Template = dict[str, Any]
ENVIRONMENT: Final = "AWS::MWAA::Environment"
# MWAA user guide, "Viewing Airflow logs": of these levels an error is seen.
LEVELS: Final = {"INFO", "WARNING", "ERROR"}
LOGS: Final = {"DagProcessingLogs", "SchedulerLogs", "TaskLogs", "WebserverLogs", "WorkerLogs"}


def _network(template: Template) -> Iterator[str]:
    """MWAA runs in two private subnets, each in a zone of its own, whose way out is a NAT."""
    routes = {
        referred(one["Properties"]["SubnetId"]): referred(one["Properties"]["RouteTableId"])
        for _, one in of_type(template, "AWS::EC2::SubnetRouteTableAssociation")
    }
    ways = {
        referred(one["Properties"]["RouteTableId"]): one["Properties"]
        for _, one in of_type(template, "AWS::EC2::Route")
    }
    for name, environment in of_type(template, ENVIRONMENT):
        named = [_made(one) for one in environment["Properties"]["NetworkConfiguration"]["SubnetIds"]]
        subnets = [names[0] for names in named if names]
        found = {subnet: template["Resources"].get(subnet, {}).get("Properties", {}) for subnet in subnets}
        zones = {str(one.get("AvailabilityZone")) for one in found.values()}
        if len(zones) != 2:  # noqa: PLR2004 as MWAA asks
            yield f"{name}: needs two subnets in two zones"
        waits = {name for names in named for name in names}
        ways_out = {name for name, one in of_type(template, "AWS::EC2::Route") if "NatGatewayId" in one["Properties"]}
        ways_out |= {
            name
            for name, one in of_type(template, "AWS::EC2::SubnetRouteTableAssociation")
            if referred(one["Properties"]["SubnetId"]) in subnets
        }
        if missing := sorted(ways_out - waits):
            yield f"{name}: may start before its way out is there, and outlive it: {missing}"
        for subnet, properties in found.items():
            if "NatGatewayId" not in ways.get(routes.get(subnet, ""), {}):
                yield f"{subnet}: has no way out by a NAT, or is public"
            if properties.get("MapPublicIpOnLaunch"):
                yield f"{subnet}: gives public addresses"
    for name, vpc in of_type(template, "AWS::EC2::VPC"):
        if not all(vpc["Properties"].get(one) is True for one in ("EnableDnsHostnames", "EnableDnsSupport")):
            yield f"{name}: MWAA needs names of DNS"


def _made(subnet: Any) -> list[str]:
    """Return the names of what is made for one of the environment's subnets, itself first."""
    made = json.dumps(subnet.get("Fn::If", ["", subnet])[1])
    return [one or other for one, other in re.findall(r'\$\{(\w+)\}|"Ref": "(\w+)"', made)]


def _classes(template: Template) -> Iterator[str]:
    """A class decides how many tasks a worker takes; the one that does not scale is not asked to."""
    for name, environment in of_type(template, ENVIRONMENT):
        options = environment["Properties"].get("AirflowConfigurationOptions", {})
        if "celery.worker_autoscale" in options:
            yield f"{name}: every class takes the same number of tasks a worker"
        asked = str(
            [rule for rule in template.get("Rules", {}).values() if "mw1.micro" in str(rule.get("RuleCondition"))]
        )
        if not all(f"{{'Ref': '{one}'}}, '1'" in asked for one in ("MinWorkers", "MaxWorkers")):
            yield f"{name}: mw1.micro does not scale, and nothing refuses more than one worker of it"


def _doors(template: Template) -> Iterator[str]:
    """Only the group itself comes in; who reaches Airflow's pages is for the account to choose."""
    for name, group in of_type(template, "AWS::EC2::SecurityGroup"):
        if group["Properties"].get("SecurityGroupIngress"):
            yield f"{name}: lets somebody in beside itself"
    for name, rule in of_type(template, "AWS::EC2::SecurityGroupIngress"):
        source = rule["Properties"].get("SourceSecurityGroupId")
        if source != rule["Properties"]["GroupId"]:
            yield f"{name}: lets somebody in beside itself"
    for name, environment in of_type(template, ENVIRONMENT):
        access = referred(environment["Properties"].get("WebserverAccessMode"))
        if set(template["Parameters"].get(access, {}).get("AllowedValues", [])) != {"PUBLIC_ONLY", "PRIVATE_ONLY"}:
            yield f"{name}: leaves nobody the choice of who reaches Airflow's pages"


def _logs(template: Template) -> Iterator[str]:
    """Airflow logs all five parts, so that an error of any is seen."""
    for name, environment in of_type(template, ENVIRONMENT):
        logs = environment["Properties"].get("LoggingConfiguration", {})
        for part in sorted(LOGS):
            if logs.get(part, {}).get("Enabled") is not True or logs[part].get("LogLevel") not in LEVELS:
                yield f"{name}: {part} say nothing"


def _role(template: Template) -> Iterator[str]:
    """The environment's role is for MWAA alone, acts for this account, and has no right by a pattern."""
    for name, environment in of_type(template, ENVIRONMENT):
        role = template["Resources"].get(referred(environment["Properties"]["ExecutionRoleArn"]), {"Type": ""})
        for kind, document in documents(role):
            for statement in statements(document):
                services = statement.get("Principal", {}).get("Service", [])
                if kind == "trust" and set(in_list(services)) != {"airflow.amazonaws.com", "airflow-env.amazonaws.com"}:
                    yield f"{name}: its role is for {services}"
                if kind == "identity" and any("*" in one for one in in_list(statement["Action"])):
                    yield f"{name}: its role is granted {statement['Action']}"
                if kind == "identity" and any(one.startswith(("iam:", "sts:")) for one in in_list(statement["Action"])):
                    yield f"{name}: its role may change or take rights"
        key = {"Fn::If": ["HasKey", {"Ref": "KmsKeyArn"}, {"Ref": "AWS::NoValue"}]}
        if environment["Properties"].get("KmsKey") != key:
            yield f"{name}: leaves out the customer's key"


def _outputs(template: Template) -> Iterator[str]:
    """What the gate's stack takes from this one are names, and of these resources."""
    kinds = {"MwaaEnvironment": ENVIRONMENT, "MwaaExecutionRole": "AWS::IAM::Role", "DagBucket": "AWS::S3::Bucket"}
    for output, kind in kinds.items() if any(of_type(template, ENVIRONMENT)) else ():
        match template.get("Outputs", {}).get(output, {}).get("Value"):
            case {"Ref": str(name)} if template["Resources"].get(name, {}).get("Type") == kind:
                pass
            case value:
                yield f"output {output}: {value} is no name of {kind}"


RULES: Final[tuple[Callable[[Template], Iterator[str]], ...]] = (_network, _classes, _doors, _logs, _role, _outputs)
