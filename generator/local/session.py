"""boto3 sessions whose every call is answered in this process.

Nothing of the user reaches them: no `~/.aws`, no AWS_* variable, no network. Only botocore's `before-send` hook is
used, on the session's own clients.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES, ConstantProvider

from generator.local.identity import SECRET
from generator.local.models import loader
from generator.local.wire import Request, Response

Answer = Callable[[Request], Response]


def session(answer: Answer, access_key: str, region: str) -> boto3.Session:
    """A session of this region and access key."""
    base = botocore.session.Session()
    store = base.get_component("config_store")
    for name, (_, _, default, _) in BOTOCORE_DEFAUT_SESSION_VARIABLES.items():
        store.set_config_provider(name, ConstantProvider(default))
    for name, value in _FIXED.items():
        store.set_config_provider(name, ConstantProvider(value))
    store.set_config_provider("region", ConstantProvider(region))
    base.register_component("data_loader", loader())
    base.set_credentials(access_key, SECRET)

    def before_send(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        response = answer(_received(request))
        return AWSResponse(
            request.url, response.status, HTTPHeaders.from_dict(response.headers), _Raw(response.body)
        )

    # First, because moto adds a hook of its own to every session once it is imported.
    base.get_component("event_emitter").register_first("before-send", before_send)
    return boto3.Session(botocore_session=base, region_name=region)


_FIXED: dict[str, Any] = {
    "config_file": "/dev/null",
    "credentials_file": "/dev/null",
    "profile": None,
    "data_path": None,
    "s3": {},
    "proxies_config": None,
    "defaults_mode": "legacy",
    "ignore_configured_endpoint_urls": True,
}


def _received(request: AWSPreparedRequest) -> Request:
    headers = {
        name.lower(): value.decode() if isinstance(value, bytes) else str(value)
        for name, value in request.headers.items()
    }
    body = request.body or b""
    if hasattr(body, "read"):
        body = body.read()
    return Request(
        request.method, request.url, headers, body.encode() if isinstance(body, str) else bytes(body)
    )


class _Raw(io.BytesIO):
    """A body as botocore reads it from urllib3."""

    def stream(self, amount: int = 65536, **_: Any) -> Iterator[bytes]:
        while chunk := self.read(amount):
            yield chunk
