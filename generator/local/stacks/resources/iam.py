"""IAM's resources: roles, policies, instance profiles, users and groups, made through IAM's API.

IAM's handlers make several calls for one resource; the order here is the one that leaves nothing half attached.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .provider import Made, Request


def document(value: Any) -> str:
    """A policy document as IAM takes it."""
    if isinstance(value, str):
        return value
    # IAM takes documents without a version, as SAM writes them; moto does not.
    whole = {"Version": "2012-10-17", **value} if isinstance(value, Mapping) else value
    return json.dumps(whole, separators=(",", ":"))


def _given(properties: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: properties[name] for name in names if name in properties}


def _inline(properties: Mapping[str, Any]) -> dict[str, str]:
    return {
        policy["PolicyName"]: document(policy["PolicyDocument"]) for policy in properties.get("Policies", [])
    }


def _change_set(
    old: Iterable[str], new: Iterable[str], add: Callable[[str], Any], remove: Callable[[str], Any]
) -> None:
    before, after = list(dict.fromkeys(old)), list(dict.fromkeys(new))
    for item in after:
        if item not in before:
            add(item)
    for item in before:
        if item not in after:
            remove(item)


class _Principal:
    """What roles, users and groups have in common: attached and inline policies, and tags."""

    simulated = False

    def __init__(self, word: str) -> None:
        self.word = word

    def _call(self, request: Request, pattern: str, **arguments: Any) -> Any:
        name = request.physical_id or request.properties[f"{self.word.title()}Name"]
        operation = getattr(request.client("iam"), pattern.format(self.word))
        return operation(**{f"{self.word.title()}Name": name}, **arguments)

    def _policies(self, request: Request, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        _change_set(
            old.get("ManagedPolicyArns", []),
            new.get("ManagedPolicyArns", []),
            lambda arn: self._call(request, "attach_{}_policy", PolicyArn=arn),
            lambda arn: self._call(request, "detach_{}_policy", PolicyArn=arn),
        )
        before, after = _inline(old), _inline(new)
        for name, text in after.items():
            if before.get(name) != text:
                self._call(request, "put_{}_policy", PolicyName=name, PolicyDocument=text)
        for name in before:
            if name not in after:
                self._call(request, "delete_{}_policy", PolicyName=name)

    def _tags(self, request: Request) -> None:
        before = {tag["Key"]: tag["Value"] for tag in request.previous.get("Tags", [])}
        after = {tag["Key"]: tag["Value"] for tag in request.tags()}
        fresh = [{"Key": key, "Value": value} for key, value in after.items() if before.get(key) != value]
        gone = [key for key in before if key not in after]
        if fresh:
            self._call(request, "tag_{}", Tags=fresh)
        if gone:
            self._call(request, "untag_{}", TagKeys=gone)

    def delete(self, request: Request) -> None:
        self._policies(request, request.properties, {})
        self._call(request, "delete_{}")


class Role(_Principal):
    def __init__(self) -> None:
        super().__init__("role")

    def create(self, request: Request) -> Made:
        properties = request.properties
        role = request.client("iam").create_role(
            **_given(
                properties, "RoleName", "Path", "Description", "MaxSessionDuration", "PermissionsBoundary"
            ),
            AssumeRolePolicyDocument=document(properties["AssumeRolePolicyDocument"]),
            Tags=request.tags(),
        )["Role"]
        self._policies(request, {}, properties)
        return Made(role["RoleName"], {"Arn": role["Arn"], "RoleId": role["RoleId"]})

    def update(self, request: Request) -> Made:
        properties, iam = request.properties, request.client("iam")
        if request.changed("AssumeRolePolicyDocument"):
            iam.update_assume_role_policy(
                RoleName=request.physical_id, PolicyDocument=document(properties["AssumeRolePolicyDocument"])
            )
        if request.changed("Description", "MaxSessionDuration"):
            iam.update_role(
                RoleName=request.physical_id,
                Description=properties.get("Description", ""),
                MaxSessionDuration=int(properties.get("MaxSessionDuration", 3600)),
            )
        if request.changed("PermissionsBoundary"):
            if "PermissionsBoundary" in properties:
                iam.put_role_permissions_boundary(
                    RoleName=request.physical_id, PermissionsBoundary=properties["PermissionsBoundary"]
                )
            else:
                iam.delete_role_permissions_boundary(RoleName=request.physical_id)
        self._policies(request, request.previous, properties)
        self._tags(request)
        return Made(request.physical_id, dict(request.attributes))


class User(_Principal):
    def __init__(self) -> None:
        super().__init__("user")

    def create(self, request: Request) -> Made:
        properties = request.properties
        user = request.client("iam").create_user(
            **_given(properties, "UserName", "Path", "PermissionsBoundary"), Tags=request.tags()
        )["User"]
        self._policies(request, {}, properties)
        for group in properties.get("Groups", []):
            self._call(request, "add_{}_to_group", GroupName=group)
        return Made(user["UserName"], {"Arn": user["Arn"]})

    def update(self, request: Request) -> Made:
        _change_set(
            request.previous.get("Groups", []),
            request.properties.get("Groups", []),
            lambda group: self._call(request, "add_{}_to_group", GroupName=group),
            lambda group: self._call(request, "remove_{}_from_group", GroupName=group),
        )
        self._policies(request, request.previous, request.properties)
        self._tags(request)
        return Made(request.physical_id, dict(request.attributes))

    def delete(self, request: Request) -> None:
        for group in request.properties.get("Groups", []):
            self._call(request, "remove_{}_from_group", GroupName=group)
        super().delete(request)


class Group(_Principal):
    def __init__(self) -> None:
        super().__init__("group")

    def create(self, request: Request) -> Made:
        group = request.client("iam").create_group(**_given(request.properties, "GroupName", "Path"))["Group"]
        self._policies(request, {}, request.properties)
        return Made(group["GroupName"], {"Arn": group["Arn"]})

    def update(self, request: Request) -> Made:
        self._policies(request, request.previous, request.properties)
        return Made(request.physical_id, dict(request.attributes))


_HOLDERS = ("Role", "User", "Group")


class ManagedPolicy:
    simulated = False

    def create(self, request: Request) -> Made:
        properties, iam = request.properties, request.client("iam")
        arguments = _given(properties, "Path", "Description")
        if request.tags():
            arguments["Tags"] = request.tags()
        policy = iam.create_policy(
            PolicyName=properties["ManagedPolicyName"],
            PolicyDocument=document(properties["PolicyDocument"]),
            **arguments,
        )["Policy"]
        made = Made(
            policy["Arn"],
            {"PolicyArn": policy["Arn"], "PolicyId": policy["PolicyId"], "DefaultVersionId": "v1"}
            | {"AttachmentCount": 0, "PermissionsBoundaryUsageCount": 0, "IsAttachable": True},
        )
        self._attach(request, policy["Arn"], {}, properties)
        return made

    def update(self, request: Request) -> Made:
        iam, arn = request.client("iam"), request.physical_id
        attributes = dict(request.attributes)
        if request.changed("PolicyDocument"):
            versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
            spare = sorted(
                (v for v in versions if not v["IsDefaultVersion"]), key=lambda v: int(v["VersionId"][1:])
            )
            if len(versions) >= 5:  # IAM keeps five versions; the handler drops the oldest
                iam.delete_policy_version(PolicyArn=arn, VersionId=spare[0]["VersionId"])
            version = iam.create_policy_version(
                PolicyArn=arn,
                PolicyDocument=document(request.properties["PolicyDocument"]),
                SetAsDefault=True,
            )["PolicyVersion"]
            attributes["DefaultVersionId"] = version["VersionId"]
        self._attach(request, arn, request.previous, request.properties)
        return Made(arn, attributes)

    def delete(self, request: Request) -> None:
        iam, arn = request.client("iam"), request.physical_id
        self._attach(request, arn, request.properties, {})
        for version in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
            if not version["IsDefaultVersion"]:
                iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
        iam.delete_policy(PolicyArn=arn)

    def _attach(self, request: Request, arn: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        for holder in _HOLDERS:
            _change_set(
                old.get(f"{holder}s", []),
                new.get(f"{holder}s", []),
                _each(request.client("iam"), "attach", holder, arn),
                _each(request.client("iam"), "detach", holder, arn),
            )


def _each(iam: Any, verb: str, holder: str, arn: str) -> Callable[[str], Any]:
    operation = getattr(iam, f"{verb}_{holder.lower()}_policy")
    return lambda name: operation(**{f"{holder}Name": name}, PolicyArn=arn)


class InlinePolicy:
    """AWS::IAM::Policy and the RolePolicy, UserPolicy and GroupPolicy of one holder."""

    simulated = False

    def create(self, request: Request) -> Made:
        self._put(request, {}, request.properties)
        physical = request.name(limit=64)
        return Made(physical, {"Id": physical})

    def update(self, request: Request) -> Made:
        self._put(request, request.previous, request.properties)
        return Made(request.physical_id, dict(request.attributes))

    def delete(self, request: Request) -> None:
        for holder, name in self._holders(request.properties):
            self._remove(request, holder, name, request.properties["PolicyName"])

    def _holders(self, properties: Mapping[str, Any]) -> list[tuple[str, str]]:
        found = [(holder, name) for holder in _HOLDERS for name in properties.get(f"{holder}s", [])]
        return found + [
            (holder, properties[f"{holder}Name"]) for holder in _HOLDERS if f"{holder}Name" in properties
        ]

    def _put(self, request: Request, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        for holder, name in self._holders(new):
            put = getattr(request.client("iam"), f"put_{holder.lower()}_policy")
            put(
                **{f"{holder}Name": name},
                PolicyName=new["PolicyName"],
                PolicyDocument=document(new["PolicyDocument"]),
            )
        renamed = bool(old) and old["PolicyName"] != new["PolicyName"]
        for holder, name in self._holders(old):
            if renamed or (holder, name) not in self._holders(new):
                self._remove(request, holder, name, old["PolicyName"])

    def _remove(self, request: Request, holder: str, name: str, policy: str) -> None:
        iam = request.client("iam")
        try:
            getattr(iam, f"delete_{holder.lower()}_policy")(**{f"{holder}Name": name}, PolicyName=policy)
        except iam.exceptions.NoSuchEntityException:
            # The holder went first, and its inline policies with it.
            return


class InstanceProfile:
    simulated = False

    def create(self, request: Request) -> Made:
        iam, properties = request.client("iam"), request.properties
        profile = iam.create_instance_profile(**_given(properties, "InstanceProfileName", "Path"))[
            "InstanceProfile"
        ]
        for role in properties.get("Roles", []):
            iam.add_role_to_instance_profile(
                InstanceProfileName=profile["InstanceProfileName"], RoleName=role
            )
        return Made(profile["InstanceProfileName"], {"Arn": profile["Arn"]})

    def update(self, request: Request) -> Made:
        self._roles(request, request.previous.get("Roles", []), request.properties.get("Roles", []))
        return Made(request.physical_id, dict(request.attributes))

    def delete(self, request: Request) -> None:
        self._roles(request, request.properties.get("Roles", []), [])
        request.client("iam").delete_instance_profile(InstanceProfileName=request.physical_id)

    def _roles(self, request: Request, old: list[str], new: list[str]) -> None:
        iam, name = request.client("iam"), request.physical_id
        # One role at a time fits a profile, so the old one leaves first.
        for role in old:
            if role not in new:
                iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=role)
        for role in new:
            if role not in old:
                iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=role)
