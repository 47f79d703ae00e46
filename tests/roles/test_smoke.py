"""catalog smoke on the local AWS: a green run, a role that lacks a permission, and nothing left behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from generator import local, smoke
from generator.aws.launching import AwsDesk, desk
from generator.launch import Field, Form, Order
from generator.load import load
from tests.catalogues import PRODUCT, TARGETS
from tests.publish.conftest import Catalogue, Ran

Make = Callable[..., Catalogue]
SIZED = """\
Parameters:
  Size: {Type: String, AllowedValues: [small, large]}
  Label: {Type: String, AllowedPattern: '[a-z0-9-]{1,20}'}
  Network: {Type: String}
Conditions:
  Large: !Equals [!Ref Size, large]
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      SqsManagedSseEnabled: true
      MessageRetentionPeriod: !If [Large, 1209600, 86400]
  Group:
    Type: AWS::Logs::LogGroup
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties: {LogGroupName: !Sub 'smoke-${Label}', RetentionInDays: 7}
  Kept:
    Type: AWS::SQS::Queue
    DeletionPolicy: Retain
    UpdateReplacePolicy: Retain
    Properties: {SqsManagedSseEnabled: true}
"""
FILES = {
    "products/store.yaml": PRODUCT.replace("Store", "Sized").replace("store.yaml", "sized.yaml"),
    "products/templates/sized.yaml": SIZED,
    "products/targets.yaml": TARGETS.replace("local: {}", "local: {smoke: {store: {Network: vpc-1}}}"),
}


def sized(catalogue: Make) -> Catalogue:
    made = catalogue(FILES)
    (made.root / "products/queue.yaml").unlink()
    return made


def report(ran: Ran) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(ran.out)
    return told


def launched(made: Catalogue) -> str:
    return made.run("provisioned").out


def client(made: Catalogue, service: str) -> Any:
    with closing(local.open_state(made.state)) as aws:
        session: Any = aws.session("us-east-1")
        return session.client(service)


def only(made: Catalogue, keep: Callable[[str], bool]) -> None:
    """Rewrite the launch role's policies so that they hold the actions that are kept, and no others."""
    with closing(local.open_state(made.state)) as aws:
        session: Any = aws.session("us-east-1")
        iam = session.client("iam")
        role = "catalog-launch-acme-store"
        for policy in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
            arn = policy["PolicyArn"]
            version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
            for statement in document["Statement"]:
                actions = statement["Action"]
                names = [actions] if isinstance(actions, str) else actions
                statement["Action"] = [name for name in names if keep(name)]
            document["Statement"] = [each for each in document["Statement"] if each["Action"]]
            iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(document), SetAsDefault=True)


def allow(made: Catalogue, statements: list[dict[str, Any]]) -> None:
    with closing(local.open_state(made.state)) as aws:
        session: Any = aws.session("us-east-1")
        session.client("iam").put_role_policy(
            RoleName="catalog-launch-acme-store",
            PolicyName="smoke",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}),
        )


def test_a_green_run_publishes_launches_updates_and_terminates(catalogue: Make) -> None:
    made = sized(catalogue)
    ran = made.run("smoke", "--format", "json")
    assert ran.code == 0, ran.err
    told = report(ran)
    (product,) = told["products"]
    assert [(step["name"], step["status"]) for step in product["steps"]] == [
        ("launch", "passed"),
        ("update", "passed"),
        ("terminate", "passed"),
    ]
    assert (told["status"], told["denied"], product["left"]) == ("passed", [], False)
    assert product["changed"] == {"Size": "large"}
    assert product["launch_role"].endswith(":role/catalog-launch-acme-store")
    assert [each["type"] for each in product["retained"]] == ["AWS::SQS::Queue"]
    assert launched(made).startswith("Nothing is launched")
    assert "launch smoke-" in ran.err


def test_it_says_so_in_words(catalogue: Make) -> None:
    said = sized(catalogue).run("smoke", "store").out
    assert "passed: store 1.0.0\n  launch passed\n  update (Size=large) passed\n  terminate passed\n" in said
    assert said.endswith("Smoke test of local (account 123456789012, us-east-1): 1 passed.\n")


@pytest.mark.parametrize(
    ("action", "step", "kind"),
    [
        ("logs:CreateLogGroup", "launch", "AWS::Logs::LogGroup"),
        ("sqs:SetQueueAttributes", "update", "AWS::SQS::Queue"),
        ("logs:DeleteLogGroup", "terminate", "AWS::Logs::LogGroup"),
        ("cloudformation:CreateStack", "launch", ""),
    ],
)
def test_a_missing_permission_is_reported_with_what_allows_it(
    catalogue: Make, action: str, step: str, kind: str
) -> None:
    made = sized(catalogue)
    assert made.run("publish", "--yes").code == 0
    only(made, lambda name: name != action)
    ran = made.run("smoke", "--published", "--format", "json")
    assert ran.code == 4
    told = report(ran)
    denied = [each for each in told["denied"] if each["action"] == action]
    assert (denied[0]["step"], denied[0]["resource_type"]) == (step, kind)
    assert denied[0]["launch_role"].endswith(":role/catalog-launch-acme-store")
    assert denied[0]["statement"] == {"Effect": "Allow", "Action": action, "Resource": denied[0]["resource"]}
    assert action.partition(":")[2] in made.run("smoke", "--published").out

    # What it says is enough: with these statements the next run is green, and tidies up what was left.
    left = [each["name"] for each in told["products"] if each["left"]]
    resources = {"cloudformation:CreateStack": "*"}  # the next stack has another name
    allow(
        made,
        [
            {**each["statement"], "Resource": resources.get(action, f"arn:aws:{action.split(':')[0]}:*")}
            for each in denied
        ],
    )
    assert made.run("smoke", "--published").code == 0
    for name in left:
        assert made.run("terminate", name).code == 0


