"""Permissions that people found missing when they launched: each with where it was reported or is documented.

The schemas name some of them by now; a test stays, so that a later schema or table cannot lose it again.
"""

from __future__ import annotations

from typing import Any

import pytest

from generator.errors import FactoryError
from generator.launch_role import synthesise
from tests.launch_role.reading import SCOPE, actions, of_resource, template

ROLE = {"Fn::GetAtt": ["Role", "Arn"]}
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

KNOWN: list[tuple[str, dict[str, Any], set[str], str]] = [
    (
        "AWS::SageMaker::NotebookInstance",
        {"InstanceType": "ml.t3.medium"},
        {"sagemaker:AddTags"},
        "github.com/aws-solutions/research-service-workbench-on-aws/pull/441: a launch role without it fails",
    ),
    (
        "AWS::Logs::LogGroup",
        {},
        {"logs:TagResource"},
        "github.com/DataDog/cloudformation-template/pull/61: CreateLogGroup with tags",
    ),
    (
        "AWS::Lambda::Function",
        {},
        {"lambda:ListTags", "lambda:TagResource", "lambda:UntagResource"},
        "github.com/convox/rack/pull/2199: stack tags are propagated",
    ),
    (
        "AWS::CloudWatch::CompositeAlarm",
        {"AlarmRule": "TRUE"},
        {"cloudwatch:TagResource"},
        "github.com/aws-samples/aws-eda-slurm-cluster/issues/340: no retry without tags any more",
    ),
    (
        "AWS::S3::Bucket",
        {},
        {"s3:PutBucketTagging", "s3:TagResource", "s3:UntagResource"},
        "github.com/awslabs/aws-well-architected-labs/pull/125: stacks are denied without tagging permissions",
    ),
    (
        "AWS::IAM::Role",
        {"AssumeRolePolicyDocument": {}},
        {"iam:TagRole", "iam:UntagRole"},
        "github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1698: roles without tags, silently",
    ),
    (
        "AWS::RDS::DBCluster",
        {"Engine": "aurora-postgresql"},
        {"iam:CreateServiceLinkedRole"},
        "github.com/aws-cloudformation/aws-cloudformation-resource-providers-rds/pull/465",
    ),
    (
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        {},
        {"iam:CreateServiceLinkedRole", "elasticloadbalancing:AddTags"},
        "Elastic Load Balancing user guide, service-linked roles: the first load balancer makes it; no handler names it",
    ),
    (
        "AWS::ApiGateway::DomainName",
        {"DomainName": "api.example.com"},
        {"iam:CreateServiceLinkedRole"},
        "github.com/amplify-education/serverless-domain-manager/issues/112",
    ),
    (
        "AWS::OpenSearchService::Domain",
        {"VPCOptions": {"SubnetIds": ["subnet-1"]}},
        {"iam:CreateServiceLinkedRole"},
        "github.com/aws/aws-cdk/issues/3734: a domain in a VPC needs the linked role",
    ),
    (
        "AWS::EFS::MountTarget",
        {"FileSystemId": "fs-1", "SubnetId": "subnet-1", "SecurityGroups": ["sg-1"]},
        {"ec2:DescribeSubnets", "ec2:DescribeNetworkInterfaces", "ec2:CreateNetworkInterface"},
        "Amazon EFS API reference, CreateMountTarget: also requires these EC2 permissions; no handler names them",
    ),
    (
        "AWS::CodePipeline::Pipeline",
        {"Stages": [{"Actions": [{"Configuration": {"ConnectionArn": {"Ref": "Connection"}}}]}]},
        {"codeconnections:PassConnection", "codestar-connections:PassConnection"},
        "Developer Tools console guide, connections: the prefix follows the ARN; the schema names the older one only",
    ),
    (
        "AWS::CodeBuild::Project",
        {"ServiceRole": ROLE},
        {"codebuild:CreateProject", "codebuild:UpdateProject", "codebuild:DeleteProject", "iam:PassRole"},
        "the registry's schema has no handlers for the type",
    ),
    (
        "AWS::EC2::Instance",
        {"ImageId": "ami-1"},
        {"ec2:RunInstances"},
        "Amazon EC2 user guide, RunInstances: volumes are checked, though the action table calls them optional",
    ),
    (
        "AWS::SNS::Subscription",
        {"TopicArn": "arn:aws:sns:eu-west-1:111122223333:t", "Protocol": "email"},
        {"sns:Subscribe", "sns:Unsubscribe"},
        "Amazon SNS API reference",
    ),
    (
        "AWS::Events::Rule",
        {"EventPattern": {}},
        {"events:TagResource"},
        "github.com/service-cloud-voice/examples-from-doc/issues/97: rules of a stack are tagged",
    ),
    (
        "AWS::Lambda::Function",
        {"Role": ROLE},
        {"lambda:TagResource", "iam:PassRole"},
        "github.com/buildkite/elastic-ci-stack-for-aws/pull/1039: a service role without it fails",
    ),
    (
        "AWS::IAM::Role",
        {"AssumeRolePolicyDocument": {}},
        {"iam:TagRole"},
        "github.com/brefphp/bref/pull/2028: no retry without tags any more, for roles too",
    ),
    (
        "AWS::KMS::Key",
        {"KeyPolicy": {}},
        {"kms:CreateKey", "kms:TagResource"},
        "github.com/LeanerCloud/CUDly/issues/1670: CreateKey with tags asks for it",
    ),
    (
        "AWS::KMS::Key",
        {"KeyPolicy": {}},
        {"kms:PutKeyPolicy"},
        "github.com/aws-samples/rds-snapshot-export-to-s3-pipeline/issues/8: KMS refuses a policy that its writer could not change",
    ),
    (
        "AWS::ECR::Repository",
        {},
        {"ecr:CreateRepository", "ecr:TagResource"},
        "github.com/estahn/k8s-image-swapper/issues/416: asked for since 2022, by AWS's own notice",
    ),
    (
        "AWS::ECS::TaskDefinition",
        {},
        {"ecs:RegisterTaskDefinition", "ecs:TagResource"},
        "github.com/aws/aws-cdk/issues/25768: tagging authorisation of ECS asks for it on creation",
    ),
    (
        "AWS::RDS::DBParameterGroup",
        {"Family": "mysql8.0", "Description": "d"},
        {"rds:AddTagsToResource", "rds:RemoveTagsFromResource"},
        "github.com/aws-cloudformation/aws-cloudformation-resource-providers-rds/pull/185: stack tags go with the creation",
    ),
    (
        "AWS::RDS::DBClusterParameterGroup",
        {"Family": "aurora-mysql8.0", "Description": "d", "Parameters": {}},
        {"rds:AddTagsToResource"},
        "github.com/aws-cloudformation/aws-cloudformation-resource-providers-rds/pull/178",
    ),
    (
        "AWS::RDS::EventSubscription",
        {"SnsTopicArn": "arn:aws:sns:eu-west-1:111122223333:t"},
        {"rds:AddTagsToResource"},
        "github.com/aws-cloudformation/aws-cloudformation-resource-providers-rds/pull/186",
    ),
    (
        "AWS::RDS::DBSubnetGroup",
        {"DBSubnetGroupDescription": "d", "SubnetIds": ["subnet-1"]},
        {"rds:AddTagsToResource"},
        "github.com/aws-cloudformation/aws-cloudformation-resource-providers-rds/pull/188",
    ),
    (
        "AWS::ElasticLoadBalancing::LoadBalancer",
        {"Listeners": []},
        {"elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"},
        "github.com/awslabs/aws-well-architected-labs/pull/125: AWS's notice of 2020 names both",
    ),
    (
        "AWS::EKS::Cluster",
        {"RoleArn": ROLE, "EncryptionConfig": [{"Provider": {"KeyArn": KEY}}]},
        {"kms:DescribeKey", "kms:CreateGrant"},
        "github.com/aws-quickstart/quickstart-amazon-eks-cluster-resource-provider/issues/25: with a key for secrets",
    ),
    (
        "AWS::CloudFormation::ResourceVersion",
        {"TypeName": "Acme::A::B", "SchemaHandlerPackage": "s3://a/b.zip", "ExecutionRoleArn": ROLE},
        {"iam:PassRole"},
        "github.com/aws-cloudformation/aws-cloudformation-resource-providers-cloudformation/pull/11: dropped there, then kept",
    ),
    (
        "AWS::EFS::MountTarget",
        {"FileSystemId": "fs-1", "SubnetId": "subnet-1", "SecurityGroups": ["sg-1"]},
        {"iam:CreateServiceLinkedRole"},
        "github.com/awsdocs/amazon-efs-user-guide, using-service-linked-roles.md: mount targets make the linked role",
    ),
    (
        "AWS::Route53::RecordSetGroup",
        {"HostedZoneName": "example.com.", "RecordSets": []},
        {"route53:ListHostedZones", "route53:ChangeResourceRecordSets"},
        "the registry has no handlers for the type; those of AWS::Route53::RecordSet look a zone up by its name",
    ),
    (
        "AWS::DMS::ReplicationInstance",
        {"ReplicationInstanceClass": "dms.t3.medium", "ReplicationSubnetGroupIdentifier": "g"},
        {"ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:ModifyNetworkInterfaceAttribute"},
        "github.com/awsdocs/aws-dms-user-guide, security-iam.md: made on behalf of the caller",
    ),
    (
        "AWS::EMR::Cluster",
        {"Name": "c", "ManagedScalingPolicy": {}, "JobFlowRole": "r", "ServiceRole": "s", "Instances": {}},
        {"elasticmapreduce:PutManagedScalingPolicy", "elasticmapreduce:RemoveManagedScalingPolicy"},
        "Amazon EMR API reference: the policy has operations of its own",
    ),
    (
        "AWS::Events::Connection",
        {"AuthorizationType": "API_KEY", "AuthParameters": {"ApiKeyAuthParameters": {"ApiKeyName": "k"}}},
        {"secretsmanager:CreateSecret", "secretsmanager:PutSecretValue", "secretsmanager:DeleteSecret"},
        "github.com/awsdocs/amazon-eventbridge-user-guide, eb-api-destinations.md: of whatever kind, it makes a secret",
    ),
]


