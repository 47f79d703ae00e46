"""Who runs what: each account that may launch a product is asked, the hub's own and those that it is shared with.

Project templates that SageMaker reads from S3 are launched in the hub's own account only.

Reads only. An account that cannot be asked is told with the reason; what follows from it is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from generator.catalogue import Target
from generator.errors import AwsError
from generator.gateway import Gateway
from generator.model import Launched, ProjectStack, Share, State


class Census:
    """What is launched, by account; each account and share is asked once, and only when somebody wants to know."""

    def __init__(self, target: Target, gateway: Gateway) -> None:
        self._target, self._gateway = target, gateway
        self._launched: dict[tuple[str, str], tuple[Launched, ...] | str] = {}
        self._members: dict[Share, frozenset[str] | str] = {}
        self._projects: dict[str, tuple[ProjectStack, ...] | str] = {}

    def launched(
        self, shares: Iterable[Share], regions: Iterable[str]
    ) -> tuple[tuple[Launched, ...], tuple[str, ...]]:
        """All that is launched in the target's account and those of shares; and why some could not be asked."""
        found: list[Launched] = []
        accounts, silent = {self._target.spec.account}, []
        for share in sorted(shares):
            members = self._members_of(share)
            if isinstance(members, str):
                silent.append(members)
            else:
                accounts |= members
        for account in sorted(accounts):
            for region in sorted(set(regions)):
                answer = self._ask(account, region)
                if isinstance(answer, str):
                    silent.append(answer)
                    break
                found += answer
        return tuple(found), tuple(silent)

    def projects(self, regions: Iterable[str]) -> tuple[tuple[ProjectStack, ...], tuple[str, ...]]:
        """The stacks of projects made of templates in S3; and why some regions could not be asked."""
        found: list[ProjectStack] = []
        silent: list[str] = []
        for region in sorted(set(regions)):
            if region not in self._projects:
                try:
                    self._projects[region] = self._gateway.project_stacks(region)
                except AwsError as error:
                    self._projects[region] = f"its projects cannot be listed in {region} ({error})"
            answer = self._projects[region]
            if isinstance(answer, str):
                silent.append(answer)
            else:
                found += answer
        return tuple(found), tuple(silent)

    def _members_of(self, share: Share) -> frozenset[str] | str:
        if share not in self._members:
            try:
                self._members[share] = self._gateway.members(share)
            except AwsError as error:
                self._members[share] = f"the accounts of {share.id} cannot be listed ({error})"
        return self._members[share]

    def _ask(self, account: str, region: str) -> tuple[Launched, ...] | str:
        own = account == self._target.spec.account
        if not own and not self._target.spec.spoke_reader:
            return f"account {account} cannot be asked: target {self._target.id} names no spoke_reader"
        key = (account, region)
        if key not in self._launched:
            try:
                self._launched[key] = self._gateway.launched(region, "" if own else account)
            except AwsError as error:
                self._launched[key] = f"account {account} cannot be asked in {region} ({error})"
        return self._launched[key]


def shares_of(product: str, states: Iterable[State]) -> frozenset[Share]:
    """With whom the portfolios that offer a product are shared, in any of the states."""
    return frozenset(
        share
        for state in states
        for portfolio, offered in state.offers
        if offered == product and portfolio in state.portfolios
        for share in state.portfolios[portfolio].shares
    )


def by_product(launched: Iterable[Launched], product: str, role: str) -> tuple[Launched, ...]:
    """What was launched of a product, or under its role whatever it is."""
    return tuple(each for each in launched if each.product == product or each.role == role)


def told(launched: Iterable[Launched]) -> Mapping[str, tuple[str, ...]]:
    """By version: what is launched of it, as words."""
    found: dict[str, list[str]] = {}
    for each in launched:
        found.setdefault(each.version, []).append(f"{each.name} in account {each.account}")
    return {version: tuple(sorted(names)) for version, names in sorted(found.items())}
