"""The gateway to one account: a reader and a performer for each region, with AWS's errors told as ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.aws.bucket import Bucket
from generator.aws.observe import Ids, Reader
from generator.aws.perform import Performer
from generator.aws.project_stacks import project_stacks
from generator.aws.releases import Releases
from generator.aws.session import Sessions, told
from generator.aws.spokes import accounts, launched
from generator.catalogue import Target
from generator.changes import Change
from generator.gateway import Contents, Identity, Release
from generator.model import Launched, ProjectStack, Share, State


class AwsGateway:
    """See `generator.gateway.Gateway`."""

    def __init__(self, sessions: Sessions, target: Target, catalogue: str) -> None:
        self._sessions, self._target, self._catalogue = sessions, target, catalogue
        self._readers: dict[str, Reader] = {}
        self._records: Releases | None = None

    def role_stack(self, number: int) -> str:
        return f"catalog-launch-roles-{self._catalogue}" + (f"-{number + 1}" if number else "")

    def identity(self) -> Identity:
        with told("sts get-caller-identity"):
            answer = self._sessions.client("sts", self._target.home_region).get_caller_identity()
        return Identity(answer["Account"], answer["Arn"])

    def observe(self, region: str) -> State:
        reader = Reader(self._sessions, region, self._target)
        with told(f"servicecatalog in {region}"):
            state = reader.state(
                self._catalogue, self.role_stack if region == self._target.home_region else None
            )
        self._readers[region] = reader
        return state

    def perform(self, change: Change, token: str, contents: Contents) -> None:
        with told(change.about):
            performer = Performer(self._sessions, self._target, change.region, self._readers[change.region])
            performer.perform(change, token, contents)

    def _releases(self) -> Releases:
        if self._records is None:
            region = self._target.home_region
            s3 = self._sessions.client("s3", region)
            self._records = Releases(s3, Bucket(s3, self._target.bucket(region), region, self._target))
        return self._records

    def release(self) -> Release:
        with told("s3 release records"):
            releases = self._releases()
            return releases.newest() if releases.bucket.exists() else Release(0, 0)

    def claim(self, release: Release) -> None:
        with told("s3 release records"):
            self._releases().claim(release)

    def renew(self, release: Release) -> None:
        with told("s3 release records"):
            self._releases().renew(release)

    def record(self, number: int, outcome: Mapping[str, Any]) -> None:
        with told("s3 release records"):
            self._releases().finish(number, outcome)

    def artifact_template(self, region: str, product: str, version: str) -> str | None:
        reader = self._readers[region]
        with told(f"servicecatalog in {region}"):
            if (product, version) in reader.ids.artifacts:
                return reader.template(product, version)
            return reader.studio.text(product, version)

    def launched(self, region: str, account: str) -> tuple[Launched, ...]:
        sessions = self._sessions
        if account:
            sessions = sessions.as_role(self._target.spec.spoke_reader.replace("{spoke}", account))
        with told(f"servicecatalog in {region} of {account or 'the target'}"):
            ids = self._readers[region].ids if region in self._readers else Ids()
            return launched(
                sessions.client("servicecatalog", region), account or self._target.spec.account, ids
            )

    def project_stacks(self, region: str) -> tuple[ProjectStack, ...]:
        with told(f"cloudformation in {region}"):
            return project_stacks(self._sessions.client("cloudformation", region))

    def members(self, share: Share) -> frozenset[str]:
        if share.type == "ACCOUNT":
            return frozenset({share.id})
        with told(f"organizations {share.id}"):
            return accounts(self._sessions.client("organizations", self._target.home_region), share)

    def identifiers(self, region: str) -> Mapping[str, str]:
        ids = self._readers[region].ids
        return {
            **{f"portfolio/{name}": found for name, found in sorted(ids.portfolios.items())},
            **{f"product/{name}": found for name, found in sorted(ids.products.items())},
            **{
                f"artifact/{name}/{version}": found
                for (name, version), found in sorted(ids.artifacts.items())
            },
        }
