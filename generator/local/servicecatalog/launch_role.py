"""Whom a product is launched as: the role of the launch constraint, if it lets Service Catalog in, else the caller."""

from __future__ import annotations

import json
import re

from generator.local import iam
from generator.local.identity import EVERYTHING, administrator
from generator.local.service import Call, Identity
from generator.local.servicecatalog.launch_paths import Path

SERVICE_NAME = "servicecatalog.amazonaws.com"
SESSION = "servicecatalog"


class RoleError(Exception):
    """A launch role that cannot be assumed; the text says what to do."""


def constrained(call: Call, path: Path) -> str:
    """The ARN of the role that the path's launch constraint names; nothing where there is none."""
    text = call.tx.value(
        "SELECT parameters FROM sc_constraint WHERE portfolio=? AND product=? AND type='LAUNCH'",
        path.portfolio,
        path.product,
    )
    if text is None:
        return ""
    parameters = json.loads(text)
    if "RoleArn" in parameters:
        return str(parameters["RoleArn"])
    # The name is looked up where the launch happens, which is what makes a shared portfolio work.
    return f"arn:{call.partition}:iam::{call.account}:role/{parameters['LocalRoleName']}"


def launcher(call: Call, role: str, source: str, service: str = SERVICE_NAME) -> Identity:
    """The identity that the stack is made under; `source` is the ARN of the provisioned product.

    Raises RoleError when the role does not exist or does not trust the service on behalf of this account.
    """
    if not role:
        return call.identity
    account, name = role.split(":")[4], role.rpartition("/")[2]
    client = call.client("iam", identity=administrator(account))
    try:
        found = client.get_role(RoleName=name)["Role"]
    except client.exceptions.NoSuchEntityException:
        raise RoleError(f"{_refused(role)} There is no such role in account {account}: create it.") from None
    # A constraint by name says nothing of the path, one by ARN does.
    if re.fullmatch(r"[^/]+:role/[^/]+", role) is None and found["Arn"] != role:
        raise RoleError(f"{_refused(role)} The role of this name is {found['Arn']}.")
    context = {"aws:SourceAccount": call.account, "aws:SourceArn": source}
    request = iam.Request(iam.Caller.service(service), "sts:AssumeRole", found["Arn"], context)
    try:
        policies = iam.Policies.of(identity=[EVERYTHING], trust=found["AssumeRolePolicyDocument"])
    except iam.MalformedPolicy as error:
        raise RoleError(f"{_refused(role)} Its trust policy is malformed: {error}") from error
    decision = iam.evaluate(request, policies)
    if not decision.allowed:
        raise RoleError(f"{_refused(role)} {iam.advice(decision)}")
    return Identity(
        account,
        f"arn:{call.partition}:sts::{account}:assumed-role/{name}/{SESSION}",
        f"{found['RoleId']}:{SESSION}",
        role_arn=found["Arn"],
    )


def _refused(role: str) -> str:
    return f"Service Catalog cannot assume the launch role {role} (sts:AssumeRole)."
