"""Credentials of a role for what runs under it, if the role lets that service in."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from generator.local import iam
from generator.local.identity import EVERYTHING, administrator
from generator.local.service import Identity
from generator.local.state import State
from generator.local.sts import ALPHABET

Clients = Callable[[str, str, Identity], Any]
LASTING: Final = 12 * 3600  # seconds; longer than anything runs


class RoleRefused(Exception):
    """A role that does not exist, or does not trust the service."""


@dataclass(frozen=True)
class Session:
    """A service acting under a role."""

    identity: Identity
    access_key: str

    def environment(self) -> dict[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": secrets.token_urlsafe(30)[:40],
            "AWS_SESSION_TOKEN": secrets.token_urlsafe(90),
        }


def check_trust(clients: Clients, role: str, service: str) -> dict[str, Any]:
    """What IAM knows of a role that lets a service in; raises RoleRefused."""
    account, plain = role.split(":")[4], role.rpartition("/")[2]
    try:
        found = clients("iam", "us-east-1", administrator(account)).get_role(RoleName=plain)["Role"]
    except ClientError as error:
        raise RoleRefused(f"There is no role {role}.") from error
    request = iam.Request(
        iam.Caller.service(service), "sts:AssumeRole", found["Arn"], {"aws:SourceAccount": account}
    )
    try:
        policies = iam.Policies.of(identity=[EVERYTHING], trust=found["AssumeRolePolicyDocument"])
    except iam.MalformedPolicy as error:
        raise RoleRefused(f"The trust policy of {role} is malformed: {error}") from error
    if not iam.evaluate(request, policies).allowed:
        raise RoleRefused(f"The role {role} does not trust {service}.")
    return dict(found)


def acting(clients: Clients, role: str, service: str, name: str) -> Identity:
    """A service under a role, as a session `name`; raises RoleRefused."""
    found = check_trust(clients, role, service)
    _, partition, _, _, account, resource = role.split(":", 5)
    plain = resource.rpartition("/")[2]
    return Identity(
        account,
        f"arn:{partition}:sts::{account}:assumed-role/{plain}/{name}",
        f"{found['RoleId']}:{name}",
        role_arn=found["Arn"],
    )


def assume(state: State, clients: Clients, role: str, service: str, name: str) -> Session:
    """A session `name` of a role for a service such as lambda.amazonaws.com."""
    identity = acting(clients, role, service, name)
    key = "ASIA" + "".join(secrets.choice(ALPHABET) for _ in range(16))
    row = {
        "access_key": key,
        "account": identity.account,
        "arn": identity.arn,
        "user_id": identity.user_id,
        "role_arn": identity.role_arn,
        "expires": time.time() + LASTING,
    }
    with state.write() as tx:
        tx.insert("credential", row)
    return Session(identity, key)
