"""Launch roles as CloudFormation: the hub's stack, the spokes' StackSet, and back from a template to the roles.

Every string with a pseudo parameter is an Fn::Sub, so that one template fits every account. Roles and policies are
retained, because Service Catalog pins a launch role on what was provisioned with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from json import dumps
from typing import Any

from generator.errors import fail
from generator.launch_role.identity import boundary_arn
from generator.launch_role.model import Delivery, LaunchRole
from generator.launch_role.policy import ATTACHED_POLICIES, documents, grants_of

FORMAT = 1
POLICY_PATH = "/catalog/"
_METADATA = "catalog:launch-role"
_RESOURCES_OF_A_ROLE = 1 + ATTACHED_POLICIES  # what a role may grow to without moving
_RESOURCES_OF_A_STACK = 500
ROLES_OF_A_STACK = _RESOURCES_OF_A_STACK // _RESOURCES_OF_A_ROLE
_TEMPLATE_BYTES = 1_000_000
_INLINE_BYTES = 51_200


def logical_id(role: LaunchRole) -> str:
    """The logical id of a product's role; the digest keeps apart ids that differ only in their punctuation."""
    words = "".join(word.capitalize() for word in re.split(r"[^A-Za-z0-9]+", role.key))
    return f"LaunchRole{words[:180]}{sha256(role.key.encode()).hexdigest()[:6]}"


def resources(role: LaunchRole, most_policies: int = ATTACHED_POLICIES) -> dict[str, Any]:
    """The CloudFormation resources of one role: the role and its managed policies.

    Raises FactoryError when IAM's sizes cannot hold the grants.
    """
    name = logical_id(role)
    found: dict[str, Any] = {}
    policies: list[str] = []
    for number, document in enumerate(documents(role, most_policies), start=1):
        policies.append(f"{name}Policy{number}")
        found[policies[-1]] = {
            "Type": "AWS::IAM::ManagedPolicy",
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            # No name of its own: a retained policy must not stand in the way of a later one.
            "Properties": {"Path": POLICY_PATH, "PolicyDocument": substituted(document)},
        }
    properties: dict[str, Any] = {
        "RoleName": role.name,
        "Path": "/",
        "Description": f"Launches {role.catalogue}/{role.product}",
        "AssumeRolePolicyDocument": substituted(trust(role)),
        "ManagedPolicyArns": [{"Ref": policy} for policy in policies],
    }
    if role.launch_boundary:
        properties["PermissionsBoundary"] = substituted(boundary_arn(role.launch_boundary))
    found[name] = {
        "Type": "AWS::IAM::Role",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Metadata": {_METADATA: _metadata(role)},
        "Properties": properties,
    }
    return found


def trust(role: LaunchRole) -> dict[str, Any]:
    """Who may assume the role: the launching service, for the account that the role is in, in the role's regions."""
    if role.delivery is Delivery.SERVICE_CATALOG:
        service = "servicecatalog.amazonaws.com"
        sources = [
            f"arn:${{AWS::Partition}}:servicecatalog:{region}:${{AWS::AccountId}}:*"
            for region in role.regions
        ]
    else:
        service = "cloudformation.amazonaws.com"
        sources = [
            f"arn:${{AWS::Partition}}:cloudformation:{region}:${{AWS::AccountId}}:stack/SP-*"
            for region in role.regions
        ]
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": service},
                "Action": "sts:AssumeRole",
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": "${AWS::AccountId}"},
                    "ArnLike": {"aws:SourceArn": sources},
                },
            }
        ],
    }


def _metadata(role: LaunchRole) -> dict[str, Any]:
    found: dict[str, Any] = {
        "Format": FORMAT,
        "Catalogue": role.catalogue,
        "Product": role.product,
        "Regions": list(role.regions),
        "Delivery": str(role.delivery),
    }
    if role.boundary:
        found["Boundary"] = role.boundary
    if role.launch_boundary:
        found["LaunchBoundary"] = role.launch_boundary
    return found


def stack_template(roles: Iterable[LaunchRole]) -> dict[str, Any]:
    """One stack of roles.

    Raises FactoryError when they do not fit into one stack; `shards` parts them.
    """
    ordered = sorted(roles, key=lambda role: role.key)
    found: dict[str, Any] = {}
    for role in ordered:
        found |= resources(role)
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Launch roles of Service Catalog products",
        "Resources": dict(sorted(found.items())),
    }
    if not found:
        raise fail("launch roles", "there is no role to deploy")
    if len(found) > _RESOURCES_OF_A_STACK:
        over = len(found) - _RESOURCES_OF_A_STACK
        raise fail(
            "launch roles",
            f"{len(found)} resources are {over} too many for one stack",
            "Part the roles by shards.",
        )
    if (length := len(dumps(template))) > _TEMPLATE_BYTES:
        over = length - _TEMPLATE_BYTES
        raise fail(
            "launch roles",
            f"the template is {over:,} bytes over CloudFormation's limit",
            "Part the roles by shards.",
        )
    return template


