"""What a request to S3 asks of IAM, and what the bucket's policy says to it, before moto sees the request.

moto reads no conditions, so that the usual "TLS only" statement would shut everybody out there; its verdict is
switched off (`bucketpolicy`). A request that deletes many objects is refused as a whole where one of them may not go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

from generator.local import iam
from generator.local.authorization.question import Question, denied
from generator.local.bucketpolicy import action
from generator.local.iam.conditions import Value
from generator.local.identity import EVERYTHING, policy_caller
from generator.local.service import Call
from generator.local.wire import Request

_KEY = re.compile(rb"<Key>([^<]*)</Key>")
_LISTED = {"prefix": "s3:prefix", "delimiter": "s3:delimiter", "max-keys": "s3:max-keys"}
_HEADERS = {
    "x-amz-acl": "s3:x-amz-acl",
    "x-amz-server-side-encryption": "s3:x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id": "s3:x-amz-server-side-encryption-aws-kms-key-id",
}


def check(call: Call, request: Request, bucket: str, owner: str | None, policy: str | None) -> None:
    """Raises AccessDenied when the bucket's policy or the caller's own do not let the request through."""
    if owner is None and not call.judged:
        return
    if call.judged:
        from generator.local.attached import Attached

        attached = Attached(call, call.identity)
        caller, own = attached.caller, attached.policies()
    else:
        caller, own = policy_caller(call.identity), iam.Policies.of(identity=[EVERYTHING])
    applied = replace(own, resource=None if policy is None else iam.parse(policy, "resource"))
    for question in _questions(request, bucket):
        resource_account = owner or call.account
        decision = iam.evaluate(
            iam.Request(
                caller,
                question.action,
                question.resource,
                {"aws:SecureTransport": True, "aws:RequestedRegion": call.region, **question.context},
                resource_account=resource_account,
            ),
            applied,
        )
        if not decision.allowed:
            # S3 tells why to callers of the bucket's own account only, and with the resource in quotes.
            told = call.judged and resource_account == call.account
            raise denied("s3", _quoted(iam.message(decision)) if told else "Access Denied")


def _quoted(said: str) -> str:
    return re.sub(r"on resource: (\S+)", r'on resource: "\1"', said)


def _questions(request: Request, bucket: str) -> Iterator[Question]:
    parts = urlsplit(request.url)
    path = parts.path.lstrip("/")
    key = unquote(path if parts.netloc.startswith(f"{bucket}.") else path.partition("/")[2])
    query = parse_qs(parts.query, keep_blank_values=True)
    if not bucket:
        yield Question("s3:ListAllMyBuckets")
        return
    on = f"arn:aws:s3:::{bucket}"
    if request.method == "POST" and "delete" in query:
        for deleted in _KEY.findall(request.body):
            yield Question("s3:DeleteObject", f"{on}/{deleted.decode()}")
        return
    needed = action(request, key)
    context: dict[str, Value] = {}
    if needed in ("s3:ListBucket", "s3:ListBucketVersions"):
        context = {_LISTED[name]: values[0] for name, values in query.items() if name in _LISTED}
    if needed == "s3:PutObject":
        context = {name: request.headers[each] for each, name in _HEADERS.items() if each in request.headers}
    yield Question(needed, f"{on}/{key}" if key else on, context)
    if needed == "s3:PutObject" and (tags := request.headers.get("x-amz-tagging")):
        given = {f"s3:RequestObjectTag/{name}": value for name, value in parse_qsl(tags)}
        yield Question("s3:PutObjectTagging", f"{on}/{key}", given)
    if source := request.headers.get("x-amz-copy-source"):
        yield Question("s3:GetObject", f"arn:aws:s3:::{unquote(source).lstrip('/').partition('?')[0]}")
