"""Against the policies that AWS manages for whoever administers a service: what they allow and no handler asks for, and what
handlers ask for and they leave out.

They were written by the services' owners, from none of the data that ours is made from. The needs are those of all types of a
service with every property set, so that what is missing is missing whatever a template says. Each group of differences has its
reason; no reason is left over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data

from generator.errors import FactoryError
from generator.launch_role.needs import needs
from generator.lint import schemas

# Of what the policies allow and ours leave out; a policy's own reasons come beside these.
MONITORING = r"(cloudwatch|logs|xray|devops-guru|cloudtrail|tag|resource-groups):(Get|Describe|List|Filter|Lookup|Test|StartLive|StopLive|BatchGet)\w*\*?"
CHOICES = (
    r"(iam|kms|sns|s3|lambda|codebuild|codecommit|codedeploy|codestar-connections|cloudformation|ecr|ecs|eks|events|states|kinesis|"
    r"firehose|outposts|appmesh|servicediscovery|opsworks|elasticbeanstalk|autoscaling|elasticfilesystem|fsx|chatbot)"
    r":(List|Describe|BatchGet)\w*\*?"
)
NOTICES = r"(codestar-notifications:\w+|sns:(CreateTopic|DeleteTopic|SetTopicAttributes|GetTopicAttributes|Subscribe|Unsubscribe))"
SCALING = r"application-autoscaling:\w+"
ALARMS = r"cloudwatch:(DeleteAlarms|PutMetricAlarm|(En|Dis)ableAlarmActions)"
NETWORK = r"ec2:Describe(SecurityGroups|Subnets|Vpcs|VpcAttribute|AvailabilityZones|NetworkInterfaceAttribute|KeyPairs|Images|LaunchTemplates|LaunchTemplateVersions)"
RULES = r"events:(Delete|Disable|Enable|Put|Remove)(Rule|Targets)"
COMMON = {
    MONITORING: "the console's pages of metrics, logs and groups",
    CHOICES: "what the console offers to choose from; a template names it",
    NOTICES: "notification rules and their topics are types of their own",
    SCALING: "scaling is AWS::ApplicationAutoScaling's",
    ALARMS: "alarms are AWS::CloudWatch::Alarm's",
    NETWORK: "what the console offers to choose from; a template names it",
    RULES: "what starts a pipeline or reports of a build is an AWS::Events::Rule",
}
# Types whose permissions nobody knows: refused, and no part of what is compared.
UNKNOWN = {
    "AWS::DAX::Cluster",
    "AWS::ElastiCache::SecurityGroup",
    "AWS::ElastiCache::SecurityGroupIngress",
    "AWS::RDS::DBSecurityGroup",
    "AWS::RDS::DBSecurityGroupIngress",
    "AWS::SageMaker::ExperimentTrialComponent",
}


@dataclass(frozen=True)
class Case:
    """A policy, the types that it is for, and the reasons for what it has more and less, beside the common ones."""

    policy: str
    types: tuple[str, ...]
    theirs: dict[str, str] = field(default_factory=dict)
    ours: dict[str, str] = field(default_factory=dict)
    common: tuple[str, ...] = ()


PASSED = {r"iam:PassRole": "the policy leaves passing roles to its users' own policies"}
KEYS = (
    r"kms:(CreateGrant|Decrypt|DescribeKey|Encrypt|GenerateDataKey\w*|ReEncrypt\w+|RetireGrant|RevokeGrant)"
)
WITH_KEY = {KEYS: "for a customer's key; the policy leaves keys to their policies"}
VENDED = r"(logs:\w+|firehose:TagDeliveryStream|s3:(Get|Put)BucketPolicy)"
PACKAGES = r"s3:Get\w+"

CASES = [
    Case(
        "AWSCodePipeline_FullAccess",
        ("AWS::CodePipeline::*",),
        {
            r"cloudtrail:(CreateTrail|PutEventSelectors|StartLogging)": "the console's source from S3 makes a trail; a template has its own",
            r"codebuild:CreateProject": "AWS::CodeBuild::Project's",
            r"codecommit:GetReferences": "what the console offers to choose from; a template names it",
            r"s3:(Create|Get|Put)\w+": "the console makes the artifact bucket; a template has an AWS::S3::Bucket",
        },
        common=(MONITORING, CHOICES, NOTICES, NETWORK, RULES),
    ),
    Case(
        "AWSCodeBuildAdminAccess",
        ("AWS::CodeBuild::*",),
        {
            r"codecommit:Get\w+": "the console's pages of a build's source",
            r"codestar-connections:\w+": "connections are types of their own, and a build's role uses them",
            r"logs:DeleteLogGroup": "the log group of a build is an AWS::Logs::LogGroup, or stays",
            r"s3:GetBucketLocation": "the console's choice of buckets",
            r"ssm(messages)?:\w+": "a shell into a running build",
        },
        PASSED,
        common=(MONITORING, CHOICES, NOTICES, NETWORK, RULES),
    ),
    Case(
        "AWSCodeCommitFullAccess",
        ("AWS::CodeCommit::*",),
        {
            r"codeguru-reviewer:\w+": "reviews are AWS::CodeGuruReviewer's",
            r"iam:(?!List|CreateServiceLinkedRole)\w+": "a user's own git credentials",
            r"iam:CreateServiceLinkedRole": "of CodeGuru Reviewer",
            r"codestar-connections:GetConnection": "the console's page of connections",
        },
        {PACKAGES: "the first commit comes from an archive in S3"},
        common=(CHOICES, NOTICES, RULES),
    ),
    Case("AWSCodeDeployFullAccess", ("AWS::CodeDeploy::*",), {}, PASSED, common=(CHOICES, NOTICES)),
    Case(
        "AmazonEventBridgeFullAccess",
        ("AWS::Events::*", "AWS::Pipes::*", "AWS::Scheduler::*", "AWS::EventSchemas::*"),
        {},
        {
            **WITH_KEY,
            VENDED: "the logs of a pipe are set up by the caller",
            r"route53:GetHealthCheck": "the health check of a global endpoint",
        },
    ),
    Case(
        "AWSLambda_FullAccess",
        ("AWS::Lambda::*",),
        {
            r"iam:Get\w+": "the console's page of a function's role",
            r"states:DescribeStateMachine": "the console's page of what calls a function",
        },
        {
            **WITH_KEY,
            PACKAGES: "packages come from S3",
            r"ec2:DescribeNetworkInterfaces": "the handlers wait for the interfaces of a VPC to go",
            r"elasticfilesystem:DescribeMountTargets": "a file system must have its mount targets",
            r"s3files:ListMountTargets": "a file system must have its mount targets",
        },
        common=(MONITORING, CHOICES),
    ),
    Case(
        "AmazonDynamoDBFullAccess",
        ("AWS::DynamoDB::*", "AWS::DAX::*"),
        {
            r"datapipeline:\w+": "the console's import and export of old",
            r"lambda:(Create|Delete|Get)\w+": "triggers are AWS::Lambda::EventSourceMapping's",
            r"iam:GetRole": "the console's page of a trigger's role",
            r"iam:PassRole": "to Application Auto Scaling and DAX, neither of which a table passes any",
            r"resource-groups:(Create|Delete)Group": "AWS::ResourceGroups::Group's",
        },
        {
            **WITH_KEY,
            r"application-autoscaling:\w*Scheduled\w+": "the handler of a global table scales by itself, by schedule too",
            r"kinesis:PutRecords": "the handler names it for a stream of changes",
            r"logs:\w+": "the logs of an import",
            r"s3:(GetObject|ListBucket)": "an import's source",
        },
        common=(MONITORING, CHOICES, NOTICES, ALARMS, NETWORK),
    ),
    Case(
        "AmazonECS_FullAccess",
        ("AWS::ECS::*",),
        {
            r"autoscaling:(Create|Delete|Update)\w+": "AWS::AutoScaling's, which the console of old made for a cluster",
            r"cloudformation:\w+\*?": "the console of old made clusters as stacks",
            r"codedeploy:\w+": "blue and green deployments by CodeDeploy are its own types",
            r"ec2:(?!Describe)\w+": "the network and instances that the console of old made for a cluster",
            r"ec2:Describe\*": "what the console offers to choose from; a template names it",
            r"elasticloadbalancing:\w+": "load balancers are types of their own",
            r"events:DescribeRule": "the console's page of scheduled tasks",
            r"logs:CreateLogGroup": "an AWS::Logs::LogGroup's, or the task execution role's",
            r"route53:\w+": "service discovery's hosted zones are AWS::ServiceDiscovery's",
            r"servicediscovery:\w+": "AWS::ServiceDiscovery's",
            r"ssm:GetParameter\w*": "the console's choice of secrets and images",
        },
        {
            r"autoscaling:CreateOrUpdateTags": "a capacity provider marks its group as managed",
            r"iam:GetRole": "the handler looks at the roles that it passes",
        },
        common=(MONITORING, CHOICES, SCALING, ALARMS, RULES),
    ),
    Case(
        "AWSStepFunctionsFullAccess",
        ("AWS::StepFunctions::*",),
        {},
        {**PASSED, **WITH_KEY, PACKAGES: "a definition may come from S3"},
    ),
    Case(
        "AmazonRDSFullAccess",
        ("AWS::RDS::*",),
        {
            r"devops-guru:SearchInsights": "the console's pages of metrics",
            r"ec2:(Describe(Coip|LocalGateway)\w+|GetCoipPoolUsage)": "the console's choice of networks on Outposts",
            r"outposts:GetOutpostInstanceTypes": "the console's choice of classes on Outposts",
            r"sns:Publish": "an event subscription publishes as the service",
        },
        {
            **PASSED,
            **WITH_KEY,
            r"(ec2:(CopySnapshot|DeleteSnapshot|DescribeImages|DescribeSnapshots)|mediaimport:\w+|s3:\w+)": "a custom engine is made from images and files",
            r"iam:(GetRole|ListRoles)": "the handler looks for the role of enhanced monitoring",
            r"redshift:CreateInboundIntegration": "an integration with Redshift",
            r"secretsmanager:\w+": "a master password that RDS keeps in Secrets Manager",
        },
        common=(MONITORING, CHOICES, SCALING, ALARMS),
    ),
    Case(
        "AmazonElasticFileSystemFullAccess",
        ("AWS::EFS::*",),
        {
            r"elasticfilesystem:(Backup|Restore|Replication\w+)": "AWS Backup's and the replication's own calls",
            r"elasticfilesystem:(CreateTags|DescribeTags)": "superseded by TagResource and ListTagsForResource",
            r"elasticfilesystem:(Describe|Put)AccountPreferences": "settings of the account",
            r"iam:PassRole": "needed where a replication names a role, and granted then",
        },
        WITH_KEY,
        common=(MONITORING, CHOICES, NETWORK),
    ),
    Case(
        "AmazonMSKFullAccess",
        ("AWS::MSK::*",),
        {
            r"ec2:DescribeRouteTables": "needed where a cluster has several ways into its VPC, and granted then",
            r"firehose:TagDeliveryStream": "needed where logs go to Firehose, and granted then",
        },
        {
            VENDED: "the logs of a channel's connector",
            r"(s3|states):\w+": "what a channel writes to and is run by",
            r"acm-pca:GetCertificateAuthorityCertificate": "authorities that clients are told by",
            r"ec2:\w+VpcEndpointConnections": "the connections of other accounts",
            r"iam:(Attach|Put)RolePolicy": "on the service's linked role alone",
            r"kafka-cluster:\w+": "a topic is made inside the cluster",
            r"secretsmanager:GetSecretValue": "the secrets of users are looked at as they are associated",
        },
    ),
    Case(
        "AmazonElastiCacheFullAccess",
        ("AWS::ElastiCache::*",),
        {},
        {
            **WITH_KEY,
            VENDED: "the log delivery of a cluster is set up by the caller",
            r"iam:PutRolePolicy": "on the service's linked role alone",
            r"s3:GetObject": "a cluster may begin as a snapshot in S3",
        },
        common=(MONITORING, CHOICES, SCALING, NETWORK),
    ),
    Case(
        "AmazonEC2ContainerRegistryFullAccess",
        ("AWS::ECR::*",),
        {},
        {
            **PASSED,
            **WITH_KEY,
            r"ecr-public:\w+": "public repositories have a policy of their own",
            r"inspector2:\w+": "enhanced scanning is Inspector's",
            r"secretsmanager:GetSecretValue": "the credentials of an upstream registry",
        },
        common=(MONITORING,),
    ),
    Case("AmazonSQSFullAccess", ("AWS::SQS::*",)),
    Case(
        "AWSBatchFullAccess",
        ("AWS::Batch::*",),
        {},
        {r"eks:\w+": "a compute environment on EKS gives itself access to the cluster"},
        common=(MONITORING, CHOICES, NETWORK),
    ),
    Case(
        "AmazonSageMakerServiceCatalogProductsCloudformationServiceRolePolicy",
        tuple(
            f"AWS::SageMaker::{name}"
            for name in (
                "App",
                "AppImageConfig",
                "CodeRepository",
                "*JobDefinition",
                "Device",
                "DeviceFleet",
                "Domain",
                "Endpoint",
                "EndpointConfig",
                "FeatureGroup",
                "Image",
                "ImageVersion",
                "Model",
                "ModelPackage",
                "ModelPackageGroup",
                "MonitoringSchedule",
                "NotebookInstance*",
                "Pipeline",
                "Project",
                "UserProfile",
                "Workteam",
            )
        ),
        {
            r"sagemaker:\w+(?<!Definition)Jobs?(ForHyperParameterTuningJob|ForWorkteam)?": "jobs are run, not made by a template",
            r"sagemaker:ListCandidatesForAutoMLJob": "jobs are run, not made by a template",
            r"sagemaker:List\w+(?<!Jobs)": "lists are the console's; the handlers read what they made",
            r"sagemaker:\w*(Action|Artifact|Association|Context|Experiment|Lineage\w*|Trial|TrialComponent)": "lineage and experiments are written by what runs",
            r"sagemaker:\w*(HumanLoop|HumanTaskUi|FlowDefinition|UiTemplate)": "human review is the job's or the person's",
            r"sagemaker:\w*Pipeline(Execution\w*|DefinitionForExecution)": "executions are started by what runs",
            r"sagemaker:(Invoke\w+|(Put|Get|Delete|BatchGet)Record|Batch(Get|Put)Metrics|SendHeartbeat)": "the data's own calls",
            r"sagemaker:(CreatePresigned\w+Url|Search|GetSearchSuggestions)": "a person's own calls",
            r"sagemaker:\w*SagemakerServicecatalogPortfolio\w*": "settings of the account",
            r"sagemaker:\w*Algorithm": "a type without handlers of its own",
            r"sagemaker:\w*Workforce": "AWS::SageMaker::Workforce's, which no project makes",
            r"sagemaker:DescribeSubscribedWorkteam": "a vendor's team is no resource of a template",
            r"sagemaker:BatchDescribeModelPackage": "the console's page of models",
            r"sagemaker:Get(DeviceFleetReport|DeviceRegistration)": "the devices' own calls",
            r"sagemaker:(Start|Stop)MonitoringSchedule": "a schedule begins as it is made and ends as it is deleted",
            r"sagemaker:UpdateEndpointWeightsAndCapacities": "an endpoint is updated by its configuration",
            r"sagemaker:UpdateProject": "all that a project is made of replaces it",
        },
        {
            **WITH_KEY,
            r"cloudformation:(Create|Delete|Describe)Stacks?": "a project of SageMaker's S3 delivery is a stack",
            r"servicecatalog:\w+": "a project is a provisioned product",
            r"cognito-idp:\w+": "the groups of a work team",
            r"ec2:\w+": "the interfaces of a notebook or a domain in a VPC",
            r"elasticfilesystem:\w+": "the home folders of a domain",
            r"(sso|identitystore):\w+": "the users of a domain under Identity Center",
            r"iam:CreateServiceLinkedRole": "the first domain of an account",
            r"s3:(GetObject|ListBucket)": "models and templates come from S3",
            r"sagemaker:(ListAliases|UpdateFeatureGroup|UpdateImageVersion)": "newer than the policy",
        },
    ),
    Case(
        "AmazonSageMakerPartnerServiceCatalogProductsCloudFormationServiceRolePolicy",
        (
            "AWS::Lambda::Function",
            "AWS::Lambda::LayerVersion",
            "AWS::ApiGateway::RestApi",
            "AWS::ApiGateway::Resource",
            "AWS::ApiGateway::Method",
            "AWS::ApiGateway::Deployment",
            "AWS::ApiGateway::Stage",
        ),
        {r"lambda:InvokeFunction": "for the custom resources of those templates"},
        {
            **WITH_KEY,
            r"apigateway:UpdateRestApiPolicy": "an API with a resource policy",
            r"ec2:Describe\w+": "a function in a VPC",
            r"(elasticfilesystem:DescribeMountTargets|s3files:ListMountTargets)": "a function with a file system",
            r"lambda:\w*(CodeSigningConfig|Concurrency|RecursionConfig|ScalingConfig|RuntimeManagementConfig)": "properties that those functions lack",
            r"lambda:(PassCapacityProvider|PublishVersion)": "properties that those functions lack",
            r"lambda:(UntagResource|UpdateFunctionConfiguration)": "a new version of a product changes tags and settings",
            r"s3:GetObjectVersion": "a package may be named with its version",
        },
    ),
]


@cache
def documents() -> dict[str, Any]:
    return {name: policy["Document"] for name, policy in json.loads(aws_managed_policies_data).items()}


def theirs(policy: str) -> set[str]:
    """The actions of a policy as they are written."""
    statements = documents()[policy]["Statement"]
    found: set[str] = set()
    for statement in statements:
        if statement["Effect"] == "Allow":
            written = statement["Action"]
            found.update([written] if isinstance(written, str) else written)
    return found


@cache
def ours(patterns: tuple[str, ...]) -> frozenset[str]:
    """The actions that any type needs with every property set; types that nobody knows need none."""
    return frozenset(name for one in patterns for name in _needed(one))


def _needed(pattern: str) -> Iterator[str]:
    for resource_type in sorted(schemas.types()):
        if not fnmatchcase(resource_type, pattern):
            continue
        declared = schemas.schema(resource_type)
        read_only = {path.removeprefix("/properties/") for path in declared.get("readOnlyProperties", ())}
        everything: dict[str, Any] = {name: {} for name in declared["properties"] if name not in read_only}
        try:
            yield from (need.action for need in needs(resource_type, everything) if need.action)
        except FactoryError:
            assert resource_type in UNKNOWN


def less(case: Case) -> set[str]:
    """What the policy names and ours do not have; `service:*` is all of a service, of which ours name what they need."""
    asked = {name.lower() for name in ours(case.types)}
    return {name for name in theirs(case.policy) if not name.endswith(":*") and name.lower() not in asked}


def more(case: Case) -> set[str]:
    """What ours have and no entry of the policy covers."""
    allowed = [name.lower() for name in theirs(case.policy)]
    return {name for name in ours(case.types) if not any(fnmatchcase(name.lower(), one) for one in allowed)}


def unexplained(names: Iterable[str], reasons: Iterable[str]) -> list[str]:
    known = list(reasons)
    return [name for name in sorted(names) if not any(re.fullmatch(pattern, name) for pattern in known)]


def idle(names: Iterable[str], reasons: Iterable[str]) -> list[str]:
    found = list(names)
    return [pattern for pattern in reasons if not any(re.fullmatch(pattern, name) for name in found)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.policy)
def test_each_difference_has_its_reason_and_each_reason_its_difference(case: Case) -> None:
    reasons = (*case.theirs, *case.common)
    assert set(case.common) <= set(COMMON)
    assert unexplained(less(case), reasons) == []
    assert idle(less(case), reasons) == []
    assert unexplained(more(case), case.ours) == []
    assert idle(more(case), case.ours) == []
