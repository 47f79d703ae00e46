"""Changes of the launch roles: permissions that come before the versions that need them, and those that go after all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from generator.changes.change import OBJECTS, POLICIES, POLICY_WRITES, ROLES, STACKS, Change, Grants

_DEPLOYING: Grants = (
    ("s3:PutObject", OBJECTS),
    ("s3:GetObject", OBJECTS),
    ("cloudformation:CreateStack", STACKS),
    ("cloudformation:UpdateStack", STACKS),
    ("cloudformation:DescribeStackEvents", STACKS),
    ("cloudformation:TagResource", STACKS),
    *(
        (f"iam:{action}", ROLES)
        for action in (
            "AttachRolePolicy",
            "CreateRole",
            "DetachRolePolicy",
            "GetRole",
            "ListAttachedRolePolicies",
            "ListRolePolicies",
            "ListRoleTags",
            "PutRolePermissionsBoundary",
            "TagRole",
            "UntagRole",
            "UpdateAssumeRolePolicy",
            "UpdateRole",
            "UpdateRoleDescription",
        )
    ),
    *((action, POLICIES) for action in POLICY_WRITES),
)


@dataclass(frozen=True)
class DeployLaunchRoles(Change):
    """The stack of launch roles.

    `products` are those whose role is new or changed, with the number of grants added; `known` those of them whose
    role is deployed already, so that a broadened one stands out.
    """

    stack: str
    exists: bool
    products: tuple[tuple[str, int], ...]
    known: tuple[str, ...]
    template_sha256: str
    operations = ("s3:PutObject", "cloudformation:CreateStack", "cloudformation:UpdateStack")
    permissions = _DEPLOYING

    @property
    def about(self) -> str:
        return f"launch roles of {len(self.products)} products (stack {self.stack})"

    @property
    def details(self) -> tuple[str, ...]:
        return tuple(
            f"{product}: new, {added} grants"
            if product not in self.known
            else f"{product}: BROADENED by {added} grants"
            if added
            else f"{product}: rewritten"
            for product, added in self.products
        )


@dataclass(frozen=True)
class PruneLaunchRoles(Change):
    """Permissions that nobody can need any more leave the launch roles of a stack.

    `gone` has, by role, the statements that go away, as JSON.
    """

    stack: str
    gone: tuple[tuple[str, tuple[str, ...]], ...]
    template_sha256: str
    sign = "-"
    operations = ("s3:PutObject", "cloudformation:UpdateStack")
    permissions = (
        *_DEPLOYING,
        ("servicecatalog:ScanProvisionedProducts", "*"),
        ("organizations:ListAccounts", "*"),
        ("organizations:ListAccountsForParent", "*"),
        ("organizations:ListOrganizationalUnitsForParent", "*"),
    )

    @property
    def about(self) -> str:
        return (
            f"permissions of {len(self.gone)} launch roles that nobody can need any more (stack {self.stack})"
        )

    @property
    def details(self) -> tuple[str, ...]:
        return tuple(f"{role}: {statement}" for role, statements in self.gone for statement in statements)


_SETS = "arn:{partition}:cloudformation:{region}:{account}:stackset/{stack}*:*"
_TARGETS = "arn:{partition}:cloudformation:{region}:{account}:stackset-target/{stack}*"
_TYPES = "arn:{partition}:cloudformation:{region}::type/resource/AWS-IAM-*"


@dataclass(frozen=True)
class DeploySpokeRoles(Change):
    """A stack set with launch roles for accounts that portfolios are shared with.

    `roles` are those that are new or changed, with the number of grants added, below zero where some go; `targets` the
    units or accounts that get them for the first time, `again` accounts where the last deployment failed.
    """

    stack_set: str
    managed: Literal["SERVICE", "SELF"]
    exists: bool
    roles: tuple[tuple[str, int], ...]
    targets: tuple[str, ...]
    again: tuple[str, ...]
    excluded: tuple[str, ...]
    template_sha256: str
    operations = (
        "s3:PutObject",
        "cloudformation:CreateStackSet",
        "cloudformation:UpdateStackSet",
        "cloudformation:CreateStackInstances",
        "cloudformation:DescribeStackSetOperation",
    )
    permissions = (
        ("s3:PutObject", OBJECTS),
        ("s3:GetObject", OBJECTS),
        *(
            (f"cloudformation:{action}", _SETS)
            for action in (
                "CreateStackInstances",
                "CreateStackSet",
                "DescribeStackSet",
                "DescribeStackSetOperation",
                "ListStackInstances",
                "ListStackSetOperationResults",
                "TagResource",
                "UpdateStackSet",
            )
        ),
        ("cloudformation:CreateStackInstances", _TARGETS),
        ("cloudformation:UpdateStackSet", _TARGETS),
        ("cloudformation:CreateStackInstances", _TYPES),
        ("cloudformation:UpdateStackSet", _TYPES),
        ("organizations:DescribeOrganization", "*"),
        ("organizations:ListAccountsForParent", "*"),
        ("organizations:ListOrganizationalUnitsForParent", "*"),
    )

    @property
    def about(self) -> str:
        return f"launch roles in spokes (stack set {self.stack_set})"

    @property
    def details(self) -> tuple[str, ...]:
        return (
            *(f"{role}: {_difference(grants)}" for role, grants in self.roles),
            *(f"for the first time in {target}" for target in self.targets),
            *(f"again in {account}" for account in self.again),
        )


def _difference(grants: int) -> str:
    return f"{grants} grants more" if grants > 0 else f"{-grants} grants fewer" if grants else "rewritten"
