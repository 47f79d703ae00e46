"""The role of a template: what is granted on what, under which conditions, and why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from generator.errors import FactoryError
from generator.launch_role import Delivery, Grant, Reason, Scope, merge, role_name, scoped_writes, synthesise
from generator.launch_role.comparison import widest
from tests.launch_role.reading import FIXTURES, SCOPE, actions, agree, lines, load, of_resource, template

CALLED = ("ForAnyValue:StringEquals", "aws:CalledVia", ("cloudformation.amazonaws.com",))
MADE = ("StringEquals", "aws:RequestTag/catalog:product", ("acme/sample",))
MINE = ("StringEquals", "aws:ResourceTag/catalog:product", ("acme/sample",))
HERE = ("StringEquals", "aws:RequestedRegion", ("eu-west-1",))
ACCOUNT = "${AWS::AccountId}"
PARTITION = "arn:${AWS::Partition}"


def reasons_of(
    *resources: tuple[str, str, dict[str, Any]], scope: Scope = SCOPE, **sections: Any
) -> tuple[Reason, ...]:
    return synthesise(template(*resources, **sections), scope)[1]


def granted(reasons: tuple[Reason, ...], logical_id: str, action: str) -> set[Grant]:
    return {found for found in of_resource(reasons, logical_id) if found.action == action}


@pytest.mark.parametrize("path", sorted((FIXTURES / "products").glob("*.json")), ids=lambda path: path.stem)
def test_the_role_of_a_product_is_the_one_that_was_read(path: Any) -> None:
    document = load(path)
    role, reasons = synthesise(document["template"], scope_of(document["scope"]))
    shown = lines(role.grants)
    statistic = scoped_writes(role)
    agree(
        path.with_suffix(".txt"),
        "\n".join([*shown, "", f"{statistic.scoped} of {statistic.total} writing actions are scoped"]) + "\n",
    )
    assert statistic.share >= 0.85
    assert {reason.grant for reason in reasons} == role.grants


def scope_of(given: dict[str, Any]) -> Scope:
    found: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in given.items()}
    found["delivery"] = Delivery(given.get("delivery", "service-catalog"))
    return Scope(**found)


def test_what_the_service_makes_up_an_id_for_is_told_by_the_products_tag() -> None:
    reasons = reasons_of(("Key", "AWS::KMS::Key", {"EnableKeyRotation": True}))
    key = f"{PARTITION}:kms:eu-west-1:{ACCOUNT}:key/*"
    assert granted(reasons, "Key", "kms:CreateKey") == {Grant("kms:CreateKey", "*", (CALLED, MADE, HERE))}
    assert granted(reasons, "Key", "kms:EnableKeyRotation") == {
        Grant("kms:EnableKeyRotation", key, (CALLED, MINE))
    }
    # Tags come with the request for a new key, and are on it for an old one.
    assert granted(reasons, "Key", "kms:TagResource") == {
        Grant("kms:TagResource", key, (CALLED, MADE)),
        Grant("kms:TagResource", key, (CALLED, MINE)),
    }
    assert granted(reasons, "Key", "kms:UntagResource") == {Grant("kms:UntagResource", key, (CALLED, MINE))}


def test_another_resource_of_the_template_is_told_by_the_tag_too_and_one_from_outside_is_not() -> None:
    notebook = {"KmsKeyId": {"Ref": "Key"}, "SubnetId": {"Ref": "Subnet"}}
    parameters = {"Subnet": {"Type": "AWS::EC2::Subnet::Id"}, "Key": {"Type": "String"}}
    inside = reasons_of(
        ("Book", "AWS::SageMaker::NotebookInstance", notebook),
        ("Key", "AWS::KMS::Key", {}),
        Parameters=parameters,
    )
    outside = reasons_of(("Book", "AWS::SageMaker::NotebookInstance", notebook), Parameters=parameters)
    for_services = ("Bool", "kms:GrantIsForAWSResource", ("true",))
    key = f"{PARTITION}:kms:eu-west-1:{ACCOUNT}:key/*"
    assert granted(inside, "Book", "kms:CreateGrant") == {
        Grant("kms:CreateGrant", key, (for_services, CALLED, MINE))
    }
    assert granted(outside, "Book", "kms:CreateGrant") == {
        Grant("kms:CreateGrant", key, (for_services, CALLED))
    }
    subnets = {found.resource for found in granted(inside, "Book", "ec2:CreateNetworkInterface")}
    assert f"{PARTITION}:ec2:eu-west-1:{ACCOUNT}:subnet/subnet-*" in subnets


def test_actions_without_a_resource_level_carry_their_region_and_their_caller() -> None:
    reasons = reasons_of(("Group", "AWS::EC2::SecurityGroup", {"VpcId": "vpc-1"}))
    assert granted(reasons, "Group", "ec2:DescribeSecurityGroups") == {
        Grant("ec2:DescribeSecurityGroups", "*", (CALLED, HERE))
    }


def test_global_services_have_no_region() -> None:
    record = {"HostedZoneId": "Z1", "Name": "a.example.com", "Type": "A"}
    reasons = reasons_of(("Record", "AWS::Route53::RecordSet", record))
    assert granted(reasons, "Record", "route53:ListHostedZones") == {
        Grant("route53:ListHostedZones", "*", (CALLED,))
    }


def test_several_regions_are_named_in_a_condition() -> None:
    scope = replace(SCOPE, regions=("us-east-1", "eu-west-1"))
    reasons = reasons_of(("Q", "AWS::SQS::Queue", {"QueueName": "jobs"}), scope=scope)
    both = ("StringEquals", "aws:RequestedRegion", ("eu-west-1", "us-east-1"))
    assert granted(reasons, "Q", "sqs:CreateQueue") == {
        Grant("sqs:CreateQueue", f"{PARTITION}:sqs:*:{ACCOUNT}:jobs", (both,))
    }


# Roles

TRUST: dict[str, Any] = {"AssumeRolePolicyDocument": {}}


@pytest.mark.parametrize(
    ("resource_type", "properties", "service"),
    [
        ("AWS::SageMaker::NotebookInstance", {"RoleArn": None}, "sagemaker.amazonaws.com"),
        ("AWS::SageMaker::Pipeline", {"RoleArn": None}, "sagemaker.amazonaws.com"),
        ("AWS::Lambda::Function", {"Role": None}, "lambda.amazonaws.com"),
        ("AWS::CodeBuild::Project", {"ServiceRole": None}, "codebuild.amazonaws.com"),
        ("AWS::CodePipeline::Pipeline", {"RoleArn": None}, "codepipeline.amazonaws.com"),
        ("AWS::Events::Rule", {"Targets": [{"RoleArn": None}]}, "events.amazonaws.com"),
        ("AWS::StepFunctions::StateMachine", {"RoleArn": None}, "states.amazonaws.com"),
        ("AWS::S3::Bucket", {"ReplicationConfiguration": {"Role": None}}, "s3.amazonaws.com"),
        ("AWS::ECS::TaskDefinition", {"TaskRoleArn": None}, "ecs-tasks.amazonaws.com"),
        ("AWS::RDS::DBInstance", {"MonitoringRoleArn": None}, "monitoring.rds.amazonaws.com"),
        ("AWS::EC2::FlowLog", {"DeliverLogsPermissionArn": None}, "vpc-flow-logs.amazonaws.com"),
        ("AWS::ApiGateway::Authorizer", {"AuthorizerCredentials": None}, "apigateway.amazonaws.com"),
        ("AWS::Lex::Bot", {"RoleArn": None}, "lexv2.amazonaws.com"),
    ],
)
def test_a_role_is_passed_by_name_to_one_service(
    resource_type: str, properties: dict[str, Any], service: str
) -> None:
    role = {"Fn::GetAtt": ["Role", "Arn"]}
    filled = {
        name: [{"RoleArn": role}]
        if name == "Targets"
        else {"Role": role}
        if isinstance(value, dict)
        else role
        for name, value in properties.items()
    }
    reasons = reasons_of(("Thing", resource_type, filled), ("Role", "AWS::IAM::Role", TRUST))
    assert granted(reasons, "Thing", "iam:PassRole") == {
        Grant(
            "iam:PassRole",
            f"{PARTITION}:iam::{ACCOUNT}:role/SC-{ACCOUNT}-pp-*-Role-*",
            (("StringEquals", "iam:PassedToService", (service,)),),
        )
    }


def test_no_role_passed_no_pass_role() -> None:
    assert not granted(reasons_of(("Rule", "AWS::Events::Rule", {"Targets": []})), "Rule", "iam:PassRole")


def test_a_role_given_by_name_or_inside_a_profile_is_found() -> None:
    reasons = reasons_of(
        ("Host", "AWS::EC2::Instance", {"IamInstanceProfile": {"Ref": "Profile"}}),
        ("Profile", "AWS::IAM::InstanceProfile", {"Roles": [{"Ref": "Role"}]}),
        ("Role", "AWS::IAM::Role", {**TRUST, "RoleName": "host", "Path": "/team/"}),
    )
    for logical_id in ("Host", "Profile"):
        (found,) = granted(reasons, logical_id, "iam:PassRole")
        assert found.resource == f"{PARTITION}:iam::{ACCOUNT}:role/team/host"
        assert found.conditions == (("StringEquals", "iam:PassedToService", ("ec2.amazonaws.com",)),)


BOUNDED = replace(SCOPE, boundary="Boundary")
BOUNDARY = ("StringEquals", "iam:PermissionsBoundary", (f"{PARTITION}:iam::{ACCOUNT}:policy/Boundary",))
ROLE = {
    **TRUST,
    "Policies": [],
    "ManagedPolicyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
    "PermissionsBoundary": {"Fn::ImportValue": "Boundary"},
    "Description": "d",
}


def test_every_role_writing_action_carries_the_boundary() -> None:
    reasons = reasons_of(
        ("Role", "AWS::IAM::Role", ROLE),
        ("Policy", "AWS::IAM::Policy", {"Roles": [{"Ref": "Role"}], "PolicyDocument": {}, "PolicyName": "p"}),
        ("Managed", "AWS::IAM::ManagedPolicy", {"Roles": [{"Ref": "Role"}], "PolicyDocument": {}}),
        scope=BOUNDED,
    )
    writing = {
        "iam:CreateRole",
        "iam:DeleteRole",
        "iam:PutRolePolicy",
        "iam:DeleteRolePolicy",
        "iam:AttachRolePolicy",
        "iam:DetachRolePolicy",
        "iam:UpdateAssumeRolePolicy",
        "iam:PutRolePermissionsBoundary",
    }
    found = [reason.grant for reason in reasons if reason.grant.action in writing]
    assert actions(found) == writing
    assert all(BOUNDARY in grant.conditions for grant in found)
    assert "iam:DeleteRolePermissionsBoundary" not in actions(reason.grant for reason in reasons)


def test_only_the_policies_of_the_template_may_be_attached() -> None:
    (found,) = granted(reasons_of(("Role", "AWS::IAM::Role", ROLE)), "Role", "iam:AttachRolePolicy")
    assert found.conditions == (("ArnLike", "iam:PolicyARN", ("arn:aws:iam::aws:policy/ReadOnlyAccess",)),)


def test_a_role_without_the_targets_boundary_is_refused_before_it_is_denied() -> None:
    with pytest.raises(FactoryError, match=r"'Role' has no PermissionsBoundary.*Set PermissionsBoundary to"):
        reasons_of(("Role", "AWS::IAM::Role", TRUST), scope=BOUNDED)


@pytest.mark.parametrize(
    ("boundary", "arn"),
    [
        ("Boundary", f"{PARTITION}:iam::{ACCOUNT}:policy/Boundary"),
        ("arn:aws:iam::111122223333:policy/x/Boundary", f"{PARTITION}:iam::{ACCOUNT}:policy/x/Boundary"),
        ("arn:aws:iam::aws:policy/PowerUserAccess", "arn:aws:iam::aws:policy/PowerUserAccess"),
    ],
)
def test_the_boundary_is_the_one_of_the_account(boundary: str, arn: str) -> None:
    reasons = reasons_of(("Role", "AWS::IAM::Role", ROLE), scope=replace(SCOPE, boundary=boundary))
    (found,) = granted(reasons, "Role", "iam:CreateRole")
    assert ("StringEquals", "iam:PermissionsBoundary", (arn,)) in found.conditions


def test_a_service_writes_no_role_but_its_linked_one() -> None:
    brokers = {"ClusterName": "events", "BrokerNodeGroupInfo": {"ClientSubnets": ["subnet-1"]}}
    reasons = reasons_of(("Cluster", "AWS::MSK::Cluster", brokers))
    linked = f"{PARTITION}:iam::{ACCOUNT}:role/aws-service-role/kafka.amazonaws.com/*"
    assert {found.resource for found in granted(reasons, "Cluster", "iam:PutRolePolicy")} == {linked}


def test_a_linked_role_is_made_for_its_service_only() -> None:
    reasons = reasons_of(
        (
            "Target",
            "AWS::ApplicationAutoScaling::ScalableTarget",
            {"ServiceNamespace": "sagemaker", "ResourceId": "x"},
        )
    )
    (found,) = granted(reasons, "Target", "iam:CreateServiceLinkedRole")
    service = "sagemaker.application-autoscaling.amazonaws.com"
    assert found.resource.endswith(f":role/aws-service-role/{service}/*")
    assert found.conditions == (("StringEquals", "iam:AWSServiceName", (service,)),)


def test_a_linked_role_of_the_template_is_that_services() -> None:
    reasons = reasons_of(("Linked", "AWS::IAM::ServiceLinkedRole", {"AWSServiceName": "es.amazonaws.com"}))
    (made,) = granted(reasons, "Linked", "iam:CreateServiceLinkedRole")
    assert made.conditions == (("StringEquals", "iam:AWSServiceName", ("es.amazonaws.com",)),)
    (gone,) = granted(reasons, "Linked", "iam:DeleteServiceLinkedRole")
    assert gone.resource == f"{PARTITION}:iam::{ACCOUNT}:role/aws-service-role/es.amazonaws.com/*"


def test_a_schema_that_names_no_service_means_its_own() -> None:
    reasons = reasons_of(("Vault", "AWS::Backup::Framework", {}))
    (made,) = granted(reasons, "Vault", "iam:CreateServiceLinkedRole")
    assert made.conditions == (("StringEquals", "iam:AWSServiceName", ("backup.amazonaws.com",)),)


def test_a_role_that_may_have_any_name_is_refused_unless_a_boundary_binds_it() -> None:
    named = {**TRUST, "RoleName": {"Ref": "Name"}, "PermissionsBoundary": {"Fn::ImportValue": "Boundary"}}
    free = {"Name": {"Type": "String"}}
    with pytest.raises(FactoryError, match="on every role of the account"):
        reasons_of(("Role", "AWS::IAM::Role", named), Parameters=free)
    assert reasons_of(("Role", "AWS::IAM::Role", named), scope=BOUNDED, Parameters=free)
    bound = {"Name": {"Type": "String", "AllowedPattern": "^team-[a-z]+$"}}
    assert reasons_of(("Role", "AWS::IAM::Role", named), Parameters=bound)


# CloudFormation's own needs


def own(reasons: tuple[Reason, ...]) -> list[Grant]:
    return of_resource(reasons, "")


def test_the_stack_calls_are_on_stacks_of_this_account_and_not_through_cloudformation() -> None:
    found = own(reasons_of(("Q", "AWS::SQS::Queue", {})))
    calls = [grant for grant in found if grant.action.startswith("cloudformation:")]
    assert {
        "cloudformation:CreateStack",
        "cloudformation:TagResource",
        "cloudformation:CreateChangeSet",
    } <= actions(calls)
    assert not any(CALLED in grant.conditions for grant in calls)
    assert {grant.resource for grant in calls} == {
        "*",
        f"{PARTITION}:cloudformation:eu-west-1:{ACCOUNT}:stack/SC-{ACCOUNT}-pp-*/*",
    }
    assert actions(grant for grant in calls if grant.resource == "*") == {
        "cloudformation:GetTemplateSummary",
        "cloudformation:ValidateTemplate",
    }


def test_the_services_copy_of_the_template_is_told_by_its_tag() -> None:
    tag = ("StringEquals", "s3:ExistingObjectTag/servicecatalog:provisioning", ("true",))
    assert Grant("s3:GetObject", "*", (tag,)) in own(reasons_of(("Q", "AWS::SQS::Queue", {})))


def test_a_transform_needs_change_sets_on_its_arn_and_a_macro_is_refused() -> None:
    found = own(reasons_of(("Q", "AWS::SQS::Queue", {}), Transform="AWS::LanguageExtensions"))
    arn = f"{PARTITION}:cloudformation:eu-west-1:aws:transform/LanguageExtensions"
    assert Grant("cloudformation:CreateChangeSet", arn, ()) in found
    with pytest.raises(FactoryError, match="macro of one account"):
        reasons_of(("Q", "AWS::SQS::Queue", {}), Transform=["MyMacro"])


def test_parameters_from_ssm_and_dynamic_references_are_read() -> None:
    reasons = reasons_of(
        ("F", "AWS::Lambda::Function", {"Environment": {"Variables": {"A": "{{resolve:ssm:/acme/name:1}}"}}}),
        (
            "D",
            "AWS::RDS::DBInstance",
            {"MasterUserPassword": "{{resolve:secretsmanager:db:SecretString:password}}"},
        ),
        Parameters={
            "Image": {
                "Type": "AWS::SSM::Parameter::Value<String>",
                "AllowedValues": ["/aws/service/ami", "/own"],
            }
        },
    )
    found = {(reason.grant.action, reason.grant.resource) for reason in reasons}
    assert ("ssm:GetParameters", f"{PARTITION}:ssm:eu-west-1:*:parameter/aws/service/ami") in found
    assert ("ssm:GetParameters", f"{PARTITION}:ssm:eu-west-1:{ACCOUNT}:parameter/own") in found
    assert ("ssm:GetParameters", f"{PARTITION}:ssm:eu-west-1:{ACCOUNT}:parameter/acme/name") in found
    assert (
        "secretsmanager:GetSecretValue",
        f"{PARTITION}:secretsmanager:eu-west-1:{ACCOUNT}:secret:db-*",
    ) in found


def test_a_custom_resource_invokes_its_function() -> None:
    reasons = reasons_of(
        ("Custom", "Custom::Seed", {"ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]}}),
        (
            "Topic",
            "AWS::CloudFormation::CustomResource",
            {"ServiceToken": "arn:aws:sns:eu-west-1:111122223333:t"},
        ),
        ("Function", "AWS::Lambda::Function", {}),
    )
    (invoke,) = of_resource(reasons, "Custom")
    assert invoke.action == "lambda:InvokeFunction"
    assert invoke.resource == f"{PARTITION}:lambda:eu-west-1:{ACCOUNT}:function:SC-{ACCOUNT}-pp-*-Function-*"
    (publish,) = of_resource(reasons, "Topic")
    assert (publish.action, publish.resource) == ("sns:Publish", "arn:aws:sns:eu-west-1:111122223333:t")


def test_assets_are_read_from_the_targets_bucket() -> None:
    scope = replace(
        SCOPE, assets=("acme-${AWS::Region}/seeds/a.zip",), asset_keys=("arn:aws:kms:eu-west-1:1:key/k",)
    )
    found = own(reasons_of(("Q", "AWS::SQS::Queue", {}), scope=scope))
    assert Grant("s3:GetObject", f"{PARTITION}:s3:::acme-eu-west-1/seeds/a.zip", ()) in found
    via = ("StringLike", "kms:ViaService", ("s3.eu-west-1.amazonaws.com",))
    assert Grant("kms:Decrypt", "arn:aws:kms:eu-west-1:1:key/k", (via,)) in found


def test_objects_are_found_by_bucket_and_key_and_by_address() -> None:
    reasons = reasons_of(
        ("F", "AWS::Lambda::Function", {"Code": {"S3Bucket": "zips", "S3Key": "f.zip"}}),
        (
            "R",
            "AWS::CodeCommit::Repository",
            {"RepositoryName": "r", "Code": {"S3": {"Bucket": "zips", "Key": "s.zip"}}},
        ),
    )
    assert {found.resource for found in granted(reasons, "F", "s3:GetObject")} == {
        f"{PARTITION}:s3:::zips/f.zip"
    }
    assert {found.resource for found in granted(reasons, "R", "s3:GetObject")} == {
        f"{PARTITION}:s3:::zips/s.zip"
    }


def test_an_object_in_a_bucket_that_only_the_launch_knows_is_the_asset_of_that_key() -> None:
    code = {"S3": {"Bucket": {"Ref": "Bucket"}, "Key": "seeds/a.zip"}}
    scope = replace(SCOPE, assets=("acme-assets/seeds/a.zip",))
    for chosen, expected in ((scope, "acme-assets/seeds/a.zip"), (SCOPE, "*/seeds/a.zip")):
        reasons = reasons_of(
            ("R", "AWS::CodeCommit::Repository", {"RepositoryName": "r", "Code": code}),
            scope=chosen,
            Parameters={"Bucket": {"Type": "String"}},
        )
        assert {found.resource for found in granted(reasons, "R", "s3:GetObject")} == {
            f"{PARTITION}:s3:::{expected}"
        }


def test_a_parameter_that_may_be_any_arn_gives_no_right_to_any_arn() -> None:
    anything = {"Any": {"Type": "String", "AllowedPattern": "^arn:aws[a-z-]*:.*"}}
    reasons = reasons_of(
        ("F", "AWS::Lambda::Function", {"Role": {"Ref": "Any"}, "KmsKeyArn": {"Ref": "Any"}}),
        ("C", "Custom::Thing", {"ServiceToken": {"Ref": "Any"}}),
        ("R", "AWS::IAM::Role", {**TRUST, "ManagedPolicyArns": [{"Ref": "Any"}]}),
        Parameters=anything,
    )
    patterns = {reason.grant.resource for reason in reasons}
    patterns |= {value for reason in reasons for _, _, values in reason.grant.conditions for value in values}
    assert not [pattern for pattern in patterns if pattern.startswith("arn:aws*")]
    (passed,) = granted(reasons, "F", "iam:PassRole")
    assert passed.resource == f"{PARTITION}:iam::{ACCOUNT}:role/*"


def test_a_nested_stack_needs_its_template_and_what_that_needs() -> None:
    url = "https://acme-artifacts.s3.eu-west-1.amazonaws.com/nested/queue.yaml"
    nested = ("Below", "AWS::CloudFormation::Stack", {"TemplateURL": url})
    with pytest.raises(FactoryError, match="nested stack"):
        reasons_of(nested)
    scope = replace(SCOPE, nested={"Below": template(("Q", "AWS::SQS::Queue", {}))})
    reasons = reasons_of(nested, scope=scope)
    assert {found.resource for found in granted(reasons, "Below", "s3:GetObject")} == {
        f"{PARTITION}:s3:::acme-artifacts/nested/queue.yaml"
    }
    (queue,) = granted(reasons, "Below/Q", "sqs:CreateQueue")
    assert queue.resource == f"{PARTITION}:sqs:eu-west-1:{ACCOUNT}:SC-{ACCOUNT}-pp-*Q*"
    (create,) = granted(reasons, "Below", "cloudformation:CreateStack")
    # Its name begins with that of the stack above, whose pattern so covers it.
    assert create.resource.endswith(f":stack/SC-{ACCOUNT}-pp-*/*")


def test_no_grant_lies_within_another() -> None:
    """An action is on the widest resource that it needs, under the fewest conditions, and on nothing within that again."""
    code = {"S3Bucket": "acme-assets", "S3Key": "assets/lambda-a/0a1b.zip"}
    scope = replace(SCOPE, assets=("acme-assets/assets/lambda-a/*.zip",))
    function = ("F", "AWS::Lambda::Function", {"Code": code, "Role": "arn:aws:iam::111122223333:role/r"})
    role, _ = synthesise(template(function), scope)
    read = {each.resource for each in role.grants if each.action == "s3:GetObject" and each.resource != "*"}
    assert read == {f"{PARTITION}:s3:::acme-assets/assets/lambda-a/*.zip"}
    assert not widest(role.grants)


# The variant for SageMaker's S3 delivery


def test_a_role_that_cloudformation_assumes_calls_through_nobody() -> None:
    scope = replace(SCOPE, delivery=Delivery.SAGEMAKER)
    role, reasons = synthesise(template(("Key", "AWS::KMS::Key", {})), scope)
    assert role.key == "sample@sagemaker"
    assert role.name != role_name("acme", "sample")
    keys = {key for grant in role.grants for _, key, _ in grant.conditions}
    assert not {key for key in keys if key.startswith(("aws:CalledVia", "aws:RequestTag", "aws:ResourceTag"))}
    assert not own(reasons)  # SageMaker's caller makes the stack, not this role


# Names and unions


def test_role_names_fit_and_stay_apart() -> None:
    assert role_name("acme", "analyst-notebook") == "catalog-launch-acme-analyst-notebook"
    long = [role_name("acme", "p" * 60 + end) for end in ("a", "b")]
    assert all(len(name) == 64 for name in long)
    assert len(set(long)) == 2


def test_a_role_covers_all_versions() -> None:
    older, _ = synthesise(template(("Q", "AWS::SQS::Queue", {})), SCOPE)
    newer, _ = synthesise(template(("T", "AWS::SNS::Topic", {})), replace(SCOPE, regions=("us-east-1",)))
    both = merge(older, newer)
    assert both.grants == older.grants | newer.grants
    assert both.regions == ("eu-west-1", "us-east-1")
    other, _ = synthesise(template(("Q", "AWS::SQS::Queue", {})), replace(SCOPE, product="other"))
    with pytest.raises(ValueError, match="different roles"):
        merge(older, other)


# Refusals


def test_all_that_nobody_knows_is_named_at_once() -> None:
    with pytest.raises(FactoryError) as caught:
        reasons_of(
            ("Mesh", "AWS::AppMesh::Mesh", {}),
            ("Sam", "AWS::Serverless::Function", {}),
            ("Nowhere", "AWS::SQS::Quue", {}),
        )
    text = str(caught.value)
    assert "AWS::AppMesh::Mesh" in text
    assert "only exists until CloudFormation expands it" in text
    assert "AWS::SQS::Quue" in text


def test_loops_are_to_be_expanded_first() -> None:
    with pytest.raises(FactoryError, match="Expand the template"):
        synthesise({"Resources": {"Fn::ForEach::Queues": ["N", ["a"], {}]}}, SCOPE)
