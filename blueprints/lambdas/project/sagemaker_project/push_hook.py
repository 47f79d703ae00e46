"""Takes a git server's word that somebody pushed: checks that it is the server's, and leaves a message for `push_source`.

Servers wait seconds only for the answer to a hook, so that the work is another function's. GitLab proves itself by a token;
GitHub, Gitea, Forgejo and Bitbucket sign what they send with it.
"""

from __future__ import annotations

import hmac
import json
import logging
import os
from base64 import b64decode
from hashlib import sha256
from typing import Any

import boto3

from .servers import CONFIG, secret

logger = logging.getLogger(__name__)

_SIGNATURES = ("x-hub-signature-256", "x-hub-signature")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001  # Lambda's signature
    repository = event.get("pathParameters", {}).get("repository", "")
    branches: dict[str, str] = json.loads(os.environ["BRANCHES"])
    text = event.get("body") or ""
    body = b64decode(text) if event.get("isBase64Encoded") else text.encode()
    headers = {name.lower(): value for name, value in event.get("headers", {}).items()}
    if not proven(headers, body):
        logger.warning("refused", extra={"repository": repository})
        return _answer(401, "The token or signature is not the hook's.")
    if repository not in branches:
        return _answer(404, "No such repository.")
    try:
        ref = json.loads(body)["ref"]
    except (ValueError, KeyError, TypeError):
        return _answer(200, "Not a push; nothing to do.")
    if ref != f"refs/heads/{branches[repository]}":
        return _answer(200, f"Not a push to {branches[repository]}; nothing to do.")
    boto3.client("sqs", config=CONFIG).send_message(
        QueueUrl=os.environ["QUEUE_URL"],
        MessageBody=json.dumps({"repository": repository}),
        MessageGroupId=repository,
        # The same for a hook that is sent again, another for each push: the body names the commits before and after.
        MessageDeduplicationId=sha256(repository.encode() + b"\0" + body).hexdigest(),
    )
    logger.info("told", extra={"repository": repository})
    return _answer(202, "Taken.")


def proven(headers: dict[str, str], body: bytes) -> bool:
    """Whether the sender knows the secret; compared in constant time."""
    given = headers.get("x-gitlab-token")
    signature = next((headers[name] for name in _SIGNATURES if name in headers), None)
    if given is None and signature is None:
        return False
    key = secret(os.environ["HOOK_SECRET_ARN"]).encode()
    if given is not None:
        return hmac.compare_digest(given.encode(), key)
    expected = f"sha256={hmac.new(key, body, sha256).hexdigest()}"
    return hmac.compare_digest(str(signature).encode(), expected.encode())


def _answer(status: int, text: str) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps({"message": text}),
    }
