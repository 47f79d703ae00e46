"""STS: who am I, and the credentials of another role or account.

Roles are IAM's; `OrganizationAccountAccessRole` is in every account from the start, as AWS makes it in accounts that an
organisation creates, and is the way from one account of the local AWS into another.
"""

from __future__ import annotations

import json
import re
import secrets
import string
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from generator.local.identity import administrator
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
    iam = call.client("iam", identity=administrator(account))
    try:
        role = iam.get_role(RoleName=name)["Role"]
    except iam.exceptions.NoSuchEntityException:
        raise _denied(call, arn) from None
    if role["Arn"] != arn or not _trusts(role["AssumeRolePolicyDocument"], call.identity):
        raise _denied(call, arn)
    return str(role["RoleId"])


def _trusts(document: Any, caller: Identity) -> bool:
    """Whether some statement of the trust policy names the caller, his role or his account."""
    policy = json.loads(document) if isinstance(document, str) else document
    statements = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
    names = {caller.account, f"arn:aws:iam::{caller.account}:root", caller.arn, caller.principal, "*"}
    matching = [
        s for s in statements if names & _principals(s) and "sts:AssumeRole" in _strings(s.get("Action", []))
    ]
    return bool(matching) and all(s["Effect"] == "Allow" for s in matching)


def _principals(statement: Mapping[str, Any]) -> set[str]:
    principal = statement.get("Principal", {})
    return {principal} if isinstance(principal, str) else set(_strings(principal.get("AWS", [])))


def _strings(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


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
