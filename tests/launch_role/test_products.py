"""The launch role of every product of the catalogue: how much of what it writes is scoped, and what always is.

The numbers are those that `catalog role` shows; run with -s to see them.
"""

from __future__ import annotations

import re
from functools import cache

import pytest

from generator.catalogue import LOCAL
from generator.draft import draft
from generator.launch_role import LaunchRole, Scope, actions, scoped_writes, synthesise
from generator.launch_role.scoping import unscoped
from generator.load import load
from tests.conftest import ROOT

# What changes who may do what: each of these on named roles, users or policies, or not at all.
RIGHTS = re.compile(
    r"iam:(PassRole|(Create|Delete|Update|Put|Attach|Detach|Set|Tag|Untag|Add|Remove)\w*"
    r"(Role|Policy|User|Group|InstanceProfile|PermissionsBoundary|PolicyVersion)\w*)"
)
# On everything although they have a resource level: each with its reason.
EVERYWHERE = {
    "s3:GetObject": "Service Catalog's copy of the template, in a bucket whose name nobody publishes, by its tag",
    "cloudformation:GetTemplateSummary": "asked about the template before there is a stack",
}


@cache
def roles() -> dict[str, LaunchRole]:
    """The launch roles of the catalogue's products."""
    catalogue = load(ROOT)
    target = catalogue.target(LOCAL)
    scopes = {
        product.id: Scope(catalogue.name, product.id, tuple(target.spec.regions))
        for product in catalogue.products.values()
        if product.spec.launch.role == "synthesised"
    }
    return {
        name: synthesise(draft(catalogue.products[name], catalogue, target).template, scope)[0]
        for name, scope in scopes.items()
    }


@pytest.fixture(scope="module")
def found() -> dict[str, LaunchRole]:
    return roles()


def test_most_of_what_each_writes_is_scoped(found: dict[str, LaunchRole]) -> None:
    shares = {name: scoped_writes(role) for name, role in found.items()}
    for name, share in shares.items():
        print(
            f"{name}: {share.scoped} of {share.total} writing actions scoped ({share.share:.0%}) {' '.join(share.rest)}"
        )
    assert shares
    assert {name: share.rest for name, share in shares.items() if share.share < 0.85} == {}


def test_what_gives_rights_is_always_scoped(found: dict[str, LaunchRole]) -> None:
    loose = [
        f"{name}: {grant.action} on {grant.resource}"
        for name, role in found.items()
        for grant in role.grants
        if RIGHTS.fullmatch(grant.action) and unscoped(grant.resource)
    ]
    assert loose == []


def test_no_role_is_passed_to_whomever(found: dict[str, LaunchRole]) -> None:
    passed = [
        (name, grant)
        for name, role in found.items()
        for grant in role.grants
        if grant.action == "iam:PassRole"
    ]
    assert passed
    open_ = [
        f"{name}: {grant.resource}"
        for name, grant in passed
        if not any(key == "iam:PassedToService" for _, key, _ in grant.conditions)
    ]
    assert open_ == []


def test_no_wildcard_and_nothing_the_other_way_round(found: dict[str, LaunchRole]) -> None:
    assert [g.action for role in found.values() for g in role.grants if re.search(r"[*?]", g.action)] == []


def test_only_what_has_no_resource_level_is_on_everything(found: dict[str, LaunchRole]) -> None:
    everywhere = {grant for role in found.values() for grant in role.grants if unscoped(grant.resource)}
    assert {grant for grant in everywhere if not grant.conditions} == set()
    narrower = {
        grant.action for grant in everywhere if getattr(actions.action(grant.action), "arn_types", ())
    }
    assert narrower == set(EVERYWHERE)


def test_any_tag_may_be_added(found: dict[str, LaunchRole]) -> None:
    """The user's own tags and TagOptions come beside the product's: a list of the keys allowed would refuse them."""
    keys = {key for role in found.values() for grant in role.grants for _, key, _ in grant.conditions}
    assert "aws:RequestTag/catalog:product" in keys
    assert "aws:TagKeys" not in keys
