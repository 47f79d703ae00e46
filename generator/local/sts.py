"""STS: who am I, and the credentials of another role or account.

Roles are IAM's; `OrganizationAccountAccessRole` is in every account from the start, as AWS makes it in accounts that an
organisation creates, and is the way from one account of the local AWS into another.
"""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from generator.local import iam
from generator.local.identity import EVERYTHING, administrator, policy_caller
from generator.local.service import Call, Identity, Service, ServiceError

SERVICE = Service("sts")
ACCESS_ROLE = "OrganizationAccountAccessRole"
ROLE_ARN = re.compile(r"arn:[\w-]+:iam::(\d{12}):role/((?:[\x21-\x7e]*/)?([\w+=,.@-]+))")
ALPHABET = string.ascii_uppercase + "234567"


@SERVICE.operation("GetCallerIdentity")
def get_caller_identity(call: Call) -> Mapping[str, Any]:
    caller = call.identity
    return {"UserId": caller.user_id, "Account": caller.account, "Arn": caller.arn}


@SERVICE.operation("GetAccessKeyInfo")
def get_access_key_info(call: Call) -> Mapping[str, Any]:
    key = call.params["AccessKeyId"]
    account = call.tx.value("SELECT account FROM credential WHERE access_key=?", key)
    return {"Account": account or call.account}


@SERVICE.operation("GetSessionToken", mode="write")
def get_session_token(call: Call) -> Mapping[str, Any]:
    return {"Credentials": _credentials(call, call.identity, call.params.get("DurationSeconds", 43200))}


@SERVICE.operation("AssumeRole")
def assume_role(call: Call) -> Mapping[str, Any]:
    arn, session = call.params["RoleArn"], call.params["RoleSessionName"]
    found = ROLE_ARN.fullmatch(arn)
    if found is None:
        raise ServiceError("ValidationError", f"{arn} is invalid")
    account, path, name = found.groups()
    role_id = _role_id(call, account, arn, path, name)
    user_id = f"{role_id}:{session}"
    assumed = Identity(
        account, f"arn:{call.partition}:sts::{account}:assumed-role/{name}/{session}", user_id, role_arn=arn
    )
    return {
        "Credentials": _credentials(call, assumed, call.params.get("DurationSeconds", 3600)),
        "AssumedRoleUser": {"AssumedRoleId": user_id, "Arn": assumed.arn},
    }


def _role_id(call: Call, account: str, arn: str, path: str, name: str) -> str:
    if path == ACCESS_ROLE:
        return f"AROALOCL{account}"
    client = call.client("iam", identity=administrator(account))
    try:
        role = client.get_role(RoleName=name)["Role"]
    except client.exceptions.NoSuchEntityException:
        raise _denied(call, arn) from None
    if role["Arn"] != arn or not _trusts(call, arn, role["AssumeRolePolicyDocument"]):
        raise _denied(call, arn)
    return str(role["RoleId"])


def _trusts(call: Call, arn: str, document: Any) -> bool:
    """Whether the trust policy lets the caller in; what the caller's own policies say is not judged here."""
    context = {"sts:RoleSessionName": call.params["RoleSessionName"]}
    if "ExternalId" in call.params:
        context["sts:ExternalId"] = call.params["ExternalId"]
    try:
        policies = iam.Policies.of(identity=[EVERYTHING], trust=document)
    except iam.MalformedPolicy:
        return False  # moto takes trust policies that IAM would refuse
    request = iam.Request(policy_caller(call.identity), "sts:AssumeRole", arn, context)
    return iam.evaluate(request, policies).allowed


def _denied(call: Call, arn: str) -> ServiceError:
    # AWS does not tell a missing role from one that does not trust the caller.
    who = f"User: {call.identity.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}"
    return ServiceError("AccessDenied", who, 403)


def _credentials(call: Call, identity: Identity, seconds: int) -> Mapping[str, Any]:
    key = "ASIA" + "".join(secrets.choice(ALPHABET) for _ in range(16))
    expires = call.now + timedelta(seconds=seconds)
    call.tx.insert(
        "credential",
        {
            "access_key": key,
            "account": identity.account,
            "arn": identity.arn,
            "user_id": identity.user_id,
            "role_arn": identity.role_arn,
            "expires": expires.timestamp(),
        },
    )
    return {
        "AccessKeyId": key,
        "SecretAccessKey": secrets.token_urlsafe(30)[:40],
        "SessionToken": secrets.token_urlsafe(90),
        "Expiration": expires,
    }
