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
SESSION = "catalog-publisher"  # how CloudTrail names us

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

    def __init__(
        self,
        session_of: Callable[[str], boto3.Session],
        patience: float,
        assume: Callable[[str], Sessions] | None = None,
    ) -> None:
        self._session_of, self._assume = session_of, assume
        self._clients: dict[tuple[str, str], Any] = {}
        self._assumed: dict[str, Sessions] = {}
        self.patience = patience

    def as_role(self, arn: str) -> Sessions:
        """Sessions as another role, which these may assume."""
        if self._assume is None:
            raise TypeError("these sessions assume no role")
        if arn not in self._assumed:
            with told(f"assume {arn}"):
                self._assumed[arn] = self._assume(arn)
        return self._assumed[arn]

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

    def assume(arn: str) -> Sessions:
        sts: Any = aws.session(target.home_region).client("sts")
        sts.assume_role(
            RoleArn=arn, RoleSessionName=SESSION
        )  # whether there is such a role, and it trusts us
        return Sessions(lambda region: aws.session_as(arn, region), patience=0.05)

    return Sessions(aws.session, patience=0.05, assume=assume)


def real_sessions(target: Target) -> Sessions:
    """Sessions with the user's own credentials, as the target's role where it names one."""
    with told("credentials"):
        base = boto3.Session(profile_name=target.spec.profile or None)
    own: list[boto3.Session] = [] if target.spec.role else [base]

    def session_of(_region: str) -> boto3.Session:
        if not own:
            own.append(_assume(base, target.spec.role, target.home_region))
        return own[0]

    def assume(arn: str) -> Sessions:
        session = _assume(session_of(target.home_region), arn, target.home_region)
        return Sessions(lambda _region: session, patience=1.0)

    return Sessions(session_of, patience=1.0, assume=assume)


def _assume(base: boto3.Session, role: str, region: str) -> boto3.Session:
    """A session whose credentials renew themselves: a long publish outlives the hour of an assumed role."""
    from botocore.credentials import DeferredRefreshableCredentials, create_assume_role_refresher

    sts = base.client("sts", region_name=region, config=CONFIG)
    refresher = create_assume_role_refresher(sts, {"RoleArn": role, "RoleSessionName": SESSION})
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
