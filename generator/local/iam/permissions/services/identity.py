"""What IAM's roles, policies, instance profiles and identity providers need, reviewed by hand.

Owns facts only. Every call that widens or narrows a role's permissions carries the role's boundary, since that
is what a launch role's own conditions are about.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.local.iam.permissions.review import (
    Call,
    IdentityKind,
    Reviewed,
    authorization,
    passes,
    tags_by,
)

_PAGE = authorization("awsidentityandaccessmanagementiam")
_ARN = "arn:{partition}:iam::{account}:"
_OWN = {"iam:PermissionsBoundary": "{boundary}"}
_OTHERS = {"iam:PermissionsBoundary": "{boundary of each}"}

ROLE = Reviewed(
    "AWS::IAM::Role",
    _ARN + "role{Path|/}{name}",
    _PAGE,
    (
        Call("iam:CreateRole", "c", keys=_OWN, tagging="sends"),
        Call("iam:GetRole", "crd"),
        Call("iam:PutRolePolicy", "cu", when=("Policies",), changed=("Policies",), keys=_OWN),
        Call(
            "iam:DeleteRolePolicy",
            "u",
            each="Policies[].PolicyName",
            delta="went",
            changed=("Policies",),
            keys=_OWN,
        ),
        Call(
            "iam:AttachRolePolicy",
            "cu",
            each="ManagedPolicyArns[]",
            delta="came",
            changed=("ManagedPolicyArns",),
            keys=_OWN | {"iam:PolicyARN": "{each}"},
        ),
        Call(
            "iam:DetachRolePolicy",
            "u",
            each="ManagedPolicyArns[]",
            delta="went",
            changed=("ManagedPolicyArns",),
            keys=_OWN | {"iam:PolicyARN": "{each}"},
        ),
        Call("iam:UpdateRole", "u", changed=("Description", "MaxSessionDuration")),
        Call("iam:UpdateAssumeRolePolicy", "u", changed=("AssumeRolePolicyDocument",), keys=_OWN),
        # A changed boundary is judged by the new one; taking one away by the old.
        Call(
            "iam:PutRolePermissionsBoundary",
            "u",
            when=("PermissionsBoundary",),
            changed=("PermissionsBoundary",),
            keys={"iam:PermissionsBoundary": "{PermissionsBoundary}"},
        ),
        Call(
            "iam:DeleteRolePermissionsBoundary",
            "u",
            when=("!PermissionsBoundary",),
            changed=("PermissionsBoundary",),
            keys=_OWN,
        ),
        Call("iam:ListRolePolicies", "rd"),
        Call("iam:ListAttachedRolePolicies", "rd"),
        Call("iam:GetRolePolicy", "r", when=("Policies",)),
        # A role is deleted only when nothing hangs on it.
        Call("iam:DeleteRolePolicy", "d", when=("Policies",), keys=_OWN),
        Call(
            "iam:DetachRolePolicy", "d", each="ManagedPolicyArns[]", keys=_OWN | {"iam:PolicyARN": "{each}"}
        ),
        Call("iam:DeleteRole", "d"),
        *tags_by("iam:TagRole", "iam:UntagRole"),
    ),
    name="RoleName",
)


def _inline(kind: str, path: str) -> tuple[Call, ...]:
    """Calls of an inline policy for one kind of identity."""
    kinds: Mapping[str, IdentityKind] = {"Role": "role", "User": "user", "Group": "group"}
    identity = kinds[kind]
    keys = _OTHERS if kind != "Group" else {}
    policy = ("PolicyName", "PolicyDocument", path)
    return (
        Call(
            f"iam:Put{kind}Policy",
            "cu",
            "{each}",
            each=f"{path}[]",
            identity=identity,
            changed=policy,
            keys=keys,
        ),
        Call(f"iam:Get{kind}Policy", "cr", "{each}", each=f"{path}[]", identity=identity),
        Call(
            f"iam:Delete{kind}Policy",
            "u",
            "{each}",
            each=f"{path}[]",
            identity=identity,
            delta="went",
            changed=(path,),
            keys=keys,
        ),
        Call(f"iam:Delete{kind}Policy", "d", "{each}", each=f"{path}[]", identity=identity, keys=keys),
    )


POLICY = Reviewed(
    "AWS::IAM::Policy",
    _ARN + "policy/{PolicyName}",
    _PAGE,
    (*_inline("Role", "Roles"), *_inline("User", "Users"), *_inline("Group", "Groups")),
    name="PolicyName",
    tags="",
)


def _attached(kind: str, path: str) -> tuple[Call, ...]:
    """Calls that attach a managed policy to one kind of identity."""
    kinds: Mapping[str, IdentityKind] = {"Role": "role", "User": "user", "Group": "group"}
    identity = kinds[kind]
    keys = {"iam:PolicyARN": "{arn}"} | (_OTHERS if kind != "Group" else {})
    return (
        Call(
            f"iam:Attach{kind}Policy",
            "cu",
            "{each}",
            each=f"{path}[]",
            identity=identity,
            delta="came",
            changed=(path,),
            keys=keys,
        ),
        Call(
            f"iam:Detach{kind}Policy",
            "u",
            "{each}",
            each=f"{path}[]",
            identity=identity,
            delta="went",
            changed=(path,),
            keys=keys,
        ),
        Call(f"iam:Detach{kind}Policy", "d", "{each}", each=f"{path}[]", identity=identity, keys=keys),
    )


MANAGED_POLICY = Reviewed(
    "AWS::IAM::ManagedPolicy",
    _ARN + "policy{Path|/}{name}",
    _PAGE,
    (
        Call("iam:CreatePolicy", "c", tagging="sends"),
        Call("iam:GetPolicy", "rud"),
        *_attached("Role", "Roles"),
        *_attached("User", "Users"),
        *_attached("Group", "Groups"),
        # Every change is a new version, and of the five that may be the oldest goes.
        Call("iam:CreatePolicyVersion", "u", changed=("PolicyDocument",)),
        Call("iam:ListPolicyVersions", "ud"),
        Call("iam:DeletePolicyVersion", "ud"),
        Call("iam:GetPolicyVersion", "r"),
        Call("iam:ListEntitiesForPolicy", "rd"),
        Call("iam:DeletePolicy", "d"),
        *tags_by("iam:TagPolicy", "iam:UntagPolicy"),
    ),
    name="ManagedPolicyName",
)

INSTANCE_PROFILE = Reviewed(
    "AWS::IAM::InstanceProfile",
    _ARN + "instance-profile{Path|/}{name}",
    _PAGE,
    (
        Call("iam:CreateInstanceProfile", "c"),
        Call("iam:GetInstanceProfile", "crud"),
        Call("iam:AddRoleToInstanceProfile", "cu", changed=("Roles",)),
        Call("iam:RemoveRoleFromInstanceProfile", "u", changed=("Roles",)),
        Call("iam:RemoveRoleFromInstanceProfile", "d"),
        passes(
            "Roles[]",
            "ec2.amazonaws.com",
            "cu",
            changed=("Roles",),
            source="https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddRoleToInstanceProfile.html",
        ),
        Call("iam:DeleteInstanceProfile", "d"),
    ),
    name="InstanceProfileName",
    tags="",
)


def _host(properties: Mapping[str, Any]) -> str:
    """The ARN of an identity provider has its URL without the scheme."""
    return str(properties.get("Url", "*")).removeprefix("https://")


IDENTITY_PROVIDER = Reviewed(
    "AWS::IAM::OIDCProvider",
    _ARN + "oidc-provider/{host}",
    _PAGE,
    (
        Call("iam:CreateOpenIDConnectProvider", "c", tagging="sends"),
        Call("iam:GetOpenIDConnectProvider", "crud"),
        Call("iam:UpdateOpenIDConnectProviderThumbprint", "u", changed=("ThumbprintList",)),
        Call(
            "iam:AddClientIDToOpenIDConnectProvider",
            "u",
            each="ClientIdList[]",
            delta="came",
            changed=("ClientIdList",),
        ),
        Call(
            "iam:RemoveClientIDFromOpenIDConnectProvider",
            "u",
            each="ClientIdList[]",
            delta="went",
            changed=("ClientIdList",),
        ),
        Call("iam:DeleteOpenIDConnectProvider", "d"),
        *tags_by("iam:TagOpenIDConnectProvider", "iam:UntagOpenIDConnectProvider"),
    ),
    parts={"host": _host},
)

TYPES = (ROLE, POLICY, MANAGED_POLICY, INSTANCE_PROFILE, IDENTITY_PROVIDER)
