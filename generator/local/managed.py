"""AWS's own managed policies, which every account has: put into moto's IAM when a request first names them.

moto knows their documents, and would load all of them for every account.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any, Final
from urllib.parse import unquote
from zlib import crc32

from generator.local.wire import Request

_NAMED: Final = re.compile(rb"(arn%3A(aws[\w-]*)%3Aiam%3A%3Aaws%3Apolicy%2F[^&]+)")


def bring(request: Request, account: str, backends: Any) -> None:
    """Have the policies that a request names in the account; those that AWS does not have stay unknown."""
    from moto.iam.models import AWSManagedPolicy
    from moto.moto_api._internal import mock_random

    for found in _NAMED.finditer(request.body):
        arn, partition = unquote(found[1].decode()), found[2].decode()
        backend = backends[account][partition]
        facts = _all().get(arn.rpartition("/")[2])
        if arn in backend.managed_policies or facts is None:
            continue
        mock_random.seed(crc32(arn.encode()))  # the same id in every process, whoever names it first
        policy = AWSManagedPolicy.from_data(arn.rpartition("/")[2], account, partition, facts)
        if policy.arn == arn:
            backend.managed_policies[arn] = policy
            backend.aws_managed_policies.append(policy)


def names_any(request: Request) -> bool:
    """Whether a request is about one of them."""
    return b"%3Aiam%3A%3Aaws%3Apolicy%2F" in request.body


@cache
def _all() -> dict[str, Any]:
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    found: dict[str, Any] = json.loads(aws_managed_policies_data)
    return found
