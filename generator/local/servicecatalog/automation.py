"""Systems Manager automations as far as the local AWS runs them: documents of one's own whose steps call AWS's APIs.

Owns the reading of a document and the run of its steps, of which only `aws:executeAwsApi` is offered. Documents of AWS's
own are not here. Whom a run acts as is handed in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from generator.local import iam
from generator.local.attached import Attached
from generator.local.identity import administrator, unlimited
from generator.local.service import Call, Identity
from generator.local.servicecatalog.catalog import invalid

SERVICE_NAME = "ssm.amazonaws.com"
OFFERED = "aws:executeAwsApi"
# Services whose actions have another prefix than their clients' name.
_PREFIXES = {"stepfunctions": "states"}
_VARIABLE = re.compile(r"\{\{\s*([\w.:-]+)\s*\}\}")
_INDEX = re.compile(r"(\w+)|\[(\d+)\]")


class RunFailed(Exception):
    """An automation that did not come to its end; the text says at which step and why."""


@dataclass(frozen=True)
class Parameter:
    name: str
    type: str
    default: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Step:
    name: str
    service: str
    operation: str
    inputs: Mapping[str, Any]
    outputs: Sequence[Mapping[str, str]] = ()


@dataclass(frozen=True)
class Automation:
    """A document: what it asks for, and what it does."""

    name: str
    parameters: tuple[Parameter, ...]
    steps: tuple[Step, ...]


def read(call: Call, definition: Mapping[str, str]) -> Automation:
    """The document that a service action names; raises InvalidParametersException for what cannot be run here."""
    name, version = definition["Name"], definition["Version"]
    ssm = call.client("ssm", identity=administrator(call.account))
    try:
        text = ssm.get_document(Name=name, DocumentVersion=version)["Content"]
    except ssm.exceptions.ClientError as error:
        raise invalid(
            f"Systems Manager has no document {name} of version {version} in this account; "
            "documents of AWS's own are not in the local AWS."
        ) from error
    try:
        content = json.loads(text)
    except ValueError:
        raise invalid(f"The local AWS reads automation documents in JSON only: {name} is none.") from None
    parameters = content.get("parameters", {})
    return Automation(
        name,
        tuple(Parameter(key, each.get("type", "String"), _default(each)) for key, each in parameters.items()),
        tuple(_step(name, each) for each in content.get("mainSteps", [])),
    )


def _default(parameter: Mapping[str, Any]) -> tuple[str, ...] | None:
    if "default" not in parameter:
        return None
    found = parameter["default"]
    return tuple(map(str, found)) if isinstance(found, list) else (str(found),)


def _step(document: str, step: Mapping[str, Any]) -> Step:
    if step.get("action") != OFFERED:
        raise invalid(
            f"Step {step.get('name')} of {document} is {step.get('action')}: the local AWS runs {OFFERED} only."
        )
    inputs = dict(step["inputs"])
    service, operation = str(inputs.pop("Service")).lower(), str(inputs.pop("Api"))
    return Step(step["name"], service, operation, inputs, step.get("outputs", ()))


def filled(automation: Automation, given: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The values of the parameters; refuses unknown and missing ones."""
    known = {each.name: each for each in automation.parameters}
    for name in given:
        if name not in known:
            raise invalid(f"{automation.name} has no parameter {name}.")
    found: dict[str, Any] = {}
    for name, parameter in known.items():
        values = given.get(name, parameter.default)
        if values is None:
            raise invalid(f"{automation.name} needs a value for parameter {name}.")
        found[name] = list(values) if parameter.type == "StringList" else ",".join(values)
    return found


def run(call: Call, identity: Identity, automation: Automation, values: Mapping[str, Any]) -> None:
    """Every step in its order; raises RunFailed at the first that cannot be done."""
    known = dict(values)
    attached = Attached(call, identity)
    for step in automation.steps:
        action = f"{_PREFIXES.get(step.service, step.service)}:{step.operation}"
        if not unlimited(identity) and not _may(attached, action):
            raise RunFailed(
                f"Step {step.name}: User: {identity.arn} is not authorized to perform: {action} "
                f"because no identity-based policy allows the {action} action"
            )
        try:
            client = call.client(step.service, identity=identity)
            answer = getattr(client, xform_name(step.operation))(**_resolved(step.inputs, known))
        except (ClientError, BotoCoreError, AttributeError) as error:
            raise RunFailed(f"Step {step.name}: {error}") from error
        for output in step.outputs:
            known[f"{step.name}.{output['Name']}"] = _selected(answer, output["Selector"])


def _may(attached: Attached, action: str) -> bool:
    """Whether the identity may do this to anything: what a call of an API is about is not known here.

    A statement's own resource stands for all that it covers.
    """
    policies = attached.policies()
    resources = {"*", *(name for policy in policies.identity for name in _resources(policy.statements))}
    return any(
        iam.evaluate(iam.Request(attached.caller, action, resource), policies).allowed
        for resource in sorted(resources)
    )


def _resources(statements: Iterable[Any]) -> Iterable[str]:
    return (name for statement in statements for name in statement.resources or ())


def _resolved(value: Any, known: Mapping[str, Any]) -> Any:
    if isinstance(value, Mapping):
        return {key: _resolved(each, known) for key, each in value.items()}
    if isinstance(value, list):
        return [_resolved(each, known) for each in value]
    if not isinstance(value, str):
        return value
    whole = _VARIABLE.fullmatch(value)
    if whole:  # a list stays one
        return known.get(whole[1], value)
    return _VARIABLE.sub(lambda found: str(known.get(found[1], found[0])), value)


def _selected(answer: Any, selector: str) -> Any:
    """What stands at a path such as `$.Queues[0].Url`; nothing where there is no such thing."""
    for name, index in _INDEX.findall(selector.removeprefix("$")):
        try:
            answer = answer[name] if name else answer[int(index)]
        except (KeyError, IndexError, TypeError):
            return ""
    return answer