@pytest.mark.parametrize(
    ("resource_type", "properties", "wanted", "source"), KNOWN, ids=[entry[0] for entry in KNOWN]
)
def test_what_was_missing_once_is_granted(
    resource_type: str, properties: dict[str, Any], wanted: set[str], source: str
) -> None:
    _, reasons = synthesise(
        template(
            ("Thing", resource_type, properties),
            ("Role", "AWS::IAM::Role", {"AssumeRolePolicyDocument": {}}),
            Parameters={"Connection": {"Type": "String"}},
        ),
        SCOPE,
    )
    missing = wanted - actions(of_resource(reasons, "Thing"))
    assert not missing, source


@pytest.mark.parametrize(
    ("resource_type", "properties", "services"),
    [
        ("AWS::OpenSearchService::Application", {"Name": "logs"}, {"opensearchservice"}),
        ("AWS::AutoScalingPlans::ScalingPlan", {}, {"autoscaling-plans"}),
        ("AWS::Athena::WorkGroup", {"Name": "w"}, {"ops.athena"}),
        ("AWS::EC2::IPAM", {}, {"ipam"}),
        ("AWS::EC2::VerifiedAccessInstance", {}, {"verified-access"}),
        ("AWS::EMRServerless::Application", {}, {"ops.emr-serverless"}),
        ("AWS::CloudFront::VpcOrigin", {}, {"vpcorigin.cloudfront"}),
        ("AWS::Config::ConformancePack", {}, {"config-conforms"}),
        ("AWS::SecurityHub::HubV2", {}, {"securityhubv2"}),
        ("AWS::EC2::FlowLog", {"ResourceId": "vpc-1", "LogDestinationType": "s3"}, set()),
        ("AWS::CloudTrail::Trail", {"S3BucketName": "b"}, set()),
    ],
)
def test_linked_roles_are_of_the_service_that_assumes_them(
    resource_type: str, properties: dict[str, Any], services: set[str]
) -> None:
    """The schemas ask for a linked role and don't say whose; often it is not the service that the type is named after."""
    _, reasons = synthesise(template(("Thing", resource_type, properties)), SCOPE)
    made = {
        value.removesuffix(".amazonaws.com")
        for grant in of_resource(reasons, "Thing")
        if grant.action == "iam:CreateServiceLinkedRole"
        for _, _, values in grant.conditions
        for value in values
    }
    assert made == services


