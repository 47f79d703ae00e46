"""Who asks: users, role sessions, root, federated users, services and strangers, and who a policy names.

Owns the identities of a caller and their comparison with Principal and NotPrincipal. It decides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal

from generator.local.iam.conditions import Value
from generator.local.iam.policy import Principals

CallerKind = Literal["root", "user", "role", "federated_user", "service", "identity_provider", "anonymous"]

_ACCOUNT_ID = re.compile(r"\d{12}")
_ROOT_ARN = re.compile(r"arn:[\w-]+:iam::(\d{12}):root")


class Named(IntEnum):
    """How closely a resource's policy names the caller. It settles which other policies still limit a grant."""

    NOT = 0
    ACCOUNT = 1  # the account is trusted to give the permission on: identity policies decide
    ROLE = 2  # the role behind a session: boundary and session policy still limit
    CALLER = 3  # the user, the session, or anyone: nothing of the caller's own limits, but its denials


@dataclass(frozen=True)
class Caller:
    """One authenticated (or anonymous) caller; made by the class methods below."""

    kind: CallerKind
    account: str = ""
    arn: str = ""
    # The ARN of the role of a session, or of the user behind a federated user.
    issuer: str = ""
    unique_id: str = ""
    session: str = ""
    # The names that a service, or an identity provider, goes by.
    names: tuple[str, ...] = ()
    canonical_user: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def root(cls, account: str, *, partition: str = "aws", canonical_user: str = "") -> Caller:
        return cls("root", account, f"arn:{partition}:iam::{account}:root", canonical_user=canonical_user)

    @classmethod
    def user(
        cls,
        arn: str,
        *,
        unique_id: str = "",
        canonical_user: str = "",
        tags: Mapping[str, str] | None = None,
    ) -> Caller:
        return cls(
            "user",
            arn.split(":")[4],
            arn,
            unique_id=unique_id,
            canonical_user=canonical_user,
            tags=dict(tags or {}),
        )

    @classmethod
    def role(
        cls, role_arn: str, session: str, *, unique_id: str = "", tags: Mapping[str, str] | None = None
    ) -> Caller:
        """A session of a role. Its ARN drops the role's path, which only the role's own ARN has."""
        _, partition, _, _, account, resource = role_arn.split(":", 5)
        arn = f"arn:{partition}:sts::{account}:assumed-role/{resource.rsplit('/', 1)[-1]}/{session}"
        return cls("role", account, arn, role_arn, unique_id, session, tags=dict(tags or {}))

    @classmethod
    def federated_user(
        cls, user_arn: str, session: str, *, unique_id: str = "", tags: Mapping[str, str] | None = None
    ) -> Caller:
        """A session of GetFederationToken."""
        _, partition, _, _, account, _ = user_arn.split(":", 5)
        arn = f"arn:{partition}:sts::{account}:federated-user/{session}"
        return cls("federated_user", account, arn, user_arn, unique_id, session, tags=dict(tags or {}))

    @classmethod
    def service(cls, *names: str) -> Caller:
        """An AWS service calling for itself, as when it assumes a role or delivers a message."""
        return cls("service", arn=names[0], names=names)

    @classmethod
    def identity_provider(cls, name: str) -> Caller:
        """Somebody known only to an identity provider, as AssumeRoleWithSAML and …WithWebIdentity see them."""
        return cls("identity_provider", arn=name, names=(name,))

    @classmethod
    def anonymous(cls) -> Caller:
        return cls("anonymous", arn="anonymous")

    @property
    def service_linked(self) -> bool:
        """Service-linked roles live under a path of their own; organisation policies do not bind them."""
        return self.kind == "role" and ":role/aws-service-role/" in self.issuer

    @property
    def in_account(self) -> bool:
        """Whether the caller belongs to an account, so that identity policies are asked at all."""
        return self.kind in ("root", "user", "role", "federated_user")

    def context(self) -> dict[str, Value]:
        """The global condition keys that say who asks."""
        keys: dict[str, Value] = {"aws:PrincipalIsAWSService": self.kind == "service"}
        if self.kind == "service":
            keys["aws:PrincipalServiceName"] = self.names[0]
            keys["aws:PrincipalServiceNamesList"] = self.names
        if self.in_account:
            keys["aws:PrincipalAccount"] = self.account
            # A session shows the role's ARN here, not its own.
            keys["aws:PrincipalArn"] = self.issuer if self.kind == "role" else self.arn
        match self.kind:
            case "root":
                keys |= {"aws:PrincipalType": "Account", "aws:userid": self.account}
            case "user":
                keys |= {"aws:PrincipalType": "User", "aws:username": self.arn.rsplit("/", 1)[-1]}
                if self.unique_id:
                    keys["aws:userid"] = self.unique_id
            case "role":
                keys |= {"aws:PrincipalType": "AssumedRole", "aws:userid": f"{self.unique_id}:{self.session}"}
            case "federated_user":
                keys |= {"aws:PrincipalType": "FederatedUser", "aws:userid": f"{self.account}:{self.session}"}
            case "anonymous":
                keys |= {"aws:PrincipalType": "Anonymous", "aws:userid": "anonymous"}
            case "service" | "identity_provider":
                pass
        return keys | {f"aws:PrincipalTag/{key}": value for key, value in self.tags.items()}


def account_named(principal: str) -> str:
    """The account that an AWS principal names as a whole (by number or root ARN), else nothing."""
    if _ACCOUNT_ID.fullmatch(principal):
        return principal
    root = _ROOT_ARN.fullmatch(principal)
    return root[1] if root else ""


def named(caller: Caller, principals: Principals) -> Named:
    """How the Principal element names the caller, by the closest of its entries."""
    if principals.anyone:
        return Named.CALLER
    found = [_as_aws(caller, entry) for entry in principals.aws]
    if caller.kind == "service" and set(caller.names) & {*principals.service}:
        found.append(Named.CALLER)
    if "*" in principals.service and caller.kind == "service":
        found.append(Named.CALLER)
    if caller.kind == "identity_provider" and set(caller.names) & {*principals.federated}:
        found.append(Named.CALLER)
    if caller.canonical_user and caller.canonical_user in principals.canonical_user:
        found.append(Named.CALLER if caller.kind == "root" else Named.ACCOUNT)
    return max(found, default=Named.NOT)


def _as_aws(caller: Caller, entry: str) -> Named:
    if not caller.in_account:
        return Named.NOT
    if entry == caller.arn:
        return Named.CALLER
    if account_named(entry) == caller.account:
        return Named.CALLER if caller.kind == "root" else Named.ACCOUNT
    # IAM turns the ARN of a deleted principal into its unique id, and back only while that one lives.
    own_id = bool(caller.unique_id) and entry == caller.unique_id
    if own_id and caller.kind == "user":
        return Named.CALLER
    return Named.ROLE if own_id or entry == caller.issuer else Named.NOT


def excepted(caller: Caller, not_principals: Principals) -> bool:
    """Whether a Deny with this NotPrincipal spares the caller: account, role and session must all be listed,
    since a denial of any of them denies the caller."""
    if not_principals.anyone:
        return True
    if not caller.in_account:
        return named(caller, not_principals) is not Named.NOT
    account = any(account_named(entry) == caller.account for entry in not_principals.aws) or (
        bool(caller.canonical_user) and caller.canonical_user in not_principals.canonical_user
    )
    if caller.kind == "root":
        return account
    rest = {caller.arn, caller.issuer} - {""}
    return account and rest <= {*not_principals.aws}
