"""From JSON to a Policy, or the reason that IAM gives for refusing it.

Owns the grammar of policies and the differences between their kinds. Sizes are in `limits`; whether a named
principal or action exists is not asked here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import NoReturn

from generator.local.iam.conditions import NULL, OPERATORS
from generator.local.iam.policy import (
    CURRENT_VERSION,
    OLD_VERSION,
    Effect,
    Kind,
    Policy,
    Principals,
    SetOperator,
    Statement,
    Test,
)

Document = str | Mapping[str, object]

_SYNTAX = "Syntax errors in policy."
_ORGANIZATIONS = "The provided policy document does not meet the requirements of the specified policy type."
_POLICY_ELEMENTS = {"Version", "Id", "Statement"}
_STATEMENT_ELEMENTS = {
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
}
_PRINCIPAL_KINDS = {"AWS", "Service", "Federated", "CanonicalUser"}
_SID = re.compile(r"[0-9A-Za-z]*")
_VENDOR = re.compile(r"[a-zA-Z0-9\-.]+")
_PARTITIONS = {
    "aws",
    "aws-cn",
    "aws-us-gov",
    "aws-iso",
    "aws-iso-b",
    "aws-iso-e",
    "aws-iso-f",
    "aws-eusc",
    "*",
}
_ARN_PRINCIPAL = re.compile(
    r"arn:[\w-]+:(iam::\d{12}:(root|user/[^*?]+|role/[^*?]+)|sts::\d{12}:(assumed-role/[^*?/]+/[^*?]+|federated-user/[^*?]+))"
)
_UNIQUE_ID = re.compile(r"A(ID|RO)A[A-Z0-9]{12,}")
_IAM_PATHS = (
    "user/",
    "federated-user/",
    "role/",
    "group/",
    "instance-profile/",
    "mfa/",
    "server-certificate/",
    "policy/",
    "sms-mfa/",
    "saml-provider/",
    "oidc-provider/",
    "report/",
    "access-report/",
)
_WITHOUT_PRINCIPAL: set[Kind] = {"managed", "inline", "session", "service_control"}
_OF_ORGANIZATIONS: set[Kind] = {"service_control", "resource_control"}
_TRUST_ACTIONS = re.compile(
    r"sts:(AssumeRole\w*|TagSession|SetSourceIdentity|SetContext|GetWebIdentityToken|\*|AssumeRole\*)"
)


class MalformedPolicy(Exception):
    """IAM's MalformedPolicyDocument; `reason` is what AWS says."""

    code = "MalformedPolicyDocument"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def parse(document: Document, kind: Kind = "inline", *, name: str = "") -> Policy:
    """The policy, valid for its kind; MalformedPolicy otherwise."""
    raw = _loaded(document)
    version = raw.get("Version", OLD_VERSION)
    if raw.keys() - _POLICY_ELEMENTS or not isinstance(version, str):
        _refuse(_SYNTAX)
    if version not in (OLD_VERSION, CURRENT_VERSION) or not isinstance(raw.get("Id", ""), str):
        _refuse(_SYNTAX)
    statements = _statements(raw, kind)
    # CreatePolicy is the one that insists; inline and resource policies of the old language still work.
    if kind == "managed" and raw.get("Version") != CURRENT_VERSION:
        _refuse("Policy document must be version 2012-10-17 or greater.")
    sids = [statement.sid for statement in statements if statement.sid]
    if len(sids) != len(set(sids)):
        _refuse("Statement IDs (SID) in a single policy must be unique.")
    return Policy(statements, version, str(raw.get("Id", "")), name)


def _loaded(document: Document) -> Mapping[str, object]:
    if not isinstance(document, str):
        return document
    try:
        raw = json.loads(document, object_pairs_hook=_once)
    except (json.JSONDecodeError, _Twice):
        _refuse("This policy contains invalid Json")
    if not isinstance(raw, dict):
        _refuse(_SYNTAX)
    return raw


class _Twice(Exception):
    """A key stands twice in one object, which policies forbid and Python's reader would swallow."""


