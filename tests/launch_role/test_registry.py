"""Every resource type of the registry: a role, or a clear refusal; nothing that no role may hold."""

from __future__ import annotations

import pytest

from generator.errors import FactoryError
from generator.launch_role import LaunchRole, roles_of, stack_template, synthesise
from generator.launch_role import actions as table
from generator.launch_role.scoping import unscoped
from generator.lint import schemas
from tests.launch_role.reading import SCOPE, template

TYPES = sorted(name for name in schemas.types() if not name.startswith("AWS::Serverless::"))
SAMPLE = TYPES[::12]
ROLE_WRITING = {
    "iam:CreateRole",
    "iam:DeleteRole",
    "iam:PutRolePolicy",
    "iam:AttachRolePolicy",
    "iam:UpdateAssumeRolePolicy",
    "iam:PassRole",
    "iam:CreateServiceLinkedRole",
}


def check(role: LaunchRole) -> None:
    for grant in role.grants:
        known = table.action(grant.action)
        assert known is not None
        assert str(known) == grant.action
        assert "*" not in grant.action
        assert "?" not in grant.action
        assert grant.action not in ("iam:DeleteRolePermissionsBoundary", "iam:DeleteUserPermissionsBoundary")
        if grant.action in ROLE_WRITING:
            assert not unscoped(grant.resource), grant
        if grant.resource == "*":
            assert grant.conditions, grant
    assert roles_of(stack_template([role])) == {role.key: role}


def role_of(resource_type: str) -> LaunchRole | None:
    try:
        return synthesise(template(("Thing", resource_type, {})), SCOPE)[0]
    except FactoryError as error:
        if not any(text in str(error) for text in (resource_type, "nested stack", "on every role")):
            raise  # a refusal names what it refuses
        return None


@pytest.mark.parametrize("resource_type", SAMPLE)
def test_a_sample_of_types(resource_type: str) -> None:
    role = role_of(resource_type)
    if role is not None:
        check(role)


@pytest.mark.proof
@pytest.mark.parametrize("resource_type", TYPES)
def test_every_type(resource_type: str) -> None:
    role = role_of(resource_type)
    if role is not None:
        check(role)


@pytest.mark.proof
def test_how_many_types_are_known() -> None:
    unknown = [name for name in TYPES if role_of(name) is None]
    assert len(unknown) < 0.06 * len(TYPES), unknown
