"""Publishing to the local AWS: every effect once, and an empty plan after it."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.catalogues import PORTFOLIOS, PRODUCT
from tests.publish.conftest import Catalogue

Make = Callable[..., Catalogue]
NOTHING = "Nothing to do. Target local (account 123456789012) is as the YAML says."


def plan_of(catalogue: Catalogue) -> list[str]:
    told = json.loads(catalogue.run("plan", "--format", "json").out)
    return [change["kind"] for change in told["changes"]]


def publish(catalogue: Catalogue, *arguments: str) -> str:
    """Publish, and see that nothing is left to do."""
    ran = catalogue.run("publish", "--yes", *arguments)
    assert ran.code == 0, ran.err
    assert plan_of(catalogue) == []
    return ran.out


def test_a_second_publish_does_nothing_and_says_so_per_product(catalogue: Make) -> None:
    made = catalogue()
    first = publish(made)
    assert "Published to local (account 123456789012) in us-east-1:" in first
    assert "Try next:" in first
    again = made.run("publish")
    assert again.code == 0
    assert again.err == ""
    lines = again.out.splitlines()
    assert [line.rpartition(" sha256:")[0] for line in lines[:2]] == [
        "unchanged: queue 1.0.0",
        "unchanged: store 1.0.0",
    ]
    assert lines[-1] == NOTHING


def test_a_changed_option_needs_a_version_and_keeps_the_old_one(catalogue: Make) -> None:
    made = catalogue()
    publish(made)
    made.edit("products/queue.yaml", "seconds: 60", "seconds: 90")
    refused = made.run("publish")
    assert refused.code == 1
    assert refused.out == ""
    assert refused.err.startswith(
        "products/queue.yaml:3:1: version 1.0.0 is already published with other content"
    )
    assert refused.err.rstrip().endswith("Raise the version to 1.0.1.")
    made.edit("products/queue.yaml", "1.0.0", "1.1.0")
    assert plan_of(made) == ["PublishArtifact"]
    publish(made)
    versions = json.loads(made.run("show", "queue", "--format", "json").out)["regions"]["us-east-1"][
        "versions"
    ]
    assert [(each["version"], each["active"], each["guidance"]) for each in versions] == [
        ("1.0.0", True, "DEFAULT"),
        ("1.1.0", True, "DEFAULT"),
    ]


def test_diff_shows_what_a_version_would_change(catalogue: Make) -> None:
    made = catalogue()
    assert made.run("diff", "queue").code == 1  # nothing published yet
    publish(made)
    assert made.run("diff", "queue").out == ""
    made.edit("products/queue.yaml", "seconds: 60", "seconds: 90")
    shown = made.run("diff", "queue").out
    assert shown.startswith(
        "queue 1.0.0: PATCH since 1.0.0:\n  PATCH: Queue (AWS::SQS::Queue) changes in place: "
    )
    told = json.loads(made.run("diff", "queue", "--format", "json").out)
    assert (told["from"], told["bump"], told["smallest"]) == ("1.0.0", "PATCH", "1.0.1")
    assert made.run("diff", "queue", "--format", "markdown").out.startswith(
        "### queue 1.0.0 → 1.0.0: PATCH\n"
    )
    assert "-      MessageRetentionPeriod: 60\n" in shown
    assert "+      MessageRetentionPeriod: 90\n" in shown


def test_only_named_products_are_published(catalogue: Make) -> None:
    made = catalogue()
    ran = made.run("publish", "store")
    assert ran.code == 0
    assert plan_of(made) == ["DeployLaunchRoles", "CreateProduct", "AssociateProduct", "CreateConstraint"]
    made.edit("products/store.yaml", "owner: Platform", "owner: Storage")
    assert made.run("publish", "queue").code == 0
    assert plan_of(made) == ["UpdateProduct"]


def test_a_product_that_left_yaml_is_deprecated_and_comes_back(catalogue: Make) -> None:
    made = catalogue()
    publish(made)
    (made.root / "products/queue.yaml").rename(made.root / "queue.txt")
    assert plan_of(made) == ["DeprecateArtifact"]
    publish(made)
    (made.root / "queue.txt").rename(made.root / "products/queue.yaml")
    assert plan_of(made) == ["UpdateArtifact"]
    publish(made)


def test_each_edit_of_the_catalogue_converges(catalogue: Make) -> None:
    made = catalogue()
    publish(made)
    edits = [
        ("products/portfolios.yaml", "name: Shelf", "name: Long shelf", ["UpdatePortfolio"]),
        ("products/portfolios.yaml", "  access:", "  tags: {team: a}\n  access:", ["UpdatePortfolio"]),
        ("products/portfolios.yaml", "team: a", "team: b", ["UpdatePortfolio"]),
        ("products/portfolios.yaml", "  tags: {team: b}\n", "", ["UpdatePortfolio"]),
        (
            "products/portfolios.yaml",
            "role: analyst",
            "user: ann",
            ["DisassociatePrincipal", "AssociatePrincipal"],
        ),
        (
            "products/portfolios.yaml",
            "    - user: ann\n",
            "    - user: ann\n    - pattern: 'arn:aws:iam:::role/Analyst-*'\n",
            ["AssociatePrincipal"],
        ),
        (
            "products/portfolios.yaml",
            "[dev, prod]",
            "[dev, live]",
            ["CreateTagOption", "DisassociateTagOption", "AssociateTagOption"],
        ),
        ("products/store.yaml", "owner: Platform", "owner: Storage", ["UpdateProduct"]),
        (
            "products/store.yaml",
            "options:",
            "support: {email: a@example.com, url: 'https://example.com', description: By mail}\noptions:",
            ["UpdateProduct"],
        ),
        ("products/store.yaml", ", description: By mail", "", ["UpdateProduct"]),
        ("products/store.yaml", "options:", "changelog: Clearer.\noptions:", ["UpdateArtifact"]),
        ("products/store.yaml", "options:", "deprecated_versions: ['1.0.0']\noptions:", ["UpdateArtifact"]),
        ("products/store.yaml", "deprecated_versions", "inactive_versions", ["UpdateArtifact"]),
        ("products/store.yaml", "inactive_versions: ['1.0.0']\n", "", ["UpdateArtifact"]),
        (
            "products/store.yaml",
            "options:",
            "constraints: {tag_updates: allowed}\noptions:",
            ["CreateConstraint"],
        ),
        ("products/store.yaml", "constraints: {tag_updates: allowed}\n", "", ["DeleteConstraint"]),
        (
            "products/store.yaml",
            "options:",
            "tag_options: {environment: [dev], cost: [a, b]}\noptions:",
            ["CreateTagOption"] * 2 + ["AssociateTagOption"] * 3,
        ),
        (
            "products/portfolios.yaml",
            "  tag_options:",
            "  share: [{account: '222233334444'}]\n  tag_options:",
            ["SetBucketPolicy", "UpdateConstraint", "UpdateConstraint", "SharePortfolio"],
        ),
        (
            "products/portfolios.yaml",
            "'222233334444'}",
            "'222233334444', tag_options: true}",
            ["UpdateShare"],
        ),
        (
            "products/portfolios.yaml",
            "  share: [{account: '222233334444', tag_options: true}]\n",
            "",
            ["SetBucketPolicy", "UpdateConstraint", "UpdateConstraint", "UnsharePortfolio"],
        ),
    ]
    for file, old, new, kinds in edits:
        made.edit(file, old, new)
        assert plan_of(made) == kinds, (old, new)
        publish(made)


def test_a_product_moves_to_another_portfolio(catalogue: Make) -> None:
    made = catalogue()
    publish(made)
    made.write("products/portfolios.yaml", PORTFOLIOS + "attic: {name: Attic, provider: Platform}\n")
    made.write("products/store.yaml", PRODUCT.replace("[shelf]", "[attic]"))
    publish(made)
    told = json.loads(made.run("show", "store", "--format", "json").out)
    assert list(told["regions"]["us-east-1"]["portfolios"]) == ["attic"]


def test_a_version_published_as_deprecated_needs_one_publish(catalogue: Make) -> None:
    made = catalogue({"products/store.yaml": PRODUCT + "deprecated_versions: ['1.0.0']\n"})
    publish(made)


def test_templates_come_from_the_target_only_through_the_mapping(catalogue: Make) -> None:
    """A value that depends on the target does not change the fingerprint; a published version keeps it all the same."""
    made = catalogue()
    made.edit("products/queue.yaml", "seconds: 60", "topic: first")
    publish(made)
    before = json.loads(made.run("show", "queue", "--format", "json").out)["fingerprint"]
    made.edit("products/targets.yaml", "local: {}", "local: {options: {queue: {topic: 'other-{region}'}}}")
    ran = made.run("plan")
    assert ran.code == 1
    assert "with other values of this target" in ran.err
    made.edit("products/queue.yaml", "1.0.0", "1.0.1")
    publish(made)
    assert json.loads(made.run("show", "queue", "--format", "json").out)["fingerprint"] == before
    assert (
        "Topic: other-us-east-1"
        in made.run("build", "queue").out + (made.root / "build/queue/template.yaml").read_text()
    )


def test_two_regions_are_published_alike(catalogue: Make) -> None:
    made = catalogue(
        {
            "products/targets.yaml": "catalogue: acme\ndefault: local\nlocal: {regions: [eu-west-1, us-east-1]}\n"
        }
    )
    out = publish(made)
    assert "in eu-west-1:" in out
    assert "in us-east-1:" in out
    told = json.loads(made.run("show", "queue", "--format", "json").out)
    assert [len(there["versions"]) for there in told["regions"].values()] == [1, 1]


def test_what_is_not_ours_is_left_alone(catalogue: Make) -> None:
    """Another catalogue in the same account, with the same names, and a portfolio of nobody's."""
    other = catalogue(
        {"products/targets.yaml": "catalogue: other\ndefault: local\nlocal: {}\n"}, name="other"
    )
    made = catalogue()  # the last one's state is the one that both work on
    publish(made)
    assert json.loads(other.run("plan", "--format", "json").out)["existing"] == 0


