"""What the publisher needs of an AWS: to read the catalogue, to perform one change, and to keep release records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from generator.bundle import Bundle
from generator.changes import Change
from generator.model import Launched, ProjectStack, Share, State


@dataclass(frozen=True)
class Identity:
    account: str
    arn: str


@dataclass(frozen=True)
class Contents:
    """The bytes that changes refer to: bundles by product id, templates of stacks of launch roles by their SHA-256."""

    bundles: Mapping[str, Bundle]
    role_stacks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Release:
    """The newest release record: its number, and the number of the last one that was finished.

    The next record's number is `number + 1`; idempotency tokens take `finished`, so that what a dead publisher
    began is continued under the same tokens.
    """

    number: int
    finished: int
    holder: str = ""  # who is publishing right now, if anybody


class Gateway(Protocol):
    """A target's account, for one catalogue. Every method raises AwsError with the request id when AWS says no.

    Release records lie in the artifact bucket of the target's home region.
    """

    def role_stack(self, number: int) -> str:
        """The name of a stack of launch roles, numbered from 0; never changes, since roles are pinned."""

    def identity(self) -> Identity: ...

    def observe(self, region: str) -> State:
        """The catalogue as it is in a region; in the home region with the launch roles."""

    def perform(self, change: Change, token: str, contents: Contents) -> None:
        """Carry out one change in an observed region; return when AWS has settled it."""

    def release(self) -> Release: ...

    def claim(self, release: Release) -> None:
        """Begin record `release.number + 1`; raises Refused when another publisher was faster."""

    def renew(self, release: Release) -> None:
        """Keep the claim alive while publishing."""

    def record(self, number: int, outcome: Mapping[str, Any]) -> None:
        """Finish that record."""

    def artifact_template(self, region: str, product: str, version: str) -> str | None:
        """The text of a published version's template; None when there is no such version."""

    def launched(self, region: str, account: str) -> tuple[Launched, ...]:
        """All that is launched in an account, asked under the target's `spoke_reader`; in its own when none is named."""

    def project_stacks(self, region: str) -> tuple[ProjectStack, ...]:
        """What SageMaker made of project templates in the target's account, under roles."""

    def members(self, share: Share) -> frozenset[str]:
        """The accounts that a portfolio is shared with by a share: its own, or its unit's or organisation's."""

    def identifiers(self, region: str) -> Mapping[str, str]:
        """AWS's ids of what was observed or made, by `portfolio/<id>`, `product/<id>`, `artifact/<id>/<version>`."""