def test_both_arn_forms_of_a_connection_are_passed() -> None:
    stage = {"Actions": [{"Configuration": {"ConnectionArn": {"Ref": "Connection"}}}]}
    _, reasons = synthesise(
        template(
            ("Thing", "AWS::CodePipeline::Pipeline", {"Stages": [stage]}),
            Parameters={"Connection": {"Type": "String"}},
        ),
        SCOPE,
    )
    passed = {
        (g.action, g.resource.split(":")[4])
        for g in of_resource(reasons, "Thing")
        if "PassConnection" in g.action
    }
    assert passed == {
        (f"{prefix}:PassConnection", form)
        for prefix in ("codeconnections", "codestar-connections")
        for form in ("codeconnections", "codestar-connections")
    }


def test_an_instance_makes_volumes() -> None:
    _, reasons = synthesise(template(("Thing", "AWS::EC2::Instance", {"ImageId": "ami-1"})), SCOPE)
    assert any(
        g.action == "ec2:RunInstances" and ":volume/" in g.resource for g in of_resource(reasons, "Thing")
    )


def test_a_key_is_tagged_before_it_has_a_tag() -> None:
    """A condition on the tags that a key has cannot hold while it is made (github.com/LeanerCloud/CUDly/pull/1671)."""
    _, reasons = synthesise(template(("Thing", "AWS::KMS::Key", {"KeyPolicy": {}})), SCOPE)
    keys = [
        {key for _, key, _ in grant.conditions}
        for grant in of_resource(reasons, "Thing")
        if grant.action == "kms:TagResource"
    ]
    assert any(not any(key.startswith("aws:ResourceTag/") for key in found) for found in keys)