def test_a_catalogue_whose_name_begins_anothers_is_not_begun_beside_it(catalogue: Make) -> None:
    """catalog-launch-acme-x-store could be the role of either."""
    targets = "catalogue: {}\ndefault: local\nlocal: {{}}\n"
    shorter, other, first = (
        catalogue({"products/targets.yaml": targets.format(name)}, name=name)
        for name in ("acme", "acmes", "acme-x")
    )  # the last one's state is the one that all work on
    publish(first)
    ran = shorter.run("publish", "--yes")
    assert ran.code == 3
    assert "this account holds the catalogue acme-x too, and one name begins the other" in ran.err
    assert other.run("plan").code == 0


def test_list_is_what_the_yaml_says(catalogue: Make) -> None:
    told = json.loads(catalogue().run("list", "--format", "json").out)
    assert [
        (each["id"], each["name"], each["version"], each["blueprint"], each["portfolios"]) for each in told
    ] == [
        ("queue", "Queue", "1.0.0", "queue", ["shelf"]),
        ("store", "Store", "1.0.0", "raw-template", ["shelf"]),
    ]


def test_a_raw_template_is_published_byte_for_byte(catalogue: Make) -> None:
    text = b"Resources: {T: {Type: 'AWS::SNS::Topic', Properties: {KmsMasterKeyId: alias/aws/sns}}}\r\n# \xc3\xa4 end"
    made = catalogue({"products/templates/store.yaml": text})
    publish(made)
    assert made.run("build", "store").code == 0
    assert (made.root / "build/store/template.yaml").read_bytes() == text
    assert made.run("diff", "store").out == ""
