"""Laws of plans: a checksum that is of the whole plan, and convergence from wherever a publish stopped."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator import bundle, local
from generator.aws import connect
from generator.bundle import Bundle
from generator.catalogue import Catalogue
from generator.changes import Change
from generator.errors import AwsError, Problem, Where
from generator.gateway import Contents, Gateway, Identity, Release
from generator.load import load
from generator.model import Launched, ProjectStack, Share, State
from generator.plan import Plan
from generator.publish import Prepared, apply, prepare
from tests import catalogues

FIRST, SECOND = 25, 24  # changes in the two plans
PORTFOLIOS = """\
shelf:
  name: Shelf
  provider: Platform
  access: [{role: analyst}, {pattern: "arn:aws:iam:::role/Analyst-*"}]
  share: [{account: "222233334444", tag_options: true}, {account: "333344445555"}]
  tags: {team: a}
  tag_options: {environment: [dev, prod]}
bench: {name: Bench, provider: Platform}
"""
QUEUE = catalogues.QUEUE.replace("[shelf]", "[shelf, bench]") + (
    "constraints: {tag_updates: allowed, notify: ['arn:aws:sns:us-east-1:123456789012:one']}\n"
)
# Of nearly everything that a catalogue says, another value.
EDITS = {
    "role: analyst": "role: scientist",
    "name: Shelf": "name: Long shelf",
    "team: a": "team: b",
    "[dev, prod]": "[dev, live]",
    ", tag_options: true": "",
    "333344445555": "444455556666",
    "bench: {name: Bench": "rack: {name: Rack",
    "[shelf, bench]": "[shelf, rack]",
    "1.0.0": "1.1.0",
    "seconds: 60": "seconds: 90",
    "owner: Platform": "owner: Messaging\ndeprecated_versions: [1.0.0]",
    "tag_updates: allowed, ": "",
    "12:one": "12:two",
}


@dataclass(frozen=True)
class Built:
    """A catalogue with its bundles, which are built once and published many times."""

    catalogue: Catalogue
    bundles: list[Bundle]

    def gateway(self, state: Path) -> Gateway:
        return connect(self.catalogue.target(None), self.catalogue.name, state)

    def prepare(self, gateway: Gateway) -> Prepared:
        return prepare(self.catalogue, self.bundles, self.catalogue.target(None), gateway, selected=False)


def built(root: Path) -> Built:
    catalogue = load(root)
    bundles = bundle.build(catalogue, catalogue.products.values(), catalogue.target(None))
    return Built(catalogue, bundles)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Built:
    files: dict[str, str | bytes] = {"products/portfolios.yaml": PORTFOLIOS, "products/queue.yaml": QUEUE}
    return built(catalogues.with_queue(tmp_path_factory.mktemp("first"), files))


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The catalogue after all edits, with one product gone."""
    files: dict[str, str | bytes] = {}
    for name, text in (("portfolios", PORTFOLIOS), ("queue", QUEUE)):
        for old, new in EDITS.items():
            text = text.replace(old, new)
        files[f"products/{name}.yaml"] = text
    root = catalogues.with_queue(tmp_path_factory.mktemp("second"), files)
    (root / "products/store.yaml").unlink()
    return built(root)


