"""Names and other bounded texts of a template's resources, with the longest value each can reach.

Owns which property has which limit: the schema's maxLength, or a reviewed table where the schema has none or says
something else. What follows from it is up to the rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generator.lint import schemas
from generator.lint.intrinsics import Path, Placed, Resource, branches, call, resources
from generator.lint.lengths import STACK, Longest, Measure

GUIDE = "https://docs.aws.amazon.com"

# Limits that the schemas lack, or give for an ARN: type, property, length, source.
LIMITS = {
    ("AWS::ApiGateway::RestApi", "Name"): (1024, f"{GUIDE}/apigateway/latest/developerguide/limits.html"),
    ("AWS::ApiGatewayV2::Api", "Name"): (
        128,
        f"{GUIDE}/apigatewayv2/latest/api-reference/apis.html",
    ),
    ("AWS::ApiGatewayV2::Stage", "StageName"): (
        128,
        f"{GUIDE}/apigatewayv2/latest/api-reference/apis-apiid-stages.html",
    ),
    ("AWS::Athena::WorkGroup", "Name"): (128, f"{GUIDE}/athena/latest/APIReference/API_WorkGroup.html"),
    ("AWS::Batch::ComputeEnvironment", "ComputeEnvironmentName"): (
        128,
        f"{GUIDE}/batch/latest/APIReference/API_CreateComputeEnvironment.html",
    ),
    ("AWS::Backup::BackupVault", "BackupVaultName"): (
        50,
        f"{GUIDE}/aws-backup/latest/devguide/API_CreateBackupVault.html",
    ),
    ("AWS::CloudWatch::Dashboard", "DashboardName"): (
        255,
        f"{GUIDE}/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html",
    ),
    ("AWS::CodeBuild::Project", "Name"): (
        150,
        f"{GUIDE}/codebuild/latest/APIReference/API_CreateProject.html",
    ),
    ("AWS::CodePipeline::Pipeline", "Name"): (
        100,
        f"{GUIDE}/codepipeline/latest/APIReference/API_PipelineDeclaration.html",
    ),
    ("AWS::DocDB::DBCluster", "DBClusterIdentifier"): (
        63,
        f"{GUIDE}/documentdb/latest/developerguide/limits.html",
    ),
    ("AWS::DynamoDB::Table", "TableName"): (
        255,
        f"{GUIDE}/amazondynamodb/latest/developerguide/Constraints.html",
    ),
    ("AWS::EC2::KeyPair", "KeyName"): (255, f"{GUIDE}/AWSEC2/latest/APIReference/API_CreateKeyPair.html"),
    ("AWS::EC2::LaunchTemplate", "LaunchTemplateName"): (
        128,
        f"{GUIDE}/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html",
    ),
    ("AWS::EC2::SecurityGroup", "GroupName"): (
        255,
        f"{GUIDE}/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html",
    ),
    ("AWS::ECS::Cluster", "ClusterName"): (
        255,
        f"{GUIDE}/AmazonECS/latest/APIReference/API_CreateCluster.html",
    ),
    ("AWS::ECS::Service", "ServiceName"): (
        255,
        f"{GUIDE}/AmazonECS/latest/APIReference/API_CreateService.html",
    ),
    ("AWS::ECS::TaskDefinition", "Family"): (
        255,
        f"{GUIDE}/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html",
    ),
    ("AWS::ElastiCache::ReplicationGroup", "ReplicationGroupId"): (
        40,
        f"{GUIDE}/AmazonElastiCache/latest/APIReference/API_CreateReplicationGroup.html",
    ),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "Name"): (
        32,
        f"{GUIDE}/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html",
    ),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "Name"): (
        32,
        f"{GUIDE}/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html",
    ),
    ("AWS::IAM::ManagedPolicy", "ManagedPolicyName"): (
        128,
        f"{GUIDE}/IAM/latest/UserGuide/reference_iam-quotas.html",
    ),
    ("AWS::Lambda::Function", "FunctionName"): (64, f"{GUIDE}/lambda/latest/api/API_CreateFunction.html"),
    ("AWS::Serverless::Function", "FunctionName"): (64, f"{GUIDE}/lambda/latest/api/API_CreateFunction.html"),
    ("AWS::OpenSearchService::Domain", "DomainName"): (
        28,
        f"{GUIDE}/opensearch-service/latest/APIReference/API_CreateDomain.html",
    ),
    ("AWS::RDS::DBSubnetGroup", "DBSubnetGroupName"): (
        255,
        f"{GUIDE}/AmazonRDS/latest/APIReference/API_CreateDBSubnetGroup.html",
    ),
    ("AWS::SQS::Queue", "QueueName"): (
        80,
        f"{GUIDE}/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html",
    ),
    ("AWS::WAFv2::WebACL", "Name"): (128, f"{GUIDE}/waf/latest/APIReference/API_CreateWebACL.html"),
    # The API takes 63 for an endpoint and a notebook instance; their schemas say 64.
    ("AWS::SageMaker::Endpoint", "EndpointName"): (
        63,
        f"{GUIDE}/sagemaker/latest/APIReference/API_CreateEndpoint.html",
    ),
    ("AWS::SageMaker::NotebookInstance", "NotebookInstanceName"): (
        63,
        f"{GUIDE}/sagemaker/latest/APIReference/API_CreateNotebookInstance.html",
    ),
}

# Types whose Ref is their name, so that other names may be made of it.
REF_IS_NAME = (
    "AWS::CodeBuild::Project",
    "AWS::CodePipeline::Pipeline",
    "AWS::DynamoDB::Table",
    "AWS::IAM::Role",
    "AWS::Lambda::Function",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::SageMaker::ModelPackageGroup",
)


@dataclass(frozen=True)
class Bounded:
    """A text with a limit: where it stands, whether it is the resource's own name, and the longest it can be."""

    resource: Resource
    path: Path
    value: Any
    limit: int
    source: str
    is_name: bool
    longest: Longest


