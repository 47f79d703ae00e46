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
from generator.template_diff import Bump, Comparison, Effect
from generator.version import Conflict, Keep, Publish, base, decide, is_enough, next_version, order

numbers = st.sampled_from([0, 1, 2, 10])  # few, so that versions meet
identifiers = st.one_of(st.sampled_from(["rc", "alpha", "0a", "x-y"]), numbers.map(str))
pre_releases = st.lists(identifiers, min_size=1, max_size=3).map(".".join)
releases = st.builds("{}.{}.{}".format, numbers, numbers, numbers)
versions = st.one_of(releases, st.builds("{}-{}".format, releases, pre_releases))
# What somebody published by hand may be called anything.
found = st.one_of(versions, st.sampled_from(["v1", "first", "1.0", ""]))
bumps = st.sampled_from(Bump)
digests = st.sampled_from(["a" * 64, "b" * 64])
values = st.sampled_from(["", "1" * 16, "2" * 16])
published = st.dictionaries(found, st.tuples(digests, values), max_size=5).map(
    lambda each: {name: Artifact(name, "", digest, value) for name, (digest, value) in each.items()}
)


def differing(bump: Bump, start: str | None) -> Comparison | None:
    return Comparison(start, (Effect(bump, "parameter Size", "differs"),)) if start else None


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


@given(st.sets(found), bumps)
def test_the_next_version_is_higher_and_enough(there: set[str], bump: Bump) -> None:
    use, start = next_version(there, bump), base(there)
    assert re.fullmatch(SEMVER, use)
    assert all(order(use) > order(name) for name in there)
    assert start is None or is_enough(use, start, bump)


@given(releases, bumps)
def test_no_smaller_step_is_enough(start: str, bump: Bump) -> None:
    """Of all steps from a release, the one named is the smallest that may be taken."""
    use = next_version([start], bump)
    smaller = [next_version([start], each) for each in Bump if each.rank < bump.rank]
    assert all(order(each) <= order(use) for each in smaller)
    for each in smaller:
        assert is_enough(each, start, bump) == (order(each) >= order(use))


@pytest.mark.parametrize(
    ("start", "bump", "use"),
    [
        ("1.4.2", Bump.PATCH, "1.4.3"),
        ("1.4.2", Bump.MINOR, "1.5.0"),
        ("1.4.2", Bump.MAJOR, "2.0.0"),
        ("0.4.2", Bump.PATCH, "0.4.3"),
        ("0.4.2", Bump.MINOR, "0.5.0"),
        ("0.4.2", Bump.MAJOR, "0.5.0"),
    ],
)
def test_the_smallest_step(start: str, bump: Bump, use: str) -> None:
    assert next_version([start], bump) == use


@pytest.mark.parametrize(
    ("there", "version", "bump", "published"),
    [
        (["1.0.0"], "2.0.0-rc.1", Bump.MAJOR, True),
        (["1.0.0"], "1.1.0-rc.1", Bump.MAJOR, False),
        (["1.0.0", "2.0.0-rc.1"], "2.0.0-rc.2", Bump.MAJOR, True),
        (["1.0.0", "2.0.0-rc.1"], "2.0.0", Bump.MAJOR, True),
        (["1.0.0", "1.1.0-rc.1"], "1.1.0", Bump.MAJOR, False),
        (["0.1.0"], "0.1.1", Bump.MAJOR, False),
        (["0.1.0"], "0.2.0", Bump.MAJOR, True),
        (["0.9.0"], "1.0.0", Bump.MAJOR, True),
    ],
)
def test_pre_releases_promise_nothing(there: list[str], version: str, bump: Bump, published: bool) -> None:
    known = {name: Artifact(name, "", "a" * 64) for name in there}
    decision = decide(version, "b" * 64, "", known, differing(bump, base(there)))
    assert isinstance(decision, Publish if published else Conflict)


def test_pre_releases_alone_are_no_base() -> None:
    assert base(["1.0.0-rc.1", "first"]) is None


@given(versions, digests, values, published, st.none() | bumps)
def test_a_decision(
    version: str, fingerprint: str, value: str, there: dict[str, Artifact], bump: Bump | None
) -> None:
    start = base(there)
    differs = differing(bump, start) if bump else None
    decision = decide(version, fingerprint, value, there, differs)
    enough = differs is None or start is None or is_enough(version, start, differs.bump)
    same = version in there and (there[version].fingerprint, there[version].values) == (fingerprint, value)
    higher = all(order(version) > order(name) for name in there)
    assert isinstance(decision, Keep) == same
    assert isinstance(decision, Publish) == (version not in there and higher and enough)
    if isinstance(decision, Conflict):
        assert version in decision.reason
        assert isinstance(
            decide(decision.use, fingerprint, value, there, differs), Publish
        )  # the remedy works
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
