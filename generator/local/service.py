"""The seam between the local AWS and the services built on it: what an operation gets and what it answers.

A service is a `Service` with one handler per operation. The engine (`app.py`) has already found the caller,
parsed the request by botocore's model and validated it; it serialises what the handler returns, or the
`ServiceError` it raises. A handler must not know about the wire.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from botocore.model import ServiceModel

    from generator.local.execution.runner import Runner
    from generator.local.state import State
    from generator.local.transaction import Tx
    from generator.local.weather import Forecast, Weather
    from generator.local.world import Content

Params = Mapping[str, Any]
Handler = Callable[["Call"], Mapping[str, Any]]
Mode = Literal["read", "write", "none"]
READS = ("Describe", "List", "Get", "Search", "Scan", "Validate", "Estimate", "Detect")


@dataclass(frozen=True)
class Identity:
    """Who calls: what STS would answer, and the role behind an assumed-role session."""

    account: str
    arn: str
    user_id: str
    role_arn: str = ""
    # Of a session: the documents or ARNs of the policies that it was limited by, and its tags.
    session_policies: tuple[str, ...] | None = None
    tags: tuple[tuple[str, str], ...] = ()

    @property
    def principal(self) -> str:
        """The ARN that policies and portfolio principals name: the role of a session, else the caller."""
        return self.role_arn or self.arn


class ServiceError(Exception):
    """An error as AWS gives it: code, message and HTTP status, with further members of its shape."""

    def __init__(self, code: str, message: str, status: int = 400, **members: Any) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.members = members


@dataclass
class Call:
    """One request to one operation, inside its transaction.

    `tx` is the transaction of a "read" or "write" operation. An operation of mode "none" opens its own with
    `state.write()`, in as many steps as it takes: for work that is long, or that must be seen while it runs.
    """

    service: str
    operation: str
    params: Params
    identity: Identity
    region: str
    request_id: str
    now: datetime
    state: State
    clients: Callable[[str, str, Identity], Any]
    weather: Weather
    forecast: Forecast
    headers: Mapping[str, str] = field(default_factory=dict)
    judged: bool = False
    """Whether the caller's own policies are asked: not for the accounts' administrators, nor between services."""
    look: Callable[[Callable[[Content], Any]], Any] = lambda reader: reader({})
    """What a reader finds in moto's objects, for services that lie over one of moto's."""
    runner: Runner | None = None
    """Runs code, where the local AWS was opened for that."""
    acknowledge: Callable[[Mapping[str, Any]], None] = lambda _answer: None
    """Give the answer early, should the operation be committed in steps (`steps.py`): it stays the answer."""
    _tx: Tx | None = None

    @property
    def tx(self) -> Tx:
        if self._tx is None:
            raise RuntimeError(f"{self.operation} is registered without a transaction")
        return self._tx

    @property
    def account(self) -> str:
        return self.identity.account

    @property
    def partition(self) -> str:
        return partition(self.region)

    def arn(self, resource: str, *, service: str = "", region: str | None = None) -> str:
        where = self.region if region is None else region
        return f"arn:{self.partition}:{service or self.service}:{where}:{self.account}:{resource}"

    def client(self, service: str, *, region: str = "", identity: Identity | None = None) -> Any:
        """A boto3 client of another service of this local AWS, under the caller's or another identity.

        Its writes join this call's transaction.
        """
        return self.clients(service, region or self.region, identity or self.identity)


@dataclass(frozen=True)
class Operation:
    handler: Handler
    mode: Mode


class Service:
    """A service of the local AWS: its botocore model and its handlers by operation name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.operations: dict[str, Operation] = {}

    def operation(self, name: str, *, mode: Mode | None = None) -> Callable[[Handler], Handler]:
        """Register a handler; reading operations are known by their verbs."""

        def register(handler: Handler) -> Handler:
            self.operations[name] = Operation(
                handler, mode or ("read" if name.startswith(READS) else "write")
            )
            return handler

        return register

    @cached_property
    def model(self) -> ServiceModel:
        from generator.local.models import service_model

        return service_model(self.name)


def partition(region: str) -> str:
    """The ARN partition of a region."""
    return {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(region.rpartition("-")[0].rpartition("-")[0], "aws")
