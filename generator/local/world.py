"""moto's services as a world of their own: mounted while they answer, journaled, and rebuilt in other processes.

moto keeps its backends in module globals. A `World` puts its own there for the time of a call, under one lock of the
process, so that several local AWSs can live in one process and nobody else's use of moto is disturbed. Everything here
runs under a transaction of the state; what is written to disk is `journal.py`'s.
"""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from generator.local import bucketevents, bucketpolicy, clock, managed
from generator.local.service import ServiceError
from generator.local.wire import Request, Response

if TYPE_CHECKING:
    from moto.core.base_backend import BackendDict

# What every BackendDict has; a subclass's further attributes (S3's owners of buckets, the organisations' management
# accounts) are state as well, although they lie outside the dictionary.
BASE_ATTRIBUTES = frozenset({"backend", "service_name", "_use_boto3_regions", "_additional_regions", "_id"})
Content = dict[str, tuple[dict[str, Any], dict[str, Any]]]  # service -> accounts, further attributes
_globals = threading.RLock()


@dataclass(frozen=True)
class Seed:
    """What makes a replay give the same ids and times."""

    number: int
    time: float


class World:
    """moto's backends of one local AWS."""

    def __init__(self) -> None:
        self._content: Content = {}
        self._depth = 0

    @contextmanager
    def mounted(self) -> Iterator[None]:
        """Make moto's globals ours for a while; what was there comes back."""
        with _globals:
            if self._depth:
                yield
                return
            others = _take()
            _put(self._content)
            self._depth = 1
            try:
                yield
            finally:
                self._depth = 0
                self._content = _take()
                _put(others)

    def perform(self, request: Request, account: str, seed: Seed) -> Response:
        """One request to moto, with the ids and the time that the seed says."""
        from moto.moto_api._internal import mock_random

        with self.mounted(), clock.frozen(seed.time):
            if managed.names_any(request):
                managed.bring(request, account, _backends("iam"))
            mock_random.seed(seed.number)
            return _ask(request, account)

    def bucket_owner(self, bucket: str) -> str | None:
        """The account that has this bucket."""
        _, attributes = self._content.get("s3", ({}, {}))
        found = attributes.get("bucket_accounts", {}).get(bucket)
        return None if found is None else str(found[1])

    def bucket_policy(self, bucket: str, owner: str) -> str | None:
        """The policy of a bucket, as it was put."""
        accounts, _ = self._content.get("s3", ({}, {}))
        policies = [
            backend.buckets[bucket].policy
            for backend in accounts.get(owner, {}).values()
            if bucket in backend.buckets
        ]
        found = policies[0] if policies else None
        return found.decode() if isinstance(found, bytes) else found

    def content(self) -> Content:
        """All that this world holds, alive."""
        return self._content

    def replace(self, content: Content) -> None:
        """Become what a snapshot holds."""
        with _globals:
            dispose(self._content)
            self._content = content


def _take() -> Content:
    """Everything out of moto's globals."""
    found: Content = {}
    for backends in _loaded():
        attributes = {name: value for name, value in vars(backends).items() if name not in BASE_ATTRIBUTES}
        if backends or any(attributes.values()):
            found[backends.service_name] = dict(backends.items()), attributes
        backends.clear()
        for name, value in attributes.items():
            setattr(backends, name, type(value)())
    _instances().clear()
    return found


def _put(content: Content) -> None:
    for service, (accounts, attributes) in content.items():
        backends = _backends(service)
        for account, regions in accounts.items():
            backends[account] = regions
        vars(backends).update(attributes)
        _instances().append(backends)


def _instances() -> list[Any]:
    if "moto.core.base_backend" not in sys.modules:
        return []
    found: list[Any] = sys.modules["moto.core.base_backend"].BackendDict._instances
    return found


def dispose(content: Content) -> None:
    """Close the temporary files behind S3's objects, which moto warns about otherwise."""
    for regions in content.get("s3", ({}, {}))[0].values():
        for backend in regions.values():
            for bucket in [*backend.buckets.values(), *backend.table_buckets.values()]:
                for _, versions in bucket.keys.lists():
                    for key in versions:
                        if hasattr(key, "dispose"):
                            key.dispose()
                for part in bucket.multiparts.values():
                    part.dispose()


def _loaded() -> list[BackendDict[Any]]:
    """The backends in moto's globals that hold something, S3's owners of buckets included."""
    found = [
        getattr(sys.modules[module], name)
        for module, name in (
            ("moto.s3.models", "s3_backends"),
            ("moto.organizations.models", "organizations_backends"),
        )
        if module in sys.modules
    ]
    found += [backends for backends in _instances() if all(backends is not other for other in found)]
    return found


@cache
def _backends(service: str) -> BackendDict[Any]:
    from moto.backends import get_backend

    found: BackendDict[Any] = get_backend(service)  # type: ignore[call-overload]  # overloads of literals only
    clock.govern(found.backend.__module__.rpartition(".")[0])
    if service == "s3":
        bucketpolicy.silence_moto()
        bucketevents.silence_moto()
    return found


@cache
def _routes(service: str) -> list[tuple[re.Pattern[str], Any]]:
    """The URL patterns of a service and who answers them."""
    kind: Any = _backends(service).backend
    # Its URLs are the class's; making a real backend would fill the world (EC2 makes a default VPC).
    return [(re.compile(url), handler) for url, handler in object.__new__(kind).urls.items()]


def _service_of(url: str) -> str | None:
    from moto import backend_index

    return next((name for name, pattern in backend_index.backend_url_patterns if pattern.match(url)), None)


def _ask(request: Request, account: str) -> Response:
    from moto.core.request import Request as MotoRequest
    from werkzeug.exceptions import HTTPException

    parts = urlsplit(request.url)
    clean = f"{parts.scheme}://{parts.netloc}{parts.path}"
    service = _service_of(clean)
    if service is None:
        raise ServiceError("InvalidAction", f"the local AWS has no service at {parts.netloc}", 501)
    headers = {**request.headers, "x-moto-account-id": account}
    asked = MotoRequest.from_primitives(request.method, request.url, headers, request.body)
    try:
        handler = next((handler for pattern, handler in _routes(service) if pattern.match(clean)), None)
        if handler is None:
            raise NotImplementedError(f"{request.method} {parts.path}")
        status, answered, body = handler(asked, asked.raw_url, asked.headers)
    except HTTPException as error:
        status, answered, body = error.code or 500, dict(error.get_headers()), error.get_body()
    except ImportError as error:  # a service whose further requirements are not installed
        message = f"the local AWS cannot run {service}: {error}"
        raise ServiceError("NotImplemented", message, 501) from error
    except NotImplementedError as error:
        raise ServiceError(
            "NotImplemented", f"the local AWS's {service} cannot do this: {error}", 501
        ) from error
    content = body.encode() if isinstance(body, str) else bytes(body)
    return Response(status, {str(k): str(v) for k, v in answered.items()}, content)