def shards(keys: Iterable[str], placed: Mapping[str, int]) -> dict[str, int]:
    """Which stack, from 0, each role belongs to; `placed` is where the deployed ones are, and there they stay.

    A role that moved would have to be deleted and made again. Each stack keeps room for its roles to grow.
    """
    found = dict(placed)
    counts: dict[int, int] = {}
    for shard in found.values():
        counts[shard] = counts.get(shard, 0) + 1
    for key in sorted(set(keys) - set(found)):
        shard = 0
        while counts.get(shard, 0) >= ROLES_OF_A_STACK:
            shard += 1
        found[key] = shard
        counts[shard] = counts.get(shard, 0) + 1
    return found


def stackset_template(
    roles: Iterable[LaunchRole],
    *,
    name: str,
    hub: str,
    region: str,
    units: Iterable[str] = (),
    accounts: Iterable[str] = (),
    template_url: str | None = None,
) -> dict[str, Any]:
    """A stack with the StackSets that make the same roles, by the same names, in other accounts.

    One for organisational units, managed by the organisation; one for accounts named, under the roles that both sides
    have made for stack sets. One region, because IAM is global; the hub has its own stack; an account that leaves keeps
    its roles, because what was provisioned there needs them. `template_url` is where `stack_template(roles)` lies when
    it is over 51,200 bytes. Raises FactoryError when it is over that and there is no URL.
    """
    body = dumps(stack_template(roles), separators=(",", ":"), sort_keys=True)
    properties: dict[str, Any] = {
        "Description": "Launch roles of Service Catalog products",
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "ManagedExecution": {"Active": True},
        "OperationPreferences": {"FailureTolerancePercentage": 100, "MaxConcurrentPercentage": 100},
    }
    if template_url:
        properties["TemplateURL"] = template_url
    elif len(body) > _INLINE_BYTES:
        over = len(body) - _INLINE_BYTES
        raise fail(
            name,
            f"the StackSet's template is {over:,} bytes too long to send inline",
            "Upload it and give its URL.",
        )
    else:
        properties["TemplateBody"] = body
    named = sorted(set(accounts) - {hub})
    found: dict[str, Any] = {}
    if below := sorted(set(units)):
        excluded = {
            "OrganizationalUnitIds": below,
            "Accounts": sorted({hub, *named}),
            "AccountFilterType": "DIFFERENCE",
        }
        found["LaunchRoles"] = {
            **properties,
            "StackSetName": name,
            "PermissionModel": "SERVICE_MANAGED",
            "AutoDeployment": {"Enabled": True, "RetainStacksOnAccountRemoval": True},
            "StackInstancesGroup": [{"DeploymentTargets": excluded, "Regions": [region]}],
        }
    if named:
        found["LaunchRolesOfAccounts"] = {
            **properties,
            "StackSetName": f"{name}-accounts",
            "PermissionModel": "SELF_MANAGED",
            "StackInstancesGroup": [{"DeploymentTargets": {"Accounts": named}, "Regions": [region]}],
        }
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Launch roles of Service Catalog products in the spokes",
        "Resources": {
            logical: {
                "Type": "AWS::CloudFormation::StackSet",
                "DeletionPolicy": "Retain",
                "UpdateReplacePolicy": "Retain",
                "Properties": each,
            }
            for logical, each in found.items()
        },
    }


def roles_of(template: Mapping[str, Any]) -> dict[str, LaunchRole]:
    """The roles that a template written here holds, by their key; the exact inverse of `stack_template`.

    Raises FactoryError for a template of a later format.
    """
    found: dict[str, LaunchRole] = {}
    declared: Mapping[str, Any] = template.get("Resources") or {}
    for resource in declared.values():
        about = (resource.get("Metadata") or {}).get(_METADATA)
        if about is None:
            continue
        if about["Format"] != FORMAT:
            raise fail(
                "launch roles",
                f"the deployed roles have format {about['Format']}, this version knows {FORMAT}",
                "Use the version of the tool that deployed them, or a later one.",
            )
        policies = [declared[reference["Ref"]] for reference in resource["Properties"]["ManagedPolicyArns"]]
        role = LaunchRole(
            name=resource["Properties"]["RoleName"],
            catalogue=about["Catalogue"],
            product=about["Product"],
            grants=grants_of(
                statement
                for policy in policies
                for statement in _plain(policy["Properties"]["PolicyDocument"])["Statement"]
            ),
            regions=tuple(about["Regions"]),
            boundary=about.get("Boundary"),
            launch_boundary=about.get("LaunchBoundary"),
            delivery=Delivery(about["Delivery"]),
        )
        found[role.key] = role
    return found


_PSEUDO = re.compile(r"\$\{(?!AWS::(Partition|AccountId|Region)\})")


def substituted(value: Any) -> Any:
    """The same with an Fn::Sub for each string that holds a pseudo parameter; IAM's own variables stay as they are."""
    if isinstance(value, str):
        return {"Fn::Sub": _PSEUDO.sub("${!", value)} if "${AWS::" in value else value
    if isinstance(value, list):
        return [substituted(member) for member in value]
    if isinstance(value, dict):
        return {name: substituted(child) for name, child in value.items()}
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {"Fn::Sub"}:
            return value["Fn::Sub"].replace("${!", "${")
        return {name: _plain(child) for name, child in value.items()}
    if isinstance(value, list):
        return [_plain(member) for member in value]
    return value