@pytest.fixture(scope="module")
def published(first: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state after the first publish."""
    folder = tmp_path_factory.mktemp("published") / "aws"
    straight(first, folder)
    return folder


@pytest.fixture(scope="module")
def changed(second: Built, published: Path) -> Path:
    """The state after the change of everything."""
    folder = published.with_name("changed")
    shutil.copytree(published, folder)
    straight(second, folder)
    return folder


@pytest.fixture(scope="module")
def plans(
    first: Built, second: Built, published: Path, tmp_path_factory: pytest.TempPathFactory
) -> list[Plan]:
    """The plans of the first publish and of the change of everything: of nearly every kind of change one."""
    nothing = first.gateway(tmp_path_factory.mktemp("nothing") / "aws")
    return [first.prepare(nothing).plan, second.prepare(second.gateway(published)).plan]


class Failing:
    """A gateway whose nth change fails: before AWS has heard of it, or after, with the answer lost on the way."""

    def __init__(self, real: Gateway, at: int, *, after: bool) -> None:
        self._real, self._left, self._after = real, at, after

    def perform(self, change: Change, token: str, contents: Contents) -> None:
        self._left -= 1
        if self._left < 0 and not self._after:
            raise _failure(change)
        self._real.perform(change, token, contents)
        if self._left < 0:
            raise _failure(change)

    def role_stack(self, number: int) -> str:
        return self._real.role_stack(number)

    def identity(self) -> Identity:
        return self._real.identity()

    def observe(self, region: str) -> State:
        return self._real.observe(region)

    def release(self) -> Release:
        return self._real.release()

    def claim(self, release: Release) -> None:
        self._real.claim(release)

    def renew(self, release: Release) -> None:
        self._real.renew(release)

    def record(self, number: int, outcome: Mapping[str, Any]) -> None:
        self._real.record(number, outcome)

    def artifact_template(self, region: str, product: str, version: str) -> str | None:
        return self._real.artifact_template(region, product, version)

    def launched(self, region: str, account: str) -> tuple[Launched, ...]:
        return self._real.launched(region, account)

    def project_stacks(self, region: str) -> tuple[ProjectStack, ...]:
        return self._real.project_stacks(region)

    def members(self, share: Share) -> frozenset[str]:
        return self._real.members(share)

    def identifiers(self, region: str) -> Mapping[str, str]:
        return self._real.identifiers(region)


def _failure(change: Change) -> AwsError:
    return AwsError(Problem(Where("aws"), f"InternalError: at {change.about}"))


Settled = tuple[State, dict[str, int]]


def settled(each: Built, folder: Path) -> Settled:
    """What is there once nothing is left to do, with the number of everything, so that nothing is there twice."""
    gateway = each.gateway(folder)
    assert each.prepare(gateway).plan.changes == ()
    status = local.status(folder)
    assert status
    return gateway.observe("us-east-1"), status.counts


def straight(each: Built, folder: Path) -> Settled:
    """Publish without a failure."""
    gateway = each.gateway(folder)
    apply(each.prepare(gateway), gateway)
    return settled(each, folder)


def interrupted(each: Built, folder: Path, at: int, *, after: bool) -> bool:
    """Publish with a failure; whether it came to that."""
    failing = Failing(each.gateway(folder), at, after=after)
    prepared = each.prepare(failing)
    if at >= len(prepared.plan.changes):
        return False
    with pytest.raises(AwsError, match="InternalError"):
        apply(prepared, failing)
    return True


def converges(each: Built, before: Path | None, folder: Path, at: int) -> Settled:
    """Where publishing again leads after a failure at a change: the same, whether its request or its answer was lost."""
    found = []
    for after in (False, True):
        here = folder / ("answer" if after else "request")
        if before:
            shutil.copytree(before, here)
        assert interrupted(each, here, at, after=after)
        found.append(straight(each, here))
    assert found[0] == found[1]
    return found[0]


def sample(count: int, every: int) -> list[Any]:
    """All prefixes of a plan, each a test; of each `every` one in the normal run, the others with --proof."""
    return [at if at % every == 0 else pytest.param(at, marks=pytest.mark.proof) for at in range(count)]


def test_the_plans_are_as_long_as_is_tried(plans: list[Plan]) -> None:
    assert [len(plan.changes) for plan in plans] == [FIRST, SECOND]


@pytest.mark.parametrize("at", sample(FIRST, 6))
def test_a_first_publish_converges_from_every_prefix(
    first: Built, published: Path, tmp_path: Path, at: int
) -> None:
    assert converges(first, None, tmp_path / "aws", at) == settled(first, published)


@pytest.mark.parametrize("at", sample(SECOND, 8))
def test_a_change_of_everything_converges_from_every_prefix(
    second: Built, published: Path, changed: Path, tmp_path: Path, at: int
) -> None:
    assert converges(second, published, tmp_path / "aws", at) == settled(second, changed)


def test_it_converges_when_every_change_fails_once(first: Built, published: Path, tmp_path: Path) -> None:
    """The longest way there: each publish gets one change further."""
    publishes = 0
    while interrupted(first, tmp_path / "aws", 0, after=True):
        publishes += 1
    assert publishes == FIRST
    assert settled(first, tmp_path / "aws") == settled(first, published)


# --- checksums


def edits(value: Any) -> Iterator[Any]:
    """The value with one thing in it changed, for every such thing."""
    if is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            for other in edits(getattr(value, each.name)):
                yield replace(value, **{each.name: other})
    elif isinstance(value, Mapping):
        for key in value:
            yield {name: held for name, held in value.items() if name != key}
            yield from ({**value, key: other} for other in edits(value[key]))
    elif isinstance(value, frozenset):
        yield from (value - {item} for item in value)
    elif isinstance(value, tuple):
        yield (*value, *value[:1]) if value else ("new",)
        for index, item in enumerate(value):
            yield (*value[:index], *value[index + 1 :])
            yield from ((*value[:index], other, *value[index + 1 :]) for other in edits(item))
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
    elif isinstance(value, str):
        yield value + "x"
    else:
        raise AssertionError(f"a plan holds a {type(value).__name__}")


def test_everything_in_a_change_is_in_the_checksum(plans: list[Plan]) -> None:
    kinds: set[str] = set()
    for plan in plans:
        seen = {plan.checksum}
        for index, change in enumerate(plan.changes):
            kinds.add(type(change).__name__)
            for other in edits(change):
                changed = replace(plan, changes=(*plan.changes[:index], other, *plan.changes[index + 1 :]))
                assert changed.checksum not in seen, other
                seen.add(changed.checksum)
    assert len(kinds) >= 20, kinds


@settings(max_examples=20)
@given(st.data())
def test_the_order_and_the_number_of_changes_are_in_the_checksum(plans: list[Plan], data: Any) -> None:
    plan = data.draw(st.sampled_from(plans))
    changes = data.draw(st.permutations(plan.changes))
    assert (replace(plan, changes=tuple(changes)).checksum == plan.checksum) == (
        tuple(changes) == plan.changes
    )
    fewer = changes[: data.draw(st.integers(0, len(changes) - 1))]
    assert replace(plan, changes=tuple(fewer)).checksum != plan.checksum


@pytest.mark.parametrize("field", ["catalogue", "target", "account", "generation"])
def test_where_a_plan_is_for_is_in_its_checksum(plans: list[Plan], field: str) -> None:
    (plan, *_) = plans
    for other in edits(getattr(plan, field)):
        assert replace(plan, **{field: other}).checksum != plan.checksum


def test_a_saved_plan_keeps_its_checksum(plans: list[Plan]) -> None:
    """What is written holds all that was hashed, so that a reader can check it."""
    order = random.Random(1)
    for plan in plans:
        saved = json.loads(json.dumps(plan.as_json()))
        assert saved["checksum"] == plan.checksum
        keys = sorted(saved, key=lambda _: order.random())
        assert {key: saved[key] for key in keys}["changes"] == [change.as_json() for change in plan.changes]
        assert replace(plan, notes=("a note",), unchanged=(), existing=99).checksum == plan.checksum
