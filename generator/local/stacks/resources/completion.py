"""A resource's evaluated properties made whole: the generated name and the stack's tags.

Pure. What is added here is what CloudFormation's handlers add, so that permissions are asked for what is really made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .. import names
from ..kind import Kind
from .provider import tag_list

# Names that services keep shorter than their schema says, or in lower case only (service documentation).
_LIMITS: Final[Mapping[str, int]] = {
    "AWS::CodeBuild::Project": 150,
    "AWS::CodePipeline::Pipeline": 100,
    "AWS::ECR::Repository": 256,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": 32,
    "AWS::ElasticLoadBalancingV2::TargetGroup": 32,
    "AWS::Events::Rule": 64,
    "AWS::IAM::Group": 128,
    "AWS::IAM::InstanceProfile": 128,
    "AWS::IAM::ManagedPolicy": 128,
    "AWS::IAM::Role": 64,
    "AWS::IAM::User": 64,
    "AWS::Lambda::Function": 64,
    "AWS::Logs::LogGroup": 512,
    "AWS::OpenSearchService::Domain": 28,
    "AWS::RDS::DBInstance": 63,
    "AWS::S3::Bucket": 63,
    "AWS::SNS::Topic": 256,
    "AWS::SQS::Queue": 80,
    "AWS::StepFunctions::StateMachine": 80,
}
_LOWER: Final = frozenset(
    (
        "AWS::ECR::Repository",
        "AWS::OpenSearchService::Domain",
        "AWS::RDS::DBCluster",
        "AWS::RDS::DBInstance",
        "AWS::S3::Bucket",
    )
)
# Types whose FIFO variant is told by its name.
_FIFO: Final[Mapping[str, str]] = {"AWS::SNS::Topic": "FifoTopic", "AWS::SQS::Queue": "FifoQueue"}
# Services and types whose generated names are the logical id and a random end, without the stack (aws-cli issue 4021).
_LOGICAL: Final = frozenset(
    (
        "sagemaker",
        "AWS::CodeBuild::Project",
        "AWS::SecretsManager::Secret",
        "AWS::StepFunctions::StateMachine",
    )
)
# The same behind a word (aws-cloudformation-resource-providers-ssm: prefix, logical id, random end).
_PREFIXED: Final[Mapping[str, str]] = {"AWS::SSM::Parameter": "CFN-"}
# Types whose schema offers a name that CloudFormation does not generate.
_NAMELESS: Final = frozenset(("AWS::EC2::SecurityGroup",))


def complete(
    kind: Kind,
    properties: Mapping[str, Any],
    *,
    stack_id: str,
    logical_id: str,
    generation: int,
    tags: Mapping[str, str],
) -> dict[str, Any]:
    """The properties with a name, if the type has one and the author gave none, and with the stack's tags."""
    whole = dict(properties)
    name = kind.name_property
    if name and name not in whole and not kind.custom and kind.type not in _NAMELESS:
        whole[name] = _name(kind, whole, stack_id, logical_id, generation)
    if tags and kind.tag_property and not kind.custom:
        whole[kind.tag_property] = _tagged(whole.get(kind.tag_property), tags, as_map=_takes_map(kind))
    return whole


def _name(kind: Kind, properties: Mapping[str, Any], stack_id: str, logical_id: str, generation: int) -> str:
    limit = _LIMITS.get(kind.type, min(kind.limit(kind.name_property), 255))
    suffix = ".fifo" if str(properties.get(_FIFO.get(kind.type, ""), "")).lower() == "true" else ""
    limit -= len(suffix)
    prefix = _PREFIXED.get(kind.type, "")
    if prefix or kind.service in _LOGICAL or kind.type in _LOGICAL:
        return prefix + names.logical_name(stack_id, logical_id, generation, limit=limit - len(prefix))
    return (
        names.physical_name(stack_id, logical_id, generation, limit=limit, lower=kind.type in _LOWER) + suffix
    )


def _takes_map(kind: Kind) -> bool:
    declared = kind.resolved(kind.properties[kind.tag_property]).get("type", "array")
    return bool(declared == "object")


def _tagged(own: Any, tags: Mapping[str, str], *, as_map: bool) -> Any:
    """Stack tags under the resource's own, which win."""
    present = {tag["Key"] for tag in tag_list(own)}
    added = {key: value for key, value in tags.items() if key not in present}
    if as_map or isinstance(own, Mapping):
        return {**(own or {}), **added}
    lower = isinstance(own, list) and bool(own) and isinstance(own[0], Mapping) and "key" in own[0]
    key, value = ("key", "value") if lower else ("Key", "Value")
    return [*(own or []), *({key: name, value: text} for name, text in added.items())]


def sendable(kind: Kind, properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties without system tags, which CloudFormation may set and the local services take from nobody."""
    name = kind.tag_property
    tags = properties.get(name)
    if isinstance(tags, Mapping):
        return {**properties, name: {k: v for k, v in tags.items() if not _system(k)}}
    if isinstance(tags, list):
        kept = [tag for tag in tags if not _system(tag.get("Key", tag.get("key", "")))]
        return {**properties, name: kept}
    return dict(properties)


def _system(key: str) -> bool:
    return key.startswith("aws:")
