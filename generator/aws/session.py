"""Sessions and clients: where credentials come from, how calls are logged and retried, how failures are told."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
)
from botocore.exceptions import (
    ConnectionError as BotoConnectionError,
)

from generator.catalogue import Target
from generator.errors import AwsError, Problem, Where

log = logging.getLogger("catalog.aws")

# AWS throttles Service Catalog at a few calls a second; ThrottlingException is not in its model, and happens.
CONFIG = Config(retries={"mode": "standard", "max_attempts": 10}, user_agent_extra="catalog-factory")

REMEDIES = {
    "AccessDenied": "`catalog plan --policy` prints the permissions that the publisher needs.",
    "AccessDeniedException": "`catalog plan --policy` prints the permissions that the publisher needs.",
    "UnauthorizedOperation": "`catalog plan --policy` prints the permissions that the publisher needs.",
    "ExpiredToken": "Renew the credentials, e.g. aws sso login.",
    "ExpiredTokenException": "Renew the credentials, e.g. aws sso login.",
    "InvalidClientTokenId": "The credentials are not valid; check AWS_ACCESS_KEY_ID or the profile.",
    "UnrecognizedClientException": "The credentials are not valid there; check them, and that the region is enabled.",
    "ThrottlingException": "AWS limits the rate; run again, publishing goes on where it stopped.",
    "Throttling": "AWS limits the rate; run again, publishing goes on where it stopped.",
    "LimitExceededException": "Ask for a higher quota, or remove what is no longer used.",
}


class Sessions:
    """Clients by service and region, made once, each of whose calls is logged with its request id."""

    # Seconds that the first wait for AWS to settle takes; the local AWS needs none.
    patience: float

    def __init__(self, session_of: Callable[[str], boto3.Session], patience: float) -> None:
        self._session_of = session_of
        self._clients: dict[tuple[str, str], Any] = {}
        self.patience = patience

    def client(self, service: str, region: str) -> Any:
        key = (service, region)
        if key not in self._clients:
            with told(f"{service} in {region}"):
                client = self._session_of(region).client(service, region_name=region, config=CONFIG)  # type: ignore[call-overload]  # the stubs want a literal
            client.meta.events.register("after-call", _log_call)
            self._clients[key] = client
        return self._clients[key]


def _log_call(http_response: Any, parsed: Any, model: Any, **_: Any) -> None:
    metadata = parsed.get("ResponseMetadata", {})
    error = parsed.get("Error", {}).get("Code", "")
    retries = metadata.get("RetryAttempts") or 0
    log.info(
        "%s:%s %s%s request %s%s",
        model.service_model.service_name,
        model.name,
        http_response.status_code,
        f" {error}" if error else "",
        metadata.get("RequestId", "-"),
        f" after {retries} retries" if retries else "",
    )


def local_sessions(target: Target, state: Path) -> Sessions:
    """Sessions answered by the local AWS in this process."""
    from generator import local

    aws = local.open_state(state, account=target.spec.account)
    return Sessions(aws.session, patience=0.05)


def real_sessions(target: Target) -> Sessions:
    """Sessions with the user's own credentials, as the target's role where it names one."""
    with told("credentials"):
        base = boto3.Session(profile_name=target.spec.profile or None)
    if not target.spec.role:
        return Sessions(lambda _region: base, patience=1.0)
    assumed: list[boto3.Session] = []

    def session_of(_region: str) -> boto3.Session:
        if not assumed:
            assumed.append(_assume(base, target))
        return assumed[0]

    return Sessions(session_of, patience=1.0)


def _assume(base: boto3.Session, target: Target) -> boto3.Session:
    """A session whose credentials renew themselves: a long publish outlives the hour of an assumed role."""
    from botocore.credentials import DeferredRefreshableCredentials, create_assume_role_refresher

    sts = base.client("sts", region_name=target.home_region, config=CONFIG)
    refresher = create_assume_role_refresher(
        sts, {"RoleArn": target.spec.role, "RoleSessionName": "catalog-publisher"}
    )
    session = botocore.session.Session()
    session._credentials = DeferredRefreshableCredentials(refresher, "assume-role")  # type: ignore[attr-defined]  # botocore has no public way
    return boto3.Session(botocore_session=session)


@contextmanager
def told(what: str) -> Iterator[None]:
    """Turn what boto3 raises into an AwsError that says what to do; secrets are in none of its messages."""
    try:
        yield
    except ClientError as error:
        raise from_client_error(error) from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise AwsError(
            Problem(
                Where("aws"),
                f"no AWS credentials ({error})",
                "Set AWS_PROFILE or the AWS_ACCESS_KEY_ID variables, or publish to the local AWS: --target local.",
            )
        ) from error
    except ProfileNotFound as error:
        raise AwsError(
            Problem(Where("aws"), str(error), "Add it to ~/.aws/config, or correct `profile:`.")
        ) from error
    except (BotoConnectionError, HTTPClientError) as error:
        raise AwsError(
            Problem(
                Where(f"aws {what}"), f"AWS cannot be reached ({error})", "Check the network, then run again."
            )
        ) from error
    except BotoCoreError as error:
        raise AwsError(Problem(Where(f"aws {what}"), str(error), "Check the AWS configuration.")) from error


def from_client_error(error: ClientError) -> AwsError:
    code = str(error.response["Error"].get("Code", "Unknown"))
    message = str(error.response["Error"].get("Message", "")).strip().rstrip(".")
    request = error.response.get("ResponseMetadata", {}).get("RequestId", "unknown")
    remedy = REMEDIES.get(code, "")
    return AwsError(
        Problem(Where(f"aws {error.operation_name}"), f"{code}: {message} (request {request})", remedy)
    )
