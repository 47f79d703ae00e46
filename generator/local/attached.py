"""Which policies apply to a caller of the local AWS: those attached in IAM, the organisation's, and a key's own.

Owns the reading of them out of the local services. It judges nothing: see `iam.evaluate`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from generator.local import iam
from generator.local.identity import EVERYTHING, administrator, policy_caller, unlimited
from generator.local.service import Call, Identity

if TYPE_CHECKING:
    from generator.local.iam.permissions import Known

Document = Mapping[str, Any]


class Attached:
    """The policies of one caller, read once, as one stack operation sees them."""

    def __init__(self, call: Call, identity: Identity) -> None:
        self._call = call
        self._iam = call.client("iam", identity=administrator(identity.account))
        self.identity = identity
        self.name = identity.principal.rpartition("/")[2]
        self.kind = "role" if identity.role_arn else "user"
        self._policies: iam.Policies | None = None
        self._keys: dict[str, iam.Policy] = {}

    def policies(self) -> iam.Policies:
        """All but the resource's own; raises MalformedPolicy for what moto took and IAM would not."""
        if self._policies is None:
            if unlimited(self.identity):
                self._policies = iam.Policies.of(identity=[EVERYTHING])
            else:
                self._policies = iam.Policies.of(
                    identity=list(self._documents()),
                    boundary=self._boundary(),
                    session=self._session(),
                    service_control=service_control(self._call, self.identity.account),
                )
        return self._policies

    def _documents(self) -> Iterator[Document]:
        yield from self._of(self.kind, self.name)
        if self.kind == "user":
            for group in self._read("list_groups_for_user", UserName=self.name).get("Groups", []):
                yield from self._of("group", group["GroupName"])

    def _of(self, kind: str, name: str) -> Iterator[Document]:
        """The inline and the managed policies of a role, user or group; none for one that does not exist."""
        who = {f"{kind.title()}Name": name}
        for policy in self._read(f"list_{kind}_policies", **who).get("PolicyNames", []):
            yield self._read(f"get_{kind}_policy", PolicyName=policy, **who)["PolicyDocument"]
        for each in self._read(f"list_attached_{kind}_policies", **who).get("AttachedPolicies", []):
            yield self._managed(each["PolicyArn"])

    def _managed(self, arn: str) -> Document:
        version = self._iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        found: Document = self._iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"][
            "Document"
        ]
        return found

    def _boundary(self) -> Document | None:
        boundary = self._itself.get("PermissionsBoundary")
        return self._managed(boundary["PermissionsBoundaryArn"]) if boundary else None

    def _session(self) -> list[Document | str] | None:
        given = self.identity.session_policies
        return (
            None
            if given is None
            else [self._managed(each) if each.startswith("arn:") else each for each in given]
        )

    @cached_property
    def _itself(self) -> Mapping[str, Any]:
        """The user or role; nothing of one that does not exist."""
        answer = self._read(f"get_{self.kind}", **{f"{self.kind.title()}Name": self.name})
        found: Mapping[str, Any] = answer.get(self.kind.title(), {})
        return found

    @property
    def caller(self) -> iam.Caller:
        """The caller as policies see it, with the tags of the user or role."""
        if unlimited(self.identity):
            return policy_caller(self.identity)
        return policy_caller(
            self.identity, {tag["Key"]: tag["Value"] for tag in self._itself.get("Tags", [])}
        )

    def _read(self, operation: str, **who: str) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = getattr(self._iam, operation)(**who)
        except self._iam.exceptions.NoSuchEntityException:
            return {}
        return answer

    def key_policy(self, arn: str) -> iam.Policy:
        """A KMS key's policy; for a key that is not known yet the default one, which leaves it to IAM."""
        if arn not in self._keys:
            self._keys[arn] = iam.parse(self._key_document(arn), "resource")
        return self._keys[arn]

    def tags(self, arn: str) -> Mapping[str, str]:
        """The tags of a key or of a thing of EC2: resources that others' operations are asked about too."""
        _, _, service, region, account, resource = arn.split(":", 5)
        kind, _, name = resource.partition("/")
        if "*" in name or not name:
            return {}
        client = self._call.client(service, region=region, identity=administrator(account))
        try:
            if service == "kms":
                found = client.list_resource_tags(KeyId=arn)["Tags"] if kind == "key" else []
                return {tag["TagKey"]: tag["TagValue"] for tag in found}
            found = client.describe_tags(Filters=[{"Name": "resource-id", "Values": [name]}])["Tags"]
        except client.exceptions.ClientError:  # it is not there yet, or no more
            return {}
        return {tag["Key"]: tag["Value"] for tag in found}

    def _key_document(self, arn: str) -> Document | str:
        _, partition, _, region, account, resource = arn.split(":", 5)
        if "*" not in resource:
            client = self._call.client("kms", region=region, identity=administrator(account))
            try:
                text: str = client.get_key_policy(KeyId=arn, PolicyName="default")["Policy"]
            except client.exceptions.NotFoundException:
                pass
            else:
                return text
        principal = {"AWS": f"arn:{partition}:iam::{account}:root"}
        statement = {"Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*"}
        return {"Version": "2012-10-17", "Statement": [statement]}


def service_control(call: Call, account: str) -> list[list[str]]:
    """The organisation's policies over an account, level by level from the root; none where none apply."""
    own = call.client("organizations", identity=administrator(account))
    try:
        management = own.describe_organization()["Organization"]["MasterAccountId"]
    except own.exceptions.AWSOrganizationsNotInUseException:
        return []
    if management == account:  # the management account is never limited by them
        return []
    client = call.client("organizations", identity=administrator(management))
    root = client.list_roots()["Roots"][0]
    enabled = {kind["Type"]: kind["Status"] for kind in root.get("PolicyTypes", [])}
    if enabled.get("SERVICE_CONTROL_POLICY") != "ENABLED":
        return []
    nodes = [account]
    while nodes[0] != root["Id"]:
        nodes.insert(0, client.list_parents(ChildId=nodes[0])["Parents"][0]["Id"])
    return [_attached_to(client, node) for node in nodes]


def _attached_to(client: Any, node: str) -> list[str]:
    found = client.list_policies_for_target(TargetId=node, Filter="SERVICE_CONTROL_POLICY")["Policies"]
    return [client.describe_policy(PolicyId=each["Id"])["Policy"]["Content"] for each in found]


class Identities(Mapping[str, "Known"]):
    """The roles, users and groups of an account by name, asked for one at a time."""

    def __init__(self, call: Call, account: str) -> None:
        self._iam = call.client("iam", identity=administrator(account))

    def __getitem__(self, name: str) -> Known:
        from generator.local.iam.permissions import Known

        for kind in ("Role", "User", "Group"):
            try:
                found = getattr(self._iam, f"get_{kind.lower()}")(**{f"{kind}Name": name})[kind]
            except ClientError:  # no such identity, or no name of one
                continue
            boundary = found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", "")
            return Known(found["Arn"], boundary)
        raise KeyError(name)

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        raise TypeError("the identities of an account are asked for by name, not listed")

    def __len__(self) -> int:
        raise TypeError("the identities of an account are asked for by name, not counted")
