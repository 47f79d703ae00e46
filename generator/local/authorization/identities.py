"""What a request to IAM asks of IAM: the role, user, group or policy it is about, its tags and its boundary.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from generator.local.authorization.question import Question, tag_keys
from generator.local.iam.conditions import Value
from generator.local.identity import administrator
from generator.local.service import Call

Form = Mapping[str, str]

# The parameters that name what a request is about, the first that is there; and the kind in its ARN.
_NAMED = (
    ("InstanceProfileName", "instance-profile"),
    ("GroupName", "group"),
    ("RoleName", "role"),
    ("UserName", "user"),
    ("ServerCertificateName", "server-certificate"),
)
_BY_ARN = ("PolicyArn", "OpenIDConnectProviderArn", "SAMLProviderArn", "SerialNumber")
# Without a user's name these are about the caller.
_OWN = frozenset(
    [
        "ChangePassword", "CreateAccessKey", "DeleteAccessKey", "GetUser", "ListAccessKeys", "ListMFADevices",
        "ListServiceSpecificCredentials", "ListSigningCertificates", "ListSSHPublicKeys", "UpdateAccessKey",
    ]
)  # fmt: skip
_BOUNDED = ("role", "user")


def questions(call: Call, action: str, form: Form) -> Iterator[Question]:
    """The permissions of one request."""
    kind, name = _about(action, form)
    found = _existing(call, kind, name)
    context = _boundary(action, form, found) if kind in _BOUNDED else {}
    for key, parameter in (("iam:PolicyARN", "PolicyArn"), ("iam:AWSServiceName", "AWSServiceName")):
        if parameter in form and kind:
            context[key] = form[parameter]
    context |= tag_keys(_tags(form))
    if gone := tuple(value for name, value in form.items() if name.startswith("TagKeys.member.")):
        context["aws:TagKeys"] = gone
    for tag in found.get("Tags", []):
        context[f"aws:ResourceTag/{tag['Key']}"] = context[f"iam:ResourceTag/{tag['Key']}"] = tag["Value"]
    yield Question(f"iam:{action}", _resource(call, action, form, kind, name, found), context)
    if action == "AddRoleToInstanceProfile":
        role = _existing(call, "role", form.get("RoleName", ""))
        if role:
            yield Question("iam:PassRole", role["Arn"], {"iam:PassedToService": "ec2.amazonaws.com"})


def _about(action: str, form: Form) -> tuple[str, str]:
    if action.startswith("ListGroupsForUser"):
        return "user", form.get("UserName", "")
    return next(((kind, form[name]) for name, kind in _NAMED if name in form), ("", ""))


def _resource(call: Call, action: str, form: Form, kind: str, name: str, found: Mapping[str, Any]) -> str:
    own = f"arn:{call.partition}:iam::{call.account}:"
    if found:
        return str(found["Arn"])
    if kind:
        path = form.get("Path", "/") if action.startswith("Create") else "/"
        return f"{own}{kind}{path}{name}"
    if action == "CreatePolicy":
        return f"{own}policy{form.get('Path', '/')}{form.get('PolicyName', '*')}"
    if action == "CreateServiceLinkedRole":
        return f"{own}role/aws-service-role/{form.get('AWSServiceName', '*')}/*"
    if action == "CreateOpenIDConnectProvider":
        return f"{own}oidc-provider/{form.get('Url', '*').removeprefix('https://')}"
    if action in _OWN and not call.identity.role_arn:
        return call.identity.arn
    return next((form[name] for name in _BY_ARN if name in form), "*")


def _existing(call: Call, kind: str, name: str) -> Mapping[str, Any]:
    """What there is of that name: its ARN has a path, which the request does not tell."""
    operations = {
        "role": ("get_role", "RoleName", "Role"),
        "user": ("get_user", "UserName", "User"),
        "group": ("get_group", "GroupName", "Group"),
        "instance-profile": ("get_instance_profile", "InstanceProfileName", "InstanceProfile"),
    }
    if kind not in operations or not name:
        return {}
    operation, parameter, member = operations[kind]
    client = call.client("iam", identity=administrator(call.account))
    try:
        found: Mapping[str, Any] = getattr(client, operation)(**{parameter: name})[member]
    except ClientError:  # there is none, or it is no name of one
        return {}
    return found


def _boundary(action: str, form: Form, found: Mapping[str, Any]) -> dict[str, Value]:
    """A new identity is judged by the boundary it gets, as is a change of the boundary; all else by the present one."""
    given = form.get("PermissionsBoundary")
    if action.startswith("Create") or (action.startswith("Put") and action.endswith("PermissionsBoundary")):
        return {"iam:PermissionsBoundary": given} if given else {}
    present = found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    return {"iam:PermissionsBoundary": present} if present else {}


def _tags(form: Form) -> dict[str, str]:
    """The tags that a request carries: Tags.member.N.Key and .Value."""
    tags = {}
    for name, value in form.items():
        if name.startswith("Tags.member.") and name.endswith(".Key"):
            tags[value] = form.get(name.removesuffix("Key") + "Value", "")
    return tags