def _once(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Twice
    return found


def _refuse(reason: str) -> NoReturn:
    raise MalformedPolicy(reason)


def _statements(raw: Mapping[str, object], kind: Kind) -> tuple[Statement, ...]:
    given = raw.get("Statement")
    if isinstance(given, Mapping):
        given = [given]
    if not isinstance(given, Sequence) or isinstance(given, str) or not given:
        _refuse(_SYNTAX)
    return tuple(_statement(one, number, kind) for number, one in enumerate(given, 1))


def _statement(raw: object, number: int, kind: Kind) -> Statement:
    if not isinstance(raw, Mapping) or raw.keys() - _STATEMENT_ELEMENTS:
        _refuse(_SYNTAX)
    for element in ("Action", "Resource", "Principal"):
        if element in raw and f"Not{element}" in raw:
            _refuse(_SYNTAX)
    statement = Statement(
        _effect(raw.get("Effect")),
        number,
        _sid(raw.get("Sid", ""), kind),
        _strings(raw, "Action"),
        _strings(raw, "NotAction"),
        _strings(raw, "Resource"),
        _strings(raw, "NotResource"),
        _principals(raw["Principal"]) if "Principal" in raw else None,
        _principals(raw["NotPrincipal"]) if "NotPrincipal" in raw else None,
        _conditions(raw.get("Condition", {})),
    )
    _check_actions(statement, kind)
    _check_resources(statement, kind)
    _check_principals(statement, kind)
    return statement


def _effect(raw: object) -> Effect:
    if raw == "Allow":
        return "Allow"
    if raw == "Deny":
        return "Deny"
    _refuse(_SYNTAX)


def _sid(raw: object, kind: Kind) -> str:
    if not isinstance(raw, str):
        _refuse(_SYNTAX)
    # Services decide for their own resource policies; IAM's are alphanumeric.
    if kind not in ("resource", "endpoint") and not _SID.fullmatch(raw):
        _refuse(
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression "
            "[0-9A-Za-z]*"
        )
    return raw


def _strings(raw: Mapping[str, object], element: str) -> tuple[str, ...] | None:
    if element not in raw:
        return None
    given = raw[element]
    if isinstance(given, str):
        return (given,)
    if not isinstance(given, Sequence) or not all(isinstance(one, str) for one in given):
        _refuse(_SYNTAX)
    return tuple(given)


def _principals(raw: object) -> Principals:
    if raw == "*":
        return Principals(anyone=True)
    if not isinstance(raw, Mapping) or not raw or raw.keys() - _PRINCIPAL_KINDS:
        _refuse("Invalid principal in policy")
    found = {kind: _strings(raw, kind) or () for kind in _PRINCIPAL_KINDS}
    for entry in found["AWS"]:
        if not (
            entry == "*"
            or re.fullmatch(r"\d{12}", entry)
            or _ARN_PRINCIPAL.fullmatch(entry)
            or _UNIQUE_ID.fullmatch(entry)
        ):
            _refuse(f'Invalid principal in policy: "AWS":"{entry}"')
    return Principals(
        "*" in found["AWS"], found["AWS"], found["Service"], found["Federated"], found["CanonicalUser"]
    )


def _conditions(raw: object) -> tuple[Test, ...]:
    if not isinstance(raw, Mapping):
        _refuse(_SYNTAX)
    tests: list[Test] = []
    for written, keys in raw.items():
        set_operator, operator, if_exists = _operator(written)
        if not isinstance(keys, Mapping):
            _refuse(_SYNTAX)
        tests.extend(
            Test(operator, key, _values(values), set_operator, if_exists) for key, values in keys.items()
        )
    return tuple(tests)


def _operator(written: str) -> tuple[SetOperator, str, bool]:
    prefix, _, rest = written.rpartition(":")
    operator = rest.removesuffix("IfExists")
    if_exists = operator != rest
    known = operator in OPERATORS or (operator == NULL and not if_exists)
    if known and prefix == "ForAllValues":
        return "ForAllValues", operator, if_exists
    if known and prefix == "ForAnyValue":
        return "ForAnyValue", operator, if_exists
    if known and not prefix:
        return "", operator, if_exists
    _refuse(f"Invalid Condition type : {written}")


def _values(raw: object) -> tuple[str, ...]:
    given = raw if isinstance(raw, Sequence) and not isinstance(raw, str) else (raw,)
    values: list[str] = []
    for value in given:
        if isinstance(value, bool):
            values.append("true" if value else "false")
        elif isinstance(value, (str, int, float)):
            values.append(str(value))
        else:
            _refuse(_SYNTAX)
    return tuple(values)


def _check_actions(statement: Statement, kind: Kind) -> None:
    actions = statement.actions if statement.actions is not None else statement.not_actions
    if not actions:
        _refuse("Policy statement must contain actions.")
    for action in actions:
        vendor, colon, _ = action.partition(":")
        if not colon and action != "*":
            _refuse("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
        if action.count(":") > 1:
            _refuse("Actions/Condition can contain only one colon.")
        if action != "*" and not _VENDOR.fullmatch(vendor):
            _refuse(f"Vendor {vendor} is not valid")
        if kind == "trust" and not _TRUST_ACTIONS.fullmatch(action):
            _refuse("AssumeRole policy may only specify STS AssumeRole actions.")
    if kind == "resource_control" and (statement.not_actions is not None or "*" in actions):
        _refuse(_ORGANIZATIONS)


def _check_resources(statement: Statement, kind: Kind) -> None:
    resources = statement.resources if statement.resources is not None else statement.not_resources
    if kind == "trust":
        if resources is not None:
            _refuse("Has prohibited field Resource")
        return
    if not resources:
        _refuse("Policy statement must contain resources.")
    for resource in resources:
        _check_resource(resource, kind)


def _check_resource(resource: str, kind: Kind) -> None:
    if resource == "*":
        return
    fields = resource.split(":", 5)
    if len(fields) < 2 or fields[0] != "arn":
        _refuse(f'Resource {resource} must be in ARN format or "*".')
    if fields[1] not in _PARTITIONS and "${" not in fields[1]:
        rest = ":".join([*fields[2:], *("*" for _ in range(6 - len(fields)))])
        _refuse(f'Partition "{fields[1]}" is not valid for resource "arn:{fields[1]}:{rest}".')
    if len(fields) < 3 or not fields[2] or set(fields[2]) & set("*?"):
        _refuse("Resource vendor must be fully qualified and cannot contain regexes.")
    if len(fields) < 6 or kind not in ("managed", "inline"):
        return
    service, region, rest = fields[2], fields[3], fields[5]
    if service == "iam" and region not in ("", "*"):
        _refuse(f"IAM resource {resource} cannot contain region information.")
    if service == "s3" and region not in ("", "*") and not rest.startswith("accesspoint/"):
        _refuse(f"Resource {resource} can not contain region information.")
    if service == "iam" and rest != "*" and not rest.startswith(_IAM_PATHS):
        _refuse(f'IAM resource path must either be "*" or start with {", ".join(_IAM_PATHS)}.')


def _check_principals(statement: Statement, kind: Kind) -> None:
    present = statement.principals is not None or statement.not_principals is not None
    if kind in _WITHOUT_PRINCIPAL:
        if present:
            _refuse(
                _ORGANIZATIONS
                if kind in _OF_ORGANIZATIONS
                else "Policy document should not specify a principal."
            )
        return
    if not present:
        _refuse(_ORGANIZATIONS if kind in _OF_ORGANIZATIONS else "Missing required field Principal")
    if kind == "trust" and statement.not_principals is not None:
        _refuse("Has prohibited field NotPrincipal")
    # Only AWS's own RCPFullAWSAccess allows, and nobody writes that one.
    anyone = statement.principals is not None and statement.principals.anyone
    if kind == "resource_control" and (not anyone or statement.effect == "Allow"):
        _refuse(_ORGANIZATIONS)
