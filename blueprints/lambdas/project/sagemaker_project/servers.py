"""Reaching servers outside AWS: their credentials from Secrets Manager, and https with the certificates they need.

Owns how a secret is read and how requests are verified, timed and repeated. A secret never leaves memory: not in a log, a
message or an address.
"""

from __future__ import annotations

import json
import ssl
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

import boto3
import urllib3
from botocore.config import Config
from botocore.exceptions import ClientError

from .custom_resource import Deadline

CONFIG = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 6})

# What a server or the proxy before it answers when it is worth asking again.
_BUSY = (429, 502, 503, 504)


class Unusable(Exception):
    """An address or a secret cannot be used as it is; the message says what is wrong, never what it holds."""


@dataclass(frozen=True)
class Credentials:
    """Who the functions are at a server."""

    username: str
    token: str = field(repr=False)
    ca_bundle: str = field(
        default="", repr=False
    )  # PEM, of a server whose certificate no public authority signed


class _Retry(urllib3.Retry):
    """Growing pauses while a server is busy or away; a certificate that is not trusted stays so."""

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: urllib3.BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: Any = None,
        _stacktrace: Any = None,
    ) -> Self:
        if isinstance(error, urllib3.exceptions.SSLError):
            raise Unusable(
                f"The server's certificate is not trusted: {error}. Put the certificates of its authority, in PEM format, into "
                "the secret as ca_bundle."
            ) from None
        return super().increment(method, url, response, error, _pool, _stacktrace)


def credentials(secret_arn: str) -> Credentials:
    """The credentials in a secret: a JSON object with the texts username and token, and perhaps ca_bundle.

    Raises:
        Unusable: it is none, or may not be read.
    """
    try:
        text = secret(secret_arn)
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDeniedException":
            raise
        raise Unusable(
            f"The secret {secret_arn} may not be read. Its tag catalog:server must hold the host of the server's address, with "
            "the port if there is one; without the tag it is not for a server. Whoever owns it adds that, then repeat the operation."
        ) from None
    try:
        held: Any = json.loads(text)
    except ValueError:
        held = None
    if not isinstance(held, dict) or not all(
        isinstance(held.get(key), str) and held[key] for key in ("username", "token")
    ):
        raise Unusable(
            f'The secret {secret_arn} is no JSON object of the form {{"username": "…", "token": "…"}}. '
            "Correct it in Secrets Manager, then repeat the operation."
        )
    bundle = held.get("ca_bundle", "")
    if not isinstance(bundle, str):
        raise Unusable(
            f"ca_bundle in the secret {secret_arn} is no text; it holds certificates in PEM format."
        )
    return Credentials(held["username"], held["token"], bundle)


def secret(arn: str) -> str:
    """The text of a secret."""
    found = boto3.client("secretsmanager", config=CONFIG).get_secret_value(SecretId=arn)
    return str(found.get("SecretString", ""))


_REPEATED = 5  # times
PATIENT = _Retry(
    total=_REPEATED,
    redirect=0,
    raise_on_redirect=False,
    raise_on_status=False,
    backoff_factor=0.5,
    backoff_max=20,
    retry_after_max=20,
    status_forcelist=_BUSY,
    allowed_methods=None,
)
# For a caller that repeats more than one request. Credentials do not follow a redirect to another host.
ONCE = _Retry(
    total=None,
    connect=0,
    read=0,
    other=0,
    status=0,
    redirect=3,
    status_forcelist=(500, *_BUSY),
    allowed_methods=None,
)


class Connections(urllib3.PoolManager):
    """Connections to one server; as a context manager it closes them."""

    def urlopen(self, method: str, url: str, *arguments: Any, **named: Any) -> urllib3.BaseHTTPResponse:
        answer = super().urlopen(method, url, *arguments, **named)
        if answer.status >= 300:
            answer.drain_conn()  # dulwich drops such answers unread, and their connections with them
        return answer


LONGEST_READ = 60.0


def patience(deadline: Deadline) -> urllib3.Timeout:
    """The time-outs of one patient request, within what is left."""
    seconds = deadline.patience(1 + _REPEATED, LONGEST_READ)
    return urllib3.Timeout(connect=min(5.0, seconds), total=seconds)


def connect(known: Credentials, retries: urllib3.Retry = PATIENT) -> Connections:
    """Connections that verify certificates."""
    context = ssl.create_default_context()
    if known.ca_bundle:
        try:
            context.load_verify_locations(cadata=known.ca_bundle)
        except (ssl.SSLError, ValueError):
            raise Unusable("ca_bundle in the secret holds no certificates in PEM format.") from None
    timeout = urllib3.Timeout(connect=5.0, read=LONGEST_READ)
    return Connections(ssl_context=context, retries=retries, timeout=timeout)


def https(address: str) -> str:
    """The address without a slash at its end.

    Raises:
        Unusable: it is not https, or holds a password.
    """
    parts = urlsplit(address)
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise Unusable(
            f"{parts.hostname or 'The server'} must be addressed as https://host or https://host/path, without a password."
        )
    return address.rstrip("/")
