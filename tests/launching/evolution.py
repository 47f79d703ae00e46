"""Versions that come after a published one: its template with all changed that a product changes in its life.

The first changes what can be changed in place and adds tags, the second takes away what can be taken away, tags and
retention among it. What an update needs of the launch role shows on these two.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from typing import Any

from generator.local import LocalAws
from generator.local.iam.permissions import REVIEWED
from generator.local.stacks.account import parsed

Properties = dict[str, Any]
REGION = "us-east-1"
CHANGED, LESS = "98.0.0", "99.0.0"
_KEY = "AWS::KMS::Key"
_ENDPOINT_CONFIG = "AWS::SageMaker::EndpointConfig"
_NEXT_KEY = "KeyOfTheNextVersion"


def _settings(**values: Any) -> Callable[[Properties], None]:
    return lambda properties: properties.update(values)


def _role(properties: Properties) -> None:
    properties |= {"Description": "Changed.", "MaxSessionDuration": 7200}
    _said_otherwise(properties["AssumeRolePolicyDocument"])
    for policy in properties.get("Policies", []):
        _said_otherwise(policy["PolicyDocument"])


def _key(properties: Properties) -> None:
    properties |= {"Description": "Changed.", "EnableKeyRotation": False}
    _said_otherwise(properties["KeyPolicy"])


def _function(properties: Properties) -> None:
    properties |= {"Description": "Changed.", "Code": {"ZipFile": "def handle(event, context): pass\n"}}


def _repository_of_images(properties: Properties) -> None:
    properties |= {"ImageScanningConfiguration": {"ScanOnPush": False}, "ImageTagMutability": "MUTABLE"}
    if "RepositoryPolicyText" in properties:
        _said_otherwise(properties["RepositoryPolicyText"])
    if "LifecyclePolicy" in properties:
        properties["LifecyclePolicy"]["LifecyclePolicyText"] = json.dumps(
            {"rules": [{"rulePriority": 1, "selection": _UNTAGGED, "action": {"type": "expire"}}]}
        )


_UNTAGGED = {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 1}


def _group_of_packages(properties: Properties) -> None:
    if "ModelPackageGroupPolicy" in properties:
        _said_otherwise(properties["ModelPackageGroupPolicy"])


def _endpoint_config(properties: Properties, name: str = "Changed") -> None:
    """Replaced, since nothing of it can be changed; the endpoint then takes the new one."""
    for variant in properties["ProductionVariants"]:
        variant["VariantName"] = name


def _lifecycle(properties: Properties) -> None:
    for hook in ("OnCreate", "OnStart"):
        for script in properties.get(hook, []):
            script["Content"] = "IyEvYmluL3NoCg=="


def _security_group(properties: Properties) -> None:
    for rule in (*properties.get("SecurityGroupEgress", []), *properties.get("SecurityGroupIngress", [])):
        rule["Description"] = "Changed."


def _stack_set(properties: Properties) -> None:
    for group in properties.get("StackInstancesGroup", []):
        group["ParameterOverrides"] = copy.deepcopy(properties.get("Parameters", []))


def _said_otherwise(policy: dict[str, Any]) -> None:
    """The same permissions in other words."""
    statements = policy["Statement"]
    (statements[0] if isinstance(statements, list) else statements)["Sid"] = "Changed"


# What can be changed in place, by type; a type that is not here has nothing, or needs no other action for it.
_IN_PLACE: Mapping[str, Callable[[Properties], None]] = {
    "AWS::CloudFormation::StackSet": _stack_set,
    "AWS::CodeCommit::Repository": _settings(RepositoryDescription="Changed."),
    "AWS::EC2::SecurityGroup": _security_group,
    "AWS::ECR::Repository": _repository_of_images,
    "AWS::Events::Rule": _settings(Description="Changed."),
    "AWS::IAM::Role": _role,
    _KEY: _key,
    "AWS::Lambda::EventSourceMapping": _settings(BatchSize=2),
    "AWS::Lambda::Function": _function,
    "AWS::Logs::LogGroup": _settings(RetentionInDays=3653),
    "AWS::SNS::Subscription": _settings(FilterPolicy={"kind": ["changed"]}),
    "AWS::SecretsManager::Secret": _settings(Description="Changed."),
    "AWS::SNS::Topic": _settings(DisplayName="Changed"),
    "AWS::SQS::Queue": _settings(VisibilityTimeout=43),
    _ENDPOINT_CONFIG: _endpoint_config,
    "AWS::SageMaker::ModelPackageGroup": _group_of_packages,
    "AWS::SageMaker::NotebookInstance": _settings(VolumeSizeInGB=77),
    "AWS::SageMaker::NotebookInstanceLifecycleConfig": _lifecycle,
}
# What can be taken away from a resource that stays.
_CAN_GO: Mapping[str, tuple[str, ...]] = {
    "AWS::ECR::Repository": ("LifecyclePolicy", "RepositoryPolicyText"),
    "AWS::Logs::LogGroup": ("KmsKeyId", "RetentionInDays"),
    "AWS::SNS::Subscription": ("FilterPolicy",),
    "AWS::SageMaker::ModelPackageGroup": ("ModelPackageGroupPolicy",),
}


def changed(template: Mapping[str, Any]) -> dict[str, Any]:
    """All that can change in place does, every resource has a tag more, and what is encrypted has another key."""
    found: dict[str, Any] = copy.deepcopy(dict(template))
    resources = found["Resources"]
    keys = {name: each for name, each in resources.items() if each["Type"] == _KEY}
    for each in resources.values():
        properties = each.setdefault("Properties", {})
        if each["Type"] in _IN_PLACE:
            _IN_PLACE[each["Type"]](properties)
        _tag(each["Type"], properties)
        for name in ("TargetKeyId", "KmsKeyId"):
            if each["Type"] in ("AWS::KMS::Alias", "AWS::Logs::LogGroup") and name in properties and keys:
                properties[name] = {"Fn::GetAtt": [_NEXT_KEY, "Arn"]}
    for each in list(keys.values())[:1]:
        resources[_NEXT_KEY] = copy.deepcopy(each)
    found.setdefault("Outputs", {})["AddedByTheNextVersion"] = {"Value": CHANGED}
    return found


def less(template: Mapping[str, Any]) -> dict[str, Any]:
    """After `changed`: without the added tags, without what can go, and nothing is retained any longer."""
    found = changed(template)
    for each in found["Resources"].values():
        _untag(each["Properties"])
        if each["Type"] == _ENDPOINT_CONFIG:  # where there was no endpoint before the first update
            _endpoint_config(each["Properties"], "ChangedAgain")
        for policy in each["Properties"].get("Policies", []):  # one goes, with what it said in another
            policy["PolicyName"] = {"Fn::Join": ["", [policy["PolicyName"], "2"]]}
        for name in _CAN_GO.get(each["Type"], ()):
            each["Properties"].pop(name, None)
        if "DeletionPolicy" in each:
            each["DeletionPolicy"] = "Delete"
    return found


_TAG = "added-by-the-next-version"
# Tags that a template gives as a map; all others are lists of pairs.
_MAPS = frozenset({"AWS::SSM::Parameter", "AWS::ApiGatewayV2::Api", "AWS::ApiGatewayV2::Stage"})
# Carries the stack's tags and has no property for its own.
_UNTAGGED_TYPES = frozenset({"AWS::ApplicationAutoScaling::ScalableTarget"})


def _tag(kind: str, properties: Properties) -> None:
    known = REVIEWED.get(kind)
    if known is None or kind in _UNTAGGED_TYPES or not any(call.tagging for call in known.calls):
        return
    if kind in _MAPS:
        properties["Tags"] = {**properties.get("Tags", {}), _TAG: "yes"}
    else:
        properties["Tags"] = [*properties.get("Tags", []), {"Key": _TAG, "Value": "yes"}]


def _untag(properties: Properties) -> None:
    tags = properties.get("Tags")
    if isinstance(tags, list):
        properties["Tags"] = [each for each in tags if each.get("Key") != _TAG]
    elif isinstance(tags, dict):
        tags.pop(_TAG, None)


def published(aws: LocalAws, product: str) -> dict[str, Any]:
    """The template of a product's newest version."""
    session = aws.session(REGION)
    sc, s3 = session.client("servicecatalog"), session.client("s3")
    newest = sc.describe_product_as_admin(Id=product)["ProvisioningArtifactSummaries"][-1]["Id"]
    info = sc.describe_provisioning_artifact(ProductId=product, ProvisioningArtifactId=newest)["Info"]
    _, _, rest = info["TemplateUrl"].partition("https://")
    host, _, key = rest.partition("/")
    body = s3.get_object(Bucket=host.partition(".")[0], Key=key)["Body"].read().decode()
    found: dict[str, Any] = parsed(body)
    return found


