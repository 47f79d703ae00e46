"""Calls of Service Catalog, repeated while AWS settles: what was made a moment ago may be unknown for a while.

Owns how long to wait and for which errors. What a call is for, its caller knows.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from generator.aws.session import Sessions

ATTEMPTS = 8  # with doubling waits: two minutes on a real AWS
LATE = ("profile does not exist", "could not be found", "is not valid for this account")


class Calls:
    """Service Catalog's calls in one region."""

    def __init__(self, sessions: Sessions, region: str) -> None:
        self._sessions, self.region = sessions, region

    def call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """A call, repeated while IAM lags ("profile does not exist" right after a role is made)."""
        return self._repeat(operation, arguments, frozenset())

    def settle(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """A call that refers to what was made just before, which may still be unknown for a while."""
        return self._repeat(operation, arguments, frozenset({"ResourceNotFoundException"}))

    def unless_duplicate(self, operation: str, **arguments: Any) -> None:
        """Calls without a token: that it is there already is what a repeated change finds."""
        try:
            self.settle(operation, **arguments)
        except ClientError as error:
            if error.response["Error"]["Code"] != "DuplicateResourceException":
                raise

    def unless_gone(self, operation: str, **arguments: Any) -> None:
        """A removal, which a repeated change finds done."""
        try:
            self.call(operation, **arguments)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise

    def wait(self, attempt: int) -> None:
        """Between two looks at what AWS has begun."""
        time.sleep(self._sessions.patience * 2**attempt)

    def _repeat(self, operation: str, arguments: Mapping[str, Any], unseen: frozenset[str]) -> dict[str, Any]:
        client = self._sessions.client("servicecatalog", self.region)
        for attempt in range(ATTEMPTS):
            try:
                return dict(getattr(client, operation)(**arguments))
            except ClientError as error:
                code = error.response["Error"]["Code"]
                message = error.response["Error"].get("Message", "").lower()
                late = code == "InvalidParametersException" and any(word in message for word in LATE)
                if not (late or code in unseen) or attempt == ATTEMPTS - 1:
                    raise
                self.wait(attempt)
        raise AssertionError("the last attempt returns or raises")
