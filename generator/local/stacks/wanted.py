"""What a request asks a stack to be: its members read, checked and given their defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.exceptions import ClientError

from generator.local.service import Call

from . import document
from .account import LocalAccount
from .fault import invalid
from .stack import Stack
from .store import Store

TAG_LIMIT: Final = 50
_NOT_DONE: Final = (
    "StackPolicyBody",
    "StackPolicyURL",
    "StackPolicyDuringUpdateBody",
    "StackPolicyDuringUpdateURL",
    "ResourcesToImport",
    "IncludeNestedStacks",
    "ImportExistingResources",
    "DeploymentMode",
)


@dataclass(frozen=True)
class Wanted:
    """What a stack is to be: the request's members, defaults put in."""

    template: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()
    """Parameters that are to keep the value they have."""
    tags: Mapping[str, str] = field(default_factory=dict)
    capabilities: tuple[str, ...] = ()
    notifications: tuple[str, ...] = ()
    role: str = ""
    token: str = ""
    types: tuple[str, ...] = ()
    """The resource types that the caller allows; empty for all."""


def asked(call: Call, store: Store, params: Mapping[str, Any], current: Stack | None = None) -> Wanted:
    """The members that CreateStack, UpdateStack and CreateChangeSet share."""
    for name in _NOT_DONE:
        if params.get(name):
            raise invalid(f"The local AWS does not support {name}.")
    given: dict[str, str] = {}
    kept: set[str] = set()
    for entry in params.get("Parameters", []):
        key = entry.get("ParameterKey", "")
        if entry.get("UsePreviousValue"):
            if current is None or key not in current.parameters:
                raise invalid(
                    f"Invalid input for parameter key {key}. Cannot specify usePreviousValue as true for a parameter "
                    "key not in the previous template"
                )
            kept.add(key)
        elif "ParameterValue" in entry:
            given[key] = entry["ParameterValue"]
    tags = {tag["Key"]: tag["Value"] for tag in params.get("Tags", [])}
    if "Tags" not in params and current is not None:
        tags = dict(current.tags)
    _check_tags(tags)
    notifications = params.get("NotificationARNs")
    if notifications is None:
        notifications = current.notifications if current else ()
    for topic in notifications:
        _check_topic(call, topic)
    return Wanted(
        template=template_text(call, store, params, current),
        parameters=given,
        kept=frozenset(kept),
        tags=tags,
        capabilities=tuple(params.get("Capabilities", [])),
        notifications=tuple(notifications),
        role=params.get("RoleARN", current.role if current else ""),
        token=params.get("ClientRequestToken", ""),
        types=tuple(params.get("ResourceTypes", [])),
    )


def _check_topic(call: Call, topic: str) -> None:
    parts = topic.split(":")
    if len(parts) != 6 or parts[2] != "sns":
        raise invalid(f"Invalid SNS topic ARN: {topic}")
    try:
        call.client("sns", region=parts[3]).get_topic_attributes(TopicArn=topic)
    except ClientError as error:
        raise invalid(
            f"SNS topic {topic} cannot be notified: {error.response['Error']['Message']}"
        ) from error


def template_text(call: Call, store: Store, params: Mapping[str, Any], current: Stack | None = None) -> str:
    """The template's text: given, behind a URL, or the stack's."""
    given = [name for name in ("TemplateBody", "TemplateURL") if params.get(name)]
    if params.get("UsePreviousTemplate"):
        if given or current is None or not current.template:
            raise invalid("You cannot specify both usePreviousTemplate and Template Body/Template URL.")
        return current.template
    if len(given) != 1:
        raise invalid("Either Template URL or Template Body must be specified.")
    if given == ["TemplateURL"]:
        return LocalAccount(call, store, call.identity).text(params["TemplateURL"])
    body: str = params["TemplateBody"]
    if len(body.encode()) > document.INLINE_LIMIT:
        raise invalid(
            f"1 validation error detected: Value '{body[:100]}...' at 'templateBody' failed to satisfy constraint: "
            f"Member must have length less than or equal to {document.INLINE_LIMIT}"
        )
    return body


def _check_tags(tags: Mapping[str, str]) -> None:
    if len(tags) > TAG_LIMIT:
        raise invalid(f"A maximum of {TAG_LIMIT} tags may be specified.")
    for key in tags:
        if key.lower().startswith("aws:"):
            raise invalid("aws: prefixed tag key names are not allowed for external use.")
