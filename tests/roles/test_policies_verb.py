"""`catalog policies`: printed, written, as JSON and as CloudFormation; and the policy of one plan."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.publish.conftest import Catalogue

Make = Callable[..., Catalogue]


def test_both_personas_or_one(catalogue: Make) -> None:
    made = catalogue()
    both = made.run("policies")
    assert both.code == 0
    assert sorted(json.loads(both.out)) == ["catalog-publisher-acme", "catalog-user-acme-shelf"]
    assert "note: target local sets no launch_boundary" in both.err
    only = made.run("policies", "users")
    assert list(json.loads(only.out)) == ["catalog-user-acme-shelf"]
    assert only.err == ""
    assert "${AWS" not in both.out
    assert "arn:aws:catalog:us-east-1:123456789012:product/*" in only.out


def test_files_in_a_folder(catalogue: Make, tmp_path: Path) -> None:
    made = catalogue()
    ran = made.run("policies", "--out", str(tmp_path / "new/policies"))
    folder = tmp_path / "new/policies"
    names = ["catalog-user-acme-shelf.json", "catalog-publisher-acme.json"]
    assert ran.out.splitlines() == [str(folder / name) for name in names]
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)
    printed = json.loads(made.run("policies").out)
    for path in folder.iterdir():
        assert json.loads(path.read_text()) == printed[path.stem]
    again = {path.name: path.read_bytes() for path in folder.iterdir()}
    made.run("policies", "--out", str(folder))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == again


def test_cloudformation(catalogue: Make, tmp_path: Path) -> None:
    made = catalogue()
    whole = json.loads(made.run("policies", "--format", "cloudformation").out)
    assert sorted(whole["Resources"]) == ["CatalogPublisherAcme", "CatalogUserAcmeShelf"]
    made.run("policies", "--format", "cloudformation", "--out", str(tmp_path / "cfn"))
    users = json.loads((tmp_path / "cfn/users.json").read_text())
    assert list(users["Resources"]) == ["CatalogUserAcmeShelf"]
    assert users["Resources"]["CatalogUserAcmeShelf"] == whole["Resources"]["CatalogUserAcmeShelf"]


def test_a_folder_that_cannot_be(catalogue: Make, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ran = catalogue().run("policies", "--out", str(tmp_path / "file"))
    assert ran.code == 1
    assert "cannot be written" in ran.err


def test_a_plans_policy_is_within_the_publishers(catalogue: Make) -> None:
    made = catalogue()
    publisher = json.loads(made.run("policies", "publisher").out)["catalog-publisher-acme"]

    def grants(document: dict[str, list[dict[str, list[str]]]]) -> set[tuple[str, str, str]]:
        return {
            (action, resource, json.dumps(statement.get("Condition"), sort_keys=True))
            for statement in document["Statement"]
            for action in statement["Action"]
            for resource in statement["Resource"]
        }

    first = json.loads(made.run("plan", "--policy").out)
    assert grants(first) <= grants(publisher)
    assert made.run("publish").code == 0
    idle = json.loads(made.run("plan", "--policy").out)
    assert grants(idle) < grants(first)
    assert not {action for action, _, _ in grants(idle)} & {"s3:PutObject", "iam:CreateRole"}
