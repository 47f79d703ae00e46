"""Starts a job at Jenkins when EventBridge tells of an approved model.

Raises whatever goes wrong: Lambda tries the event again, then leaves it in the dead-letter queue, where an alarm sees it. A
job that is started twice for one event deploys the same version again, which changes nothing.
"""

from __future__ import annotations

import logging
import os
from typing import Any

import urllib3

from .custom_resource import Deadline, LambdaContext
from .servers import Connections, Credentials, connect, credentials, https, patience

logger = logging.getLogger(__name__)

_LONGEST_MESSAGE = 300


class NotStarted(Exception):
    """Jenkins did not take the job; the message says what it answered."""


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    deadline = Deadline(context.get_remaining_time_in_millis() / 1000)
    version = event["detail"]["ModelPackageArn"]
    known = credentials(os.environ["CREDENTIALS_SECRET_ARN"])
    place = start(os.environ["JENKINS_JOB_URL"], {"MODEL_PACKAGE_ARN": version}, known, deadline)
    logger.info("started", extra={"model_package": version, "queue_item": place})


def start(job: str, parameters: dict[str, str], known: Credentials, deadline: Deadline) -> str:
    """Start the job at an address, in a folder or not; the address of its place in Jenkins' queue."""
    url = f"{https(job)}/buildWithParameters"
    server = job.partition("/job/")[0]
    headers = urllib3.util.make_headers(basic_auth=f"{known.username}:{known.token}")
    with connect(known) as connections:
        answer = _post(connections, url, parameters, headers, deadline)
        if answer.status == 403 and b"crumb" in answer.data.lower():
            # API tokens need none by default, but a server may ask everybody; a crumb is bound to its session.
            crumb = _crumb(connections, server, headers, deadline)
            answer = _post(connections, url, parameters, headers | crumb, deadline)
    if answer.status != 201:
        said = answer.data.decode("utf-8", "replace")[:_LONGEST_MESSAGE]
        raise NotStarted(f"Jenkins answered {answer.status} to the start of {job}: {said}")
    return str(answer.headers.get("Location", ""))


def _post(
    connections: Connections,
    url: str,
    parameters: dict[str, str],
    headers: dict[str, str],
    deadline: Deadline,
) -> urllib3.BaseHTTPResponse:
    return connections.request(
        "POST",
        url,
        fields=parameters,
        encode_multipart=False,
        headers=headers,
        timeout=patience(deadline),
    )


def _crumb(
    connections: Connections, server: str, headers: dict[str, str], deadline: Deadline
) -> dict[str, str]:
    address = f"{server}/crumbIssuer/api/json"
    answer = connections.request("GET", address, headers=headers, timeout=patience(deadline))
    if answer.status != 200:
        raise NotStarted(f"Jenkins asks for a crumb, but answered {answer.status} when asked for one")
    issued = answer.json()
    session = "; ".join(cookie.partition(";")[0] for cookie in answer.headers.getlist("Set-Cookie"))
    return {issued["crumbRequestField"]: issued["crumb"], **({"Cookie": session} if session else {})}