def bounded(template: Mapping[str, Any], regions: Sequence[str]) -> Iterator[Bounded]:
    """All properties of all resources whose text has a limit."""
    measure = Measure(template, regions, longest_names(template, regions))
    for resource in resources(template):
        schema = schemas.find(resource.type, regions)
        own = own_name(resource.type)
        for placed, limit, source in _limited(resource, schema):
            name = placed.path[: len(resource.path) + 1] == (*resource.path, own) if own else False
            yield Bounded(
                resource, placed.path, placed.value, limit, source, name, measure.longest(placed.value)
            )


def own_name(resource_type: str) -> str | None:
    """The property that names a resource of a type: BucketName of a Bucket, Name of a Rule."""
    for kind, name in LIMITS:
        if kind == resource_type:
            return name
    short = resource_type.rsplit("::", 1)[-1]
    schema = schemas.find(resource_type, ())
    for name in (f"{short}Name", "Name", f"{short}Identifier"):
        # An Events rule has both Name, which is set, and RuleName, which is read.
        if name in schema.get("properties", {}) and f"/properties/{name}" not in schema.get(
            "readOnlyProperties", []
        ):
            return name
    return None


def longest_names(template: Mapping[str, Any], regions: Sequence[str]) -> dict[str, Longest]:
    """The longest name of each resource whose Ref is its name: the one it is given, or CloudFormation's own."""
    measure = Measure(template, regions)
    found = {}
    for resource in resources(template, *REF_IS_NAME):
        own = own_name(resource.type) or ""
        given = resource.properties.get(own)
        if given is not None:
            found[resource.name] = measure.longest(given)
        else:
            limit = LIMITS.get((resource.type, own), (0, ""))[0] or _maximum(
                schemas.find(resource.type, regions), {"$ref": f"#/properties/{own}"}
            )
            text = f"{STACK}-{resource.name}-{'x' * 12}"[:limit]
            # S3 takes lower case only, and CloudFormation's names for buckets follow.
            found[resource.name] = Longest(text.lower() if resource.type == "AWS::S3::Bucket" else text)
    return found


def _limited(resource: Resource, schema: Mapping[str, Any]) -> Iterator[tuple[Placed, int, str]]:
    source = f"{GUIDE}/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html"
    for name, value in resource.properties.items():
        placed = Placed((*resource.path, name), value)
        if (resource.type, name) in LIMITS:
            limit, page = LIMITS[(resource.type, name)]
            for branch in branches(placed):
                if branch.value is not None:
                    yield branch, limit, page
        else:
            for branch, limit in _inside(placed, schema, schema.get("properties", {}).get(name, {})):
                yield branch, limit, source


def _inside(
    placed: Placed, schema: Mapping[str, Any], part: Mapping[str, Any]
) -> Iterator[tuple[Placed, int]]:
    """The bounded texts in a property, as deep as the schema names properties and items."""
    part = _resolved(schema, part)
    for branch in branches(placed):
        if isinstance(branch.value, str) or call(branch.value):
            limit = _maximum(schema, part)
            # An object as JSON text has a limit too, but it is no text when it is a mapping.
            if limit:
                yield branch, limit
        elif isinstance(branch.value, dict):
            for name, value in branch.value.items():
                below = part.get("properties", {}).get(name, {})
                yield from _inside(Placed((*branch.path, name), value), schema, below)
        elif isinstance(branch.value, list):
            for index, value in enumerate(branch.value):
                yield from _inside(Placed((*branch.path, index), value), schema, part.get("items", {}))


def _maximum(schema: Mapping[str, Any], part: Mapping[str, Any]) -> int | None:
    limit = _resolved(schema, part).get("maxLength")
    return limit if isinstance(limit, int) else None


def _resolved(schema: Mapping[str, Any], part: Any) -> Mapping[str, Any]:
    for _ in range(8):  # references to references are one or two deep
        if not isinstance(part, dict):
            return {}
        if "$ref" not in part:
            return part
        target: Any = schema
        for name in str(part["$ref"]).removeprefix("#/").split("/"):
            target = target.get(name, {}) if isinstance(target, dict) else {}
        part = target
    return {}