def test_what_cannot_be_launched_is_skipped_in_sight(catalogue: Make) -> None:
    made = sized(catalogue)
    made.write("products/targets.yaml", TARGETS)
    ran = made.run("smoke")
    assert ran.code == 1, "nothing was tried"
    assert (
        "skipped: store\n  launch skipped: nobody knows a value of Network; give --param store.Network=…"
        in ran.out
    )
    assert made.run("smoke", "store", "--param", "store.Network=vpc-1").code == 0


def test_the_next_version_is_what_is_updated_to(catalogue: Make) -> None:
    made = sized(catalogue)
    made.run("publish", "--yes")
    made.edit("products/store.yaml", "1.0.0", "1.1.0")
    made.edit("products/templates/sized.yaml", "1209600", "604800")
    (product,) = report(made.run("smoke", "--format", "json"))["products"]
    assert (product["status"], product["versions"]) == ("passed", ["1.0.0", "1.1.0"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--param", "store"), "is not of the form KEY=VALUE"),
        (("--param", "Size=small"), "is not of the form ID.KEY=VALUE"),
        (("--change", "stoer.Size=small"), "Did you mean 'store'?"),
        (("stoer",), "product 'stoer' does not exist"),
    ],
)
def test_mistakes_are_told_before_anything_is_made(
    catalogue: Make, arguments: tuple[str, ...], says: str
) -> None:
    ran = sized(catalogue).run("smoke", *arguments)
    assert (ran.code, ran.out) == (1, "")
    assert says in ran.err


def test_a_real_account_is_not_touched_unasked(catalogue: Make) -> None:
    made = sized(catalogue)
    made.edit("products/targets.yaml", "default: local", 'default: local\nprod: {account: "111122223333"}')
    ran = made.run("smoke", "--target", "prod", "--published")
    assert ran.code == 3
    assert "target 'prod' is a real account and nobody can be asked. Add --yes." in ran.err
    assert "store: 3 resources, billed nothing by the time it exists" in ran.err


class Interrupted(AwsDesk):
    """Somebody presses Ctrl-C while the update runs."""

    def update(self, order: Order) -> str:
        super().update(order)
        raise KeyboardInterrupt


def test_an_interruption_leaves_nothing_behind(catalogue: Make) -> None:
    made = sized(catalogue)
    made.run("publish", "--yes")
    loaded = load(Path(made.root))
    stage = desk(loaded.target(None), made.state, "us-east-1", "arn:aws:iam::123456789012:role/analyst")
    given = smoke.Values({"Network": "vpc-1"})
    found = smoke.case(stage, loaded.products["store"], given, "smoke-1")
    assert isinstance(found, smoke.Case)
    interrupted = Interrupted(stage._sessions, "us-east-1")
    with pytest.raises(KeyboardInterrupt):
        smoke.run(interrupted, found, lambda _: None)
    assert stage.provisioned() == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (Field("A", allowed=("x", "y")), "x"),
        (Field("A", pattern="[a-z0-9-]+"), "smoke-1a"),
        (Field("A", pattern="[a-z0-9]+"), "smoke1a"),
        (Field("A", pattern="[a-z0-9-]+", longest="4"), None),
        (Field("A", pattern="arn:.*"), None),
        (Field("A", pattern="\\p{Alpha}"), None),
        (Field("A"), None),
        (Field("A", kind="Number", least="3"), "3"),
        (Field("A", kind="AWS::EC2::VPC::Id", pattern=".*"), None),
    ],
)
def test_only_names_and_choices_are_guessed(field: Field, value: str | None) -> None:
    assert smoke.sample(field, "smoke-1a") == value


@pytest.mark.parametrize(
    ("fields", "change"),
    [
        ((Field("A", default="x", allowed=("x", "y")),), {"A": "y"}),
        (
            (Field("N", default="1", kind="Number", most="5"), Field("A", default="x", allowed=("x", "y"))),
            {"A": "y"},
        ),
        ((Field("N", default="5", kind="Number", least="1", most="5"),), {"N": "4"}),
        ((Field("N", default="4", kind="Number", most="5"),), {"N": "5"}),
        ((Field("A", default="x"), Field("B", default="x", allowed=("x",))), {}),
    ],
)
def test_an_update_changes_one_thing(fields: tuple[Field, ...], change: dict[str, str]) -> None:
    assert smoke.changed(Form(fields, {}), {}) == change
