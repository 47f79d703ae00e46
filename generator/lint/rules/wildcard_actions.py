"""E9006: wildcards in the actions that a template grants."""

from __future__ import annotations

import json
from collections.abc import Iterator

from generator.lint.house import Fault, HouseRule, Subject
from generator.lint.intrinsics import Path, Placed, Resource, at, items, resources, walk

# Where identity policies stand. Resource policies (keys, buckets, topics) are not meant: `kms:*` for the account's root in a
# key policy is AWS's own advice, and grants nothing without an identity policy.
DOCUMENTS = {
    "AWS::IAM::Role": ("Policies",),
    "AWS::IAM::User": ("Policies",),
    "AWS::IAM::Group": ("Policies",),
    "AWS::IAM::Policy": ("PolicyDocument",),
    "AWS::IAM::ManagedPolicy": ("PolicyDocument",),
    "AWS::IAM::RolePolicy": ("PolicyDocument",),
    "AWS::IAM::UserPolicy": ("PolicyDocument",),
    "AWS::IAM::GroupPolicy": ("PolicyDocument",),
    "AWS::SSO::PermissionSet": ("InlinePolicy",),
    "AWS::Serverless::Function": ("Policies",),
    "AWS::Serverless::StateMachine": ("Policies",),
}
ADMINISTRATORS = ("AdministratorAccess", "PowerUserAccess")


class WildcardActions(HouseRule):
    id = "E9006"
    shortdesc = "Wildcard in a granted action"
    description = (
        "A role that a product creates names every action it may use; Deny statements may use wildcards."
    )
    source_url = "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege"
    tags = ["iam"]

    def faults(self, subject: Subject) -> Iterator[Fault]:
        for resource in resources(subject.template, *DOCUMENTS):
            (name,) = DOCUMENTS[resource.type]
            for found in at(Placed(resource.path, resource.properties), name):
                for placed in walk(found):
                    yield from self._statement(placed)
                if isinstance(found.value, str) and found.value.lstrip().startswith("{"):
                    yield from self._text(found)
            yield from self._managed(resource)

    def _text(self, found: Placed) -> Iterator[Fault]:
        """A policy written as JSON text: faults stand at the text."""
        try:
            document = json.loads(found.value)
        except ValueError:
            return  # cfn-lint's own rule on policies reports text that is no JSON
        for placed in walk(Placed((), document)):
            for fault in self._statement(placed):
                yield Fault(found.path, fault.message)

    def _statement(self, placed: Placed) -> Iterator[Fault]:
        statement = placed.value
        if not isinstance(statement, dict) or statement.get("Effect", "Allow") == "Deny":
            return
        if "Effect" not in statement and "Resource" not in statement:
            return
        if "NotAction" in statement:
            yield Fault(
                (*placed.path, "NotAction"),
                "NotAction with Allow grants all other actions. Name the allowed ones in Action.",
            )
        if "Action" in statement:
            for action in items(Placed((*placed.path, "Action"), statement["Action"])):
                if isinstance(action.value, str) and ("*" in action.value or "?" in action.value):
                    yield Fault(
                        action.path,
                        f"The action {action.value} has a wildcard. Name each action that is needed.",
                    )

    def _managed(self, resource: Resource) -> Iterator[Fault]:
        for found in at(Placed(resource.path, resource.properties), "ManagedPolicyArns"):
            for one in items(found):
                for path, text in _texts(one):
                    if text.rsplit("/", 1)[-1] in ADMINISTRATORS:
                        yield Fault(
                            path,
                            f"{text.rsplit('/', 1)[-1]} grants every action. Write a policy of what is needed.",
                        )


def _texts(placed: Placed) -> Iterator[tuple[Path, str]]:
    return ((one.path, one.value) for one in walk(placed) if isinstance(one.value, str))
