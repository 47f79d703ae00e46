"""Who calls: from the access key of a request to an account and a principal.

Signatures are not checked: whoever can reach the loopback address or the folder is trusted, as with any local tool.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from generator.local.service import Identity, ServiceError
from generator.local.state import State
from generator.local.wire import Request

if TYPE_CHECKING:
    from generator.local.iam import Caller

# The identity policy of a caller whose own permissions are not the question.
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
ADMINISTRATOR = "administrator"
# In every account from the start, as in those that an organisation makes.
ACCESS_ROLE = "OrganizationAccountAccessRole"
REVOKED = 0.0  # in place of the time when credentials expire: a key that was deleted, or is not active
SECRET = "local"  # noqa: S105 - not a secret: signatures are not checked
KEY_PREFIX = "AKIALOCL"  # followed by the account: 20 characters, as AWS's own
SCOPE = re.compile(r"Credential=([^/\s]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")
SCOPE_V2 = re.compile(r"AWS ([^:\s]+):")


@dataclass(frozen=True)
class Scope:
    """What a signature says of itself."""

    access_key: str
    region: str
    service: str


def scope(request: Request) -> Scope | None:
    """The signature's scope, from the header or a presigned URL; None for an anonymous request."""
    header = request.headers.get("authorization", "")
    if found := SCOPE.search(header):
        return Scope(*found.groups())
    if found := SCOPE_V2.match(header):
        return Scope(found[1], "us-east-1", "s3")
    asked = parse_qs(urlsplit(request.url).query)
    if "X-Amz-Credential" in asked:
        parts = asked["X-Amz-Credential"][0].split("/")
        if len(parts) == 5:
            return Scope(parts[0], parts[2], parts[3])
    if "AWSAccessKeyId" in asked:
        return Scope(asked["AWSAccessKeyId"][0], "us-east-1", "s3")
    return None


def administrator(account: str) -> Identity:
    """The user that every account of the local AWS has from the start."""
    return Identity(account, f"arn:aws:iam::{account}:user/{ADMINISTRATOR}", f"AIDALOCL{account}")


def unlimited(identity: Identity) -> bool:
    """The identities that every account of the local AWS has from the start, and the root user."""
    name = identity.principal.rpartition(":")[2]
    return name in ("root", f"user/{ADMINISTRATOR}", f"role/{ACCESS_ROLE}")


def policy_caller(identity: Identity, tags: Mapping[str, str] | None = None) -> Caller:
    """An identity as policies see it; `tags` are those of the user or role itself."""
    from generator.local.iam import Caller

    own, unique_id = {**(tags or {}), **dict(identity.tags)}, identity.user_id.partition(":")[0]
    if identity.role_arn:
        session = identity.arn.rpartition("/")[2]
        return Caller.role(identity.role_arn, session, unique_id=unique_id, tags=own)
    return Caller.user(identity.arn, unique_id=unique_id, tags=own)


def administrator_key(account: str) -> str:
    return KEY_PREFIX + account


class Identities:
    """Access keys and whom they stand for.

    Known are the administrator's key of any account, an account id used as a key, and what STS and IAM handed out;
    any other key is the administrator of the default account, so that clients with made-up keys work.
    """

    def __init__(self, state: State, account: str) -> None:
        self.state = state
        self.account = account
        self._handed_out: dict[str, tuple[Identity, float | None]] = {}
        self._internal: dict[str, Identity] = {}
        self._lock = threading.Lock()

    def internal_key(self, identity: Identity) -> str:
        """A key for calls between services, known in this process alone."""
        digest = sha256(str(identity).encode()).hexdigest().upper()
        key = "ASIAINTERNAL" + digest[:8]
        with self._lock:
            self._internal[key] = identity
        return key

    def is_internal(self, access_key: str) -> bool:
        """Whether one of our services calls another."""
        return access_key in self._internal

    def find(self, access_key: str) -> Identity:
        if access_key in self._internal:
            return self._internal[access_key]
        account = access_key.removeprefix(KEY_PREFIX)
        if re.fullmatch(r"\d{12}", account):
            return administrator(account)
        found = self._handed_out.get(access_key) or self._read(access_key)
        if found is None:
            return administrator(self.account)
        identity, expires = found
        if expires == REVOKED:
            raise ServiceError(
                "InvalidClientTokenId", "The security token included in the request is invalid.", 403
            )
        if expires is not None and expires < time.time():
            raise ServiceError(
                "ExpiredTokenException", "The security token included in the request is expired", 403
            )
        return identity

    def _read(self, access_key: str) -> tuple[Identity, float | None] | None:
        with self.state.read() as tx:
            row = tx.one(
                "SELECT account, arn, user_id, role_arn, expires, policies_json, tags_json FROM credential"
                " LEFT JOIN session USING (access_key) WHERE access_key=?",
                access_key,
            )
        if row is None:
            return None
        identity = Identity(row["account"], row["arn"], row["user_id"], row["role_arn"])
        if row["tags_json"] is not None:
            policies = json.loads(row["policies_json"])
            identity = replace(
                identity,
                session_policies=None if policies is None else tuple(policies),
                tags=tuple(json.loads(row["tags_json"]).items()),
            )
        found = identity, row["expires"]
        if row["expires"]:
            self._handed_out[access_key] = found  # a session never changes; a user's key may be taken back
        return found
