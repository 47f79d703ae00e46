"""One question to IAM about a caller, and how a service refuses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from generator.local import iam
from generator.local.attached import Attached
from generator.local.iam.conditions import Value
from generator.local.service import Call, ServiceError

# How the services spell it; the older ones, which speak XML, leave the suffix out.
_CODES = {"servicecatalog": ("AccessDeniedException", 400)}
_GLOBAL = frozenset({"iam", "organizations"})


@dataclass(frozen=True)
class Question:
    """A permission: the action, on what, and the keys that the request gives beyond the caller's own.

    `owner` is the account to be asked where it is not the ARN's: what a service shares takes no policy of the resource.
    """

    action: str
    resource: str = "*"
    context: Mapping[str, Value] = field(default_factory=dict, hash=False)
    owner: str = ""


def ask(call: Call, questions: Iterable[Question]) -> None:
    """Every one of them for the caller; raises AccessDenied with the sentence of the first that is refused."""
    attached = Attached(call, call.identity)
    for question in questions:
        try:
            said = refusal(call, attached, question)
        except iam.MalformedPolicy as error:
            said = f"User: {call.identity.arn} is not authorized to perform: {question.action} because a policy that applies is malformed: {error}"
        if said:
            raise denied(call.service, said)


def refusal(call: Call, attached: Attached, question: Question) -> str:
    """AWS's sentence; nothing where it is allowed."""
    service = question.action.partition(":")[0]
    here: dict[str, Value] = {
        "aws:RequestedRegion": "us-east-1" if service in _GLOBAL else call.region,
        "aws:SecureTransport": True,  # loopback stands for TLS
        "aws:CurrentTime": call.now.isoformat(),
        "aws:EpochTime": int(call.now.timestamp()),
    }
    context = {**here, **question.context}
    request = iam.Request(attached.caller, question.action, question.resource, context, question.owner)
    return iam.message(iam.evaluate(request, attached.policies()))


def denied(service: str, said: str) -> ServiceError:
    code, status = _CODES.get(service, ("AccessDenied", 403))
    return ServiceError(code, said, status)


def tag_keys(tags: Mapping[str, str]) -> dict[str, Value]:
    """The keys of a request that carries tags."""
    if not tags:
        return {}
    return {"aws:TagKeys": tuple(tags), **{f"aws:RequestTag/{key}": value for key, value in tags.items()}}


def tags_on(tags: Mapping[str, str]) -> dict[str, Value]:
    """The keys of a resource with tags."""
    return {f"aws:ResourceTag/{key}": value for key, value in tags.items()}
