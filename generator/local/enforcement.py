"""What a stack's identity may do: the permissions that an operation needs, held against the policies that apply.

Owns the questions on the way of a stack: one for each need of a resource operation, and those of Service Catalog's own
calls. What is needed is the reviewed data's (`iam.permissions`), the answer the evaluator's.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from botocore.exceptions import ClientError

from generator.local import iam
from generator.local.attached import Attached, Identities
from generator.local.iam.conditions import Value
from generator.local.iam.permissions import Need, Operation, needed, reviewed, tagged
from generator.local.identity import unlimited
from generator.local.service import Call, Identity
from generator.local.stacks.access import Access, Denied
from generator.local.stacks.store import Store

log = logging.getLogger("catalog.local")
# CloudFormation's handlers read what they have made, changed or are about to delete.
_ASKED: dict[str, tuple[Operation, ...]] = {
    "create": ("create", "read"),
    "read": ("read",),
    "update": ("update", "read"),
    "delete": ("delete",),
}
_BECAUSE = re.compile(r"(because|with an explicit deny) .*")
_OBJECT = re.compile(r"arn:[\w-]+:s3:::(?P<bucket>[^/*]+)/(?P<key>[^*]+)")


class Guard:
    """Asks for one identity and one stack operation; keeps why it said no."""

    def __init__(self, call: Call, identity: Identity) -> None:
        self._call = call
        self._identity = identity
        self._attached = Attached(call, identity)
        self._known = Identities(call, identity.account)
        self._here: Mapping[str, Mapping[str, str]] = {}
        self.advice = ""

    def __call__(self, access: Access) -> None:
        """Permission for one operation on one resource; raises Denied."""
        if unlimited(self._identity):
            return
        if not reviewed(access.type):
            log.warning(
                "%s: the permissions of %s have not been reviewed; it is made without a check of the role",
                access.logical_id,
                access.type,
            )
            return
        self._here = self._made(access)
        for operation in _ASKED[access.verb]:
            self.require(
                needed(
                    operation,
                    access.type,
                    access.properties,
                    account=self._identity.account,
                    region=access.region,
                    physical_id=access.physical_id,
                    stack=access.stack_id,
                    previous=access.previous,
                    partition=self._call.partition,
                    known=self._known,
                )
            )

    def require(self, needs: Iterable[Need]) -> None:
        """Every one of these permissions; raises Denied for the first that is missing."""
        if unlimited(self._identity):
            return
        for need in needs:
            self._require(need)

    def _require(self, need: Need) -> None:
        caller = self._attached.caller
        request = iam.Request(caller, need.action, need.resource, self._context(need))
        try:
            policies = self._attached.policies()
            if request.uses_key:
                policies = replace(policies, resource=self._attached.key_policy(need.resource))
        except iam.MalformedPolicy as error:
            self._say(f"Correct the policy: {error}")
            why = "because a policy that applies is malformed"
            raise Denied(caller.arn, need.action, need.resource, why) from error
        decision = iam.evaluate(request, policies)
        if not decision.allowed:
            self._say(iam.advice(decision))
            because = _BECAUSE.search(iam.message(decision))
            raise Denied(caller.arn, need.action, need.resource, because[0] if because else "")
        if need.action == "s3:GetObject":
            self._read(need)

    def _context(self, need: Need) -> Mapping[str, Value]:
        """The need's own keys, and the tags of what it is about where it is another resource."""
        tags = self._here.get(need.resource)
        if tags is None and need.resource.split(":", 3)[2:3] in (["kms"], ["ec2"]):
            tags = self._attached.tags(need.resource)
        return {**{f"aws:ResourceTag/{key}": value for key, value in (tags or {}).items()}, **need.context}

    def _made(self, access: Access) -> dict[str, Mapping[str, str]]:
        """The tags of the stack's other resources by ARN, as they were made."""
        store = Store(self._call.tx, self._identity.account, access.region)
        return dict(
            tagged(
                each.type,
                each.properties,
                account=self._identity.account,
                region=access.region,
                physical_id=each.physical_id,
                partition=self._call.partition,
            )
            for each in store.resources(access.stack_id).values()
            if each.physical_id and each.logical_id != access.logical_id
        )

    def _say(self, advice: str) -> None:
        self.advice = self.advice or advice  # of the first denial: what follows it is rollback

    def _read(self, need: Need) -> None:
        """The bucket's side of reading an object: S3 itself knows its owner and its policy."""
        found = _OBJECT.fullmatch(need.resource)
        if found is None:
            return
        s3 = self._call.client("s3", identity=self._identity)
        try:
            s3.head_object(Bucket=found["bucket"], Key=found["key"])
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 403:
                return  # that it is not there is for its reader to say
            self._say(f"Let account {self._identity.account} read in the policy of bucket {found['bucket']}.")
            why = "because no resource-based policy allows the s3:GetObject action"
            raise Denied(self._attached.caller.arn, need.action, need.resource, why) from error
