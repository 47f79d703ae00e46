"""What a caller may ask of the local AWS: the permissions that a request needs, held against the caller's policies.

Owns the way from a request to the questions that IAM is asked, service by service, for Service Catalog, CloudFormation,
STS, IAM and S3. Judged are callers with credentials of a user, role or session made here; the administrator that every
account has from the start, and calls between services, are not. The answers are the evaluator's (`generator.local.iam`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from generator.local.authorization import catalog, code, identities, objects, stacks
from generator.local.authorization.question import Question, ask
from generator.local.iam.conditions import Value
from generator.local.service import Call
from generator.local.wire import Request, asked

__all__ = ["Question", "ask", "check", "check_iam", "check_s3", "require"]

# Who asks for its own identity or for a session of its own needs no permission; AssumeRole is asked with the trust.
_OPEN = frozenset({"GetCallerIdentity", "GetSessionToken", "AssumeRole"})


def check(call: Call) -> None:
    """The permission for an operation of a service of our own; raises AccessDenied as the service writes it."""
    if call.judged:
        ask(call, _questions(call))


def _questions(call: Call) -> Iterable[Question]:
    match call.service:
        case "servicecatalog":
            return catalog.questions(call)
        case "cloudformation" if "StackSet" in call.operation or "StackInstance" in call.operation:
            return code.stack_sets(call)
        case "cloudformation":
            return stacks.questions(call)
        case "codebuild" | "codecommit" | "codeconnections" | "codestar-connections" | "events":
            return code.questions(call)
        case _:
            return [] if call.operation in _OPEN else [Question(f"{call.service}:{call.operation}")]


def check_iam(call: Call, request: Request) -> None:
    """The permission for a request to IAM."""
    if call.judged:
        found = asked(request)
        ask(call, identities.questions(call, found.operation, found.body))


def check_s3(call: Call, request: Request, bucket: str, owner: str | None, policy: str | None) -> None:
    """The permission for a request to S3: the bucket's policy for everybody, the caller's own where they are judged."""
    objects.check(call, request, bucket, owner, policy)


def require(call: Call, action: str, resource: str, context: Mapping[str, Value] | None = None) -> None:
    """A permission that a service needs in the caller's name while it does what it was asked."""
    if call.judged:
        via: dict[str, Value] = {
            "aws:CalledVia": (f"{call.service}.amazonaws.com",),
            "aws:ViaAWSService": True,
        }
        ask(call, [Question(action, resource, {**via, **(context or {})})])
