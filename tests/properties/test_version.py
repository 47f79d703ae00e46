"""Laws of versions: their order is that of semver.org, and a decision never contradicts itself."""

from __future__ import annotations

import re
from functools import cmp_to_key
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.model import Artifact
from generator.spec import SEMVER
from generator.version import Conflict, Keep, Publish, decide, next_minor, order

numbers = st.sampled_from([0, 1, 2, 10])  # few, so that versions meet
identifiers = st.one_of(st.sampled_from(["rc", "alpha", "0a", "x-y"]), numbers.map(str))
pre_releases = st.lists(identifiers, min_size=1, max_size=3).map(".".join)
releases = st.builds("{}.{}.{}".format, numbers, numbers, numbers)
versions = st.one_of(releases, st.builds("{}-{}".format, releases, pre_releases))
# What somebody published by hand may be called anything.
found = st.one_of(versions, st.sampled_from(["v1", "first", "1.0", ""]))
digests = st.sampled_from(["a" * 64, "b" * 64])
values = st.sampled_from(["", "1" * 16, "2" * 16])
published = st.dictionaries(found, st.tuples(digests, values), max_size=5).map(
    lambda each: {name: Artifact(name, "", digest, value) for name, (digest, value) in each.items()}
)


def semver(left: str, right: str) -> int:
    """Precedence as semver.org, section 11, words it: -1, 0 or 1."""

    def split(version: str) -> tuple[list[int], list[str]]:
        core, _, pre = version.partition("-")
        return [int(part) for part in core.split(".")], pre.split(".") if pre else []

    (core, pre), (other_core, other_pre) = split(left), split(right)
    if core != other_core:
        return -1 if core < other_core else 1
    if not pre or not other_pre:
        return bool(other_pre) - bool(pre)
    for mine, other in zip(pre, other_pre, strict=False):
        if mine == other:
            continue
        if mine.isdigit() and other.isdigit():
            return -1 if int(mine) < int(other) else 1
        if mine.isdigit() != other.isdigit():
            return -1 if mine.isdigit() else 1
        return -1 if mine < other else 1
    return (len(pre) > len(other_pre)) - (len(pre) < len(other_pre))


@given(versions, versions)
def test_the_order_is_that_of_semver(left: str, right: str) -> None:
    assert re.fullmatch(SEMVER, left)
    wanted = semver(left, right)
    assert (order(left) > order(right)) - (order(left) < order(right)) == wanted


def test_the_example_of_semver() -> None:
    listed = [
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0",
    ]
    assert sorted(set(listed), key=order) == listed
    assert sorted(set(listed), key=cmp_to_key(semver)) == listed


@given(st.lists(found, min_size=2))
def test_any_names_can_be_ordered(names: list[str]) -> None:
    ordered = sorted(names, key=order)
    assert all(order(left) <= order(right) for left, right in pairwise(ordered))


@given(versions)
def test_the_next_minor_is_higher(version: str) -> None:
    assert order(next_minor(version)) > order(version)


@given(versions, digests, values, published)
def test_a_decision(version: str, fingerprint: str, value: str, there: dict[str, Artifact]) -> None:
    decision = decide(version, fingerprint, value, there)
    same = version in there and (there[version].fingerprint, there[version].values) == (fingerprint, value)
    higher = all(order(version) > order(name) for name in there)
    assert isinstance(decision, Keep) == same
    assert isinstance(decision, Publish) == (version not in there and higher)
    if isinstance(decision, Conflict):
        assert version in decision.reason
        assert isinstance(decide(decision.use, fingerprint, value, there), Publish)  # the remedy works
    else:
        assert (decision.version, decision.fingerprint) == (version, fingerprint)


@given(versions, digests, values, published)
def test_what_was_just_published_is_kept(
    version: str, fingerprint: str, value: str, there: dict[str, Artifact]
) -> None:
    if isinstance(decide(version, fingerprint, value, there), Publish):
        after = {**there, version: Artifact(version, "", fingerprint, value)}
        assert isinstance(decide(version, fingerprint, value, after), Keep)


@pytest.mark.parametrize(
    "version",
    ["1.0", "01.0.0", "1.0.0.0", "v1.0.0", "1.0.0-", "1.0.0-a..b", "1.0.0-01", "1.0.0+build", "1.0.٣"],
)
def test_what_is_no_version(version: str) -> None:
    assert not re.fullmatch(SEMVER, version)