@pytest.mark.parametrize("resource_type", ["AWS::Lex::Bot", "AWS::Lex::BotAlias"])
def test_a_resource_is_one_arn(resource_type: str) -> None:
    """The action table joins the forms of two generations by a comma, which no ARN has."""
    properties = {"Name": "ask", "BotId": "ABCDEFGHIJ", "BotAliasName": "live", "RoleArn": ROLE}
    role, _ = synthesise(
        template(
            ("Thing", resource_type, properties), ("Role", "AWS::IAM::Role", {"AssumeRolePolicyDocument": {}})
        ),
        SCOPE,
    )
    assert not [grant.resource for grant in role.grants if "," in grant.resource]


def test_wide_reads_of_a_schema_are_those_that_are_documented() -> None:
    """The schema of a cluster asks for all that EC2 describes; AmazonRedshiftFullAccess and the guide know seven."""
    given = {"ClusterSubnetGroupName": "g", "VpcSecurityGroupIds": ["sg-1"], "NodeType": "ra3.large"}
    _, reasons = synthesise(template(("Thing", "AWS::Redshift::Cluster", given)), SCOPE)
    reads = {name for name in actions(of_resource(reasons, "Thing")) if name.startswith("ec2:Describe")}
    assert "ec2:DescribeSubnets" in reads
    assert len(reads) == 7


def test_the_service_whose_logs_are_delivered_is_asked() -> None:
    """As the SES developer guide says of Mail Manager (ses:AllowVendedLogDeliveryForResource); the schema names two others."""
    base = "arn:aws:bedrock:eu-west-1:111122223333:knowledge-base/ABCDEFGHIJ"
    source: dict[str, Any] = {"Name": "n", "LogType": "APPLICATION_LOGS", "ResourceArn": base}
    _, reasons = synthesise(template(("Thing", "AWS::Logs::DeliverySource", source)), SCOPE)
    vended = [grant for grant in of_resource(reasons, "Thing") if "AllowVended" in grant.action]
    assert [(grant.action, grant.resource) for grant in vended] == [
        ("bedrock:AllowVendedLogDeliveryForResource", base)
    ]
    source["ResourceArn"] = {"Ref": "Anything"}
    with pytest.raises(FactoryError, match="only the launch knows whose logs"):
        synthesise(
            template(
                ("Thing", "AWS::Logs::DeliverySource", source), Parameters={"Anything": {"Type": "String"}}
            ),
            SCOPE,
        )
