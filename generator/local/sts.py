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
from dataclasses import replace
from datetime import timedelta
from typing import Any

from generator.local import iam
from generator.local.attached import Attached
from generator.local.iam.conditions import Value
from generator.local.iam.limits import excess
from generator.local.identity import ACCESS_ROLE, EVERYTHING, administrator, policy_caller
from generator.local.service import Call, Identity, Service, ServiceError

SERVICE = Service("sts")
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
        account,
        f"arn:{call.partition}:sts::{account}:assumed-role/{name}/{session}",
        user_id,
        role_arn=arn,
        session_policies=_session_policies(call),
        tags=tuple(_tags(call).items()),
    )
    return {
        "Credentials": _credentials(call, assumed, call.params.get("DurationSeconds", 3600)),
        "AssumedRoleUser": {"AssumedRoleId": user_id, "Arn": assumed.arn},
    }


def _session_policies(call: Call) -> tuple[str, ...] | None:
    """What limits the session: the policy of the request, and managed policies by ARN."""
    document, managed = call.params.get("Policy"), call.params.get("PolicyArns", [])
    if document is None and not managed:
        return None
    if document is not None:
        if excess(document, "session"):
            raise ServiceError("PackedPolicyTooLarge", "Packed size of session policy exceeds the limit.")
        try:
            iam.parse(document, "session")
        except iam.MalformedPolicy as error:
            raise ServiceError("MalformedPolicyDocument", str(error)) from error
    return (*([document] if document is not None else []), *(each["arn"] for each in managed))


def _tags(call: Call) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in call.params.get("Tags", [])}


def _role_id(call: Call, account: str, arn: str, path: str, name: str) -> str:
    if path == ACCESS_ROLE:
        # As Organizations makes it, it trusts another account: here every account.
        root = f"arn:{call.partition}:iam::{call.account}:root"
        trust = {
            "Effect": "Allow",
            "Principal": {"AWS": root},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
        }
        if not _trusts(call, arn, {"Version": "2012-10-17", "Statement": [trust]}):
            raise _denied(call, arn)
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
    """Whether the trust policy lets the caller in, and the caller's own policies let them go."""
    tags = _tags(call)
    context: dict[str, Value] = {"sts:RoleSessionName": call.params["RoleSessionName"]}
    context |= {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    if tags:
        context["aws:TagKeys"] = tuple(tags)
    if "ExternalId" in call.params:
        context["sts:ExternalId"] = call.params["ExternalId"]
    attached = Attached(call, call.identity)
    try:
        own = attached.policies() if call.judged else iam.Policies.of(identity=[EVERYTHING])
        policies = replace(own, resource=iam.parse(document, "trust"))
    except iam.MalformedPolicy:
        return False  # moto takes policies that IAM would refuse
    caller = attached.caller if call.judged else policy_caller(call.identity)
    actions = ["sts:AssumeRole", *(["sts:TagSession"] if tags else [])]
    return all(
        iam.evaluate(iam.Request(caller, action, arn, context), policies).allowed for action in actions
    )


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
    if identity.session_policies is not None or identity.tags:
        call.tx.insert(
            "session",
            {
                "access_key": key,
                "policies_json": json.dumps(identity.session_policies),
                "tags_json": json.dumps(dict(identity.tags)),
            },
        )
    return {
        "AccessKeyId": key,
        "SecretAccessKey": secrets.token_urlsafe(30)[:40],
        "SessionToken": secrets.token_urlsafe(90),
        "Expiration": expires,
    }
