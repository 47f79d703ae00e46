"""The personas' policies in the account: in the plan, attached by a role of people, and kept when the YAML changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from generator import local
from tests import catalogues
from tests.publish.conftest import Catalogue

GOVERNANCE = """\
  governance:
    personas: [mlops-engineer, data-scientist]
    required_tags: [cost-center]
"""
ENGINEER = "arn:aws:iam::123456789012:policy/catalog/catalog-persona-acme-shelf-mlops-engineer"
Make = Callable[..., Catalogue]


def iam_of(made: Catalogue) -> Any:
    return local.open_state(made.state, account="123456789012").session("us-east-1").client("iam")


def test_published_changed_and_kept(catalogue: Make) -> None:
    made = catalogue({"products/portfolios.yaml": catalogues.PORTFOLIOS + GOVERNANCE})
    plan = made.run("plan")
    assert (
        "  ~ policies of personas (stack catalog-personas-acme)\n"
        "      catalog-persona-acme-shelf-data-scientist: Launch, train and look, in portfolio acme/shelf\n"
        "      catalog-persona-acme-shelf-mlops-engineer: Launch, approve models and deploy, in portfolio acme/shelf\n"
    ) in plan.out
    assert made.run("publish").code == 0
    assert "Nothing to do. Target local" in made.run("publish").out
    iam = iam_of(made)
    printed = json.loads(made.run("policies", "personas").out)
    version = iam.get_policy_version(
        PolicyArn=ENGINEER, VersionId=iam.get_policy(PolicyArn=ENGINEER)["Policy"]["DefaultVersionId"]
    )
    assert version["PolicyVersion"]["Document"] == printed["catalog-persona-acme-shelf-mlops-engineer"]
    iam.create_role(RoleName="engineers", AssumeRolePolicyDocument="{}")
    iam.attach_role_policy(RoleName="engineers", PolicyArn=ENGINEER)

    made.edit("products/portfolios.yaml", "[mlops-engineer, data-scientist]", "[mlops-engineer]")
    made.edit("products/portfolios.yaml", "    required_tags: [cost-center]\n", "    team: red\n")
    made.edit("products/store.yaml", "description:", "tags: {team: red}\ndescription:")
    made.edit("products/queue.yaml", "description:", "tags: {team: red}\ndescription:")
    changed = made.run("plan")
    assert "catalog-persona-acme-shelf-mlops-engineer: Launch, approve" in changed.out
    assert "catalog-persona-acme-shelf-data-scientist" not in changed.out
    assert made.run("publish").code == 0
    assert "Nothing to do. Target local" in made.run("publish").out
    attached = iam.list_attached_role_policies(RoleName="engineers")["AttachedPolicies"]
    assert [each["PolicyArn"] for each in attached] == [ENGINEER]
    # What left the YAML stays: people may have attached it.
    assert iam.get_policy(PolicyArn=ENGINEER.replace("mlops-engineer", "data-scientist"))


def test_a_persona_that_comes_back_has_the_policy_that_it_had(catalogue: Make) -> None:
    made = catalogue({"products/portfolios.yaml": catalogues.PORTFOLIOS + GOVERNANCE})
    both, one, other = "[mlops-engineer, data-scientist]", "[mlops-engineer]", "[data-scientist]"
    assert made.run("publish").code == 0
    iam, scientist = iam_of(made), ENGINEER.replace("mlops-engineer", "data-scientist")
    before = {arn: iam.get_policy(PolicyArn=arn)["Policy"]["PolicyId"] for arn in (ENGINEER, scientist)}
    iam.create_role(RoleName="scientists", AssumeRolePolicyDocument="{}")
    iam.attach_role_policy(RoleName="scientists", PolicyArn=scientist)
    for now, then in ((both, one), (one, other), (other, both)):
        made.edit("products/portfolios.yaml", now, then)
        for _ in range(2):
            published = made.run("publish")
            assert published.code == 0, published.err
        assert "Nothing to do. Target local" in published.out
    # What changed in the meantime reaches it too.
    made.edit("products/portfolios.yaml", both, one)
    assert made.run("publish").code == 0
    made.edit("products/portfolios.yaml", one, both)
    made.edit("products/portfolios.yaml", "[cost-center]", "[cost-center, team]")
    assert made.run("publish").code == 0
    assert "Nothing to do. Target local" in made.run("publish").out
    after = {arn: iam.get_policy(PolicyArn=arn)["Policy"]["PolicyId"] for arn in before}
    assert after == before
    version = iam.get_policy(PolicyArn=scientist)["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=scientist, VersionId=version)["PolicyVersion"]["Document"]
    assert document == json.loads(made.run("policies", "personas").out)[scientist.rpartition("/")[2]]


def test_a_named_product_leaves_them_alone(catalogue: Make) -> None:
    made = catalogue({"products/portfolios.yaml": catalogues.PORTFOLIOS + GOVERNANCE})
    assert made.run("publish", "store").code == 0
    assert "policies of personas" in made.run("plan").out


def test_the_publisher_writes_them_only_where_they_are_asked_for(catalogue: Make) -> None:
    """Who writes people's policies could give them, or itself, more: that right comes with the governance."""
    writing = "policy/catalog/catalog-persona-acme-"
    plain = catalogue(name="plain").run("policies", "publisher")
    assert writing not in plain.out
    governed = catalogue({"products/portfolios.yaml": catalogues.PORTFOLIOS + GOVERNANCE}).run(
        "policies", "publisher"
    )
    assert writing in governed.out
    assert "who publishes writes the policies of the personas" in governed.err