def publish(aws: LocalAws, product: str, name: str, template: Mapping[str, Any]) -> str:
    """Another version of a product; its id."""
    session = aws.session(REGION)
    s3 = session.client("s3")
    s3.create_bucket(Bucket="next-versions")
    s3.put_object(Bucket="next-versions", Key=f"{product}-{name}.json", Body=json.dumps(template).encode())
    made = session.client("servicecatalog").create_provisioning_artifact(
        ProductId=product,
        Parameters={
            "Name": name,
            "Type": "CLOUD_FORMATION_TEMPLATE",
            "Info": {
                "LoadTemplateFromURL": f"https://next-versions.s3.{REGION}.amazonaws.com/{product}-{name}.json"
            },
        },
    )
    return str(made["ProvisioningArtifactDetail"]["Id"])


def next_version(aws: LocalAws, product: str, name: str = LESS) -> str:
    """A version after the published ones: the same template with an output more."""
    template = published(aws, product)
    template.setdefault("Outputs", {})["AddedByTheNextVersion"] = {"Value": name}
    return publish(aws, product, name, template)


def next_versions(aws: LocalAws, product: str) -> tuple[str, str]:
    """Two versions after the published ones: one that changes what it can, and one that takes away what it can."""
    template = published(aws, product)
    return publish(aws, product, CHANGED, changed(template)), publish(aws, product, LESS, less(template))
