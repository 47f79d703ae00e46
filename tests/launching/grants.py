"""A launch role without one of its actions: what then fails, on the way from launch to termination."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from generator.local import LocalAws

from .conftest import REGION, Person
from .shop import reasons

Statements = list[dict[str, Any]]

# Actions that a role has and whose absence nothing in a local life of the product shows, each with its reason.
SPARE: Mapping[str, str] = {}


class Role:
    """The policies of a launch role in the local AWS, to be put there again with less in them."""

    def __init__(self, aws: LocalAws, name: str) -> None:
        session: Any = aws.session(REGION)
        self.iam, self.name = session.client("iam"), name
        self.statements: Statements = []
        for policy in self.iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
            arn = policy["PolicyArn"]
            version = self.iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            document = self.iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"][
                "Document"
            ]
            self.statements += document["Statement"]
            self.iam.detach_role_policy(RoleName=name, PolicyArn=arn)
        for policy in self.iam.list_role_policies(RoleName=name)["PolicyNames"]:
            document = self.iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            self.statements += document["Statement"]
            self.iam.delete_role_policy(RoleName=name, PolicyName=policy)
        self.without()

    @property
    def actions(self) -> list[str]:
        return sorted({action for each in self.statements for action in _list(each["Action"])})

    def without(self, *gone: str) -> None:
        """Put all but these actions into one inline policy."""
        left = [
            {**each, "Action": [a for a in _list(each["Action"]) if a not in gone]}
            for each in self.statements
        ]
        document = {"Version": "2012-10-17", "Statement": [each for each in left if each["Action"]]}
        self.iam.put_role_policy(RoleName=self.name, PolicyName="all", PolicyDocument=json.dumps(document))


def _list(value: Any) -> list[str]:
    return list(value) if isinstance(value, list) else [value]


def first_failure(person: Person, second: str, *, name: str = "it") -> str:
    """Launch, update, terminate, as far as it goes; what the failing record says, nothing where none does."""
    launched = person.launch(name, **person.form(person.version("1.0.0")))
    if reasons(launched):
        return reasons(launched)
    return reasons(person.update(name, second)) or reasons(person.terminate(name))


def spare(action: str, known: Iterable[str] = SPARE) -> bool:
    return any(re.fullmatch(pattern, action) for pattern in known)
