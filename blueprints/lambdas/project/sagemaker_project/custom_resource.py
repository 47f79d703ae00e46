"""Answering CloudFormation: every request gets exactly one answer, whatever happens to the work.

Owns the protocol of Lambda-backed custom resources and the time there is. A request without an answer holds its stack
until the service timeout, so errors, too little time included, are answers too.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import urllib3

logger = logging.getLogger(__name__)

MARGIN = 30.0  # seconds left for the answer
LONGEST_REASON = 2000  # of the 4,096 bytes that CloudFormation takes

# CloudFormation's bucket answers 5xx or not at all now and then; an answer may be given twice.
_RETRIES = urllib3.Retry(
    total=6, backoff_factor=0.5, status_forcelist=(500, 502, 503, 504), allowed_methods=("PUT",)
)


class LambdaContext(Protocol):
    """The part of Lambda's context that is used here."""

    log_stream_name: str

    def get_remaining_time_in_millis(self) -> int: ...


class OutOfTime(Exception):
    """The function's time is nearly over, the work is not."""


class Deadline:
    """The time that is left for work, with the answer's share set aside."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds - MARGIN

    def check(self) -> None:
        if time.monotonic() >= self._end:
            raise OutOfTime("There was more to do than one run of the function can. Repeat the operation.")

    def patience(self, tries: int, longest: float) -> float:
        """Seconds for one of so many tries of a request, so that all of them, and their pauses, fit into what is left."""
        self.check()
        return max(1.0, min(longest, (self._end - time.monotonic()) / (tries + 2)))

    def pauses(self, first: float = 0.2, longest: float = 10.0) -> Iterator[None]:
        """Wait between two looks at something, longer each time, until the time is over."""
        pause = first
        while True:
            self.check()
            time.sleep(pause)
            yield
            pause = min(2 * pause, longest)


def serve(
    event: dict[str, Any], context: LambdaContext, identity: str, work: Callable[[Deadline], None]
) -> None:
    """Do the work of one request and answer it.

    `identity` is the physical id. It is the same for all requests of one resource: another one after an update would
    make CloudFormation ask for the deletion of the first.
    """
    request = {key: event.get(key) for key in ("RequestType", "RequestId", "LogicalResourceId")}
    try:
        work(Deadline(context.get_remaining_time_in_millis() / 1000))
    except Exception as error:  # whatever it is, the stack waits for an answer
        logger.exception("failed", extra=request)
        status, reason = "FAILED", f"{type(error).__name__}: {error}"
    else:
        logger.info("done", extra=request)
        status, reason = "SUCCESS", ""
    _answer(event, context, identity, status, reason)


def _answer(event: dict[str, Any], context: LambdaContext, identity: str, status: str, reason: str) -> None:
    body = {
        "Status": status,
        "Reason": f"{reason[:LONGEST_REASON]} (log stream {context.log_stream_name})".lstrip(),
        "PhysicalResourceId": identity,
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
    }
    # The address is signed for a request without a content type.
    answer = urllib3.request(
        "PUT", event["ResponseURL"], body=json.dumps(body).encode(), retries=_RETRIES, timeout=10.0
    )
    if answer.status >= 300:
        # Raised, so that Lambda tries the whole request again: the work is idempotent.
        raise ConnectionError(f"CloudFormation's answer was not taken: HTTP {answer.status}")
