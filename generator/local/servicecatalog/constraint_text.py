"""The parameters of a constraint: JSON text, of another form for each type (botocore model, CreateConstraint)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from generator.local.service import ServiceError
from generator.local.servicecatalog.catalog import invalid

ROLE_ARN = re.compile(r"arn:[\w-]+:iam::\d{12}:role/[\w+=,.@/-]+")
ROLE_NAME = re.compile(r"[\w+=,.@-]{1,64}")
TOPIC_ARN = re.compile(r"arn:[\w-]+:sns:[a-z0-9-]+:\d{12}:[\w.-]+")
ACCOUNT = re.compile(r"\d{12}")
REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
MAX_TOPICS = 5


def check(kind: str, text: str) -> Mapping[str, Any]:
    """The parsed parameters; raises InvalidParametersException, or the same for a type that is none."""
    if kind not in CHECKS:
        raise invalid(f"Constraint type {kind} is none of {', '.join(CHECKS)}.")
    try:
        value = json.loads(text)
    except ValueError as error:
        raise _wrong(kind, f"they are not JSON: {error}") from None
    if not isinstance(value, dict):
        raise _wrong(kind, "they are no JSON object")
    CHECKS[kind](value)
    return value


def _wrong(kind: str, why: str) -> ServiceError:
    return invalid(f"The parameters of a {kind} constraint are not valid: {why}.")


def _keys(kind: str, value: Mapping[str, Any], *allowed: str) -> None:
    unknown = sorted(set(value) - set(allowed))
    if unknown:
        raise _wrong(kind, f"'{unknown[0]}' is not among {', '.join(allowed)}")


def _launch(value: Mapping[str, Any]) -> None:
    _keys("LAUNCH", value, "RoleArn", "LocalRoleName")
    if len(value) != 1:
        raise _wrong("LAUNCH", "exactly one of RoleArn and LocalRoleName is needed")
    arn, name = value.get("RoleArn"), value.get("LocalRoleName")
    if arn is not None and not (isinstance(arn, str) and ROLE_ARN.fullmatch(arn)):
        raise _wrong("LAUNCH", f"'{arn}' is no role ARN")
    if name is not None and not (isinstance(name, str) and ROLE_NAME.fullmatch(name)):
        raise _wrong("LAUNCH", f"'{name}' is no role name")


def _notification(value: Mapping[str, Any]) -> None:
    _keys("NOTIFICATION", value, "NotificationArns")
    topics = value.get("NotificationArns")
    if not isinstance(topics, list) or not 1 <= len(topics) <= MAX_TOPICS:
        raise _wrong("NOTIFICATION", f"NotificationArns must be a list of one to {MAX_TOPICS} topics")
    for topic in topics:
        if not (isinstance(topic, str) and TOPIC_ARN.fullmatch(topic)):
            raise _wrong("NOTIFICATION", f"'{topic}' is no ARN of an SNS topic")


def _resource_update(value: Mapping[str, Any]) -> None:
    kind = "RESOURCE_UPDATE"
    _keys(kind, value, "Version", "Properties")
    if value.get("Version") != "2.0":
        raise _wrong(kind, "Version must be 2.0")
    properties = _properties(kind, value, "TagUpdateOnProvisionedProduct")
    if properties.get("TagUpdateOnProvisionedProduct") not in ("ALLOWED", "NOT_ALLOWED"):
        raise _wrong(kind, "TagUpdateOnProvisionedProduct must be ALLOWED or NOT_ALLOWED")


def _stackset(value: Mapping[str, Any]) -> None:
    kind = "STACKSET"
    _keys(kind, value, "Version", "Properties")
    if not isinstance(value.get("Version"), str):
        raise _wrong(kind, "Version is missing")
    properties = _properties(kind, value, "AccountList", "RegionList", "AdminRole", "ExecutionRole")
    for name, pattern in (("AccountList", ACCOUNT), ("RegionList", REGION)):
        items = properties.get(name)
        if not isinstance(items, list) or not all(isinstance(i, str) and pattern.fullmatch(i) for i in items):
            raise _wrong(
                kind, f"{name} must be a list of {'account ids' if pattern is ACCOUNT else 'regions'}"
            )
    if not ROLE_ARN.fullmatch(str(properties.get("AdminRole", ""))):
        raise _wrong(kind, "AdminRole must be a role ARN")
    if not ROLE_NAME.fullmatch(str(properties.get("ExecutionRole", ""))):
        raise _wrong(kind, "ExecutionRole must be a role name")


def _properties(kind: str, value: Mapping[str, Any], *allowed: str) -> Mapping[str, Any]:
    properties = value.get("Properties")
    if not isinstance(properties, dict):
        raise _wrong(kind, "Properties must be an object")
    _keys(kind, properties, *allowed)
    return properties


def _template(value: Mapping[str, Any]) -> None:
    kind = "TEMPLATE"
    _keys(kind, value, "Rules")
    rules = value.get("Rules")
    if not isinstance(rules, dict) or not rules:
        raise _wrong(kind, "Rules must be an object with at least one rule")
    for name, rule in rules.items():
        if not isinstance(rule, dict):
            raise _wrong(kind, f"rule {name} is no object")
        _keys(kind, rule, "RuleCondition", "Assertions")
        assertions = rule.get("Assertions")
        if not isinstance(assertions, list) or not assertions:
            raise _wrong(kind, f"rule {name} has no Assertions")
        for assertion in assertions:
            if not isinstance(assertion, dict) or not isinstance(assertion.get("Assert"), dict):
                raise _wrong(kind, f"an assertion of rule {name} has no Assert")
            _keys(kind, assertion, "Assert", "AssertDescription")


CHECKS: dict[str, Callable[[Mapping[str, Any]], None]] = {
    "LAUNCH": _launch,
    "NOTIFICATION": _notification,
    "RESOURCE_UPDATE": _resource_update,
    "STACKSET": _stackset,
    "TEMPLATE": _template,
}
