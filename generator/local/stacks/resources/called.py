"""Resources that one call of their service's API makes: the table of those calls, and the one provider that reads it.

A type belongs here when its properties are its API's members. What needs several calls has a module of its service.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from botocore import xform_name

from ..intrinsics import is_scalar, text
from . import simulated
from .fitting import fit, pick
from .provider import Made, Request, tag_list


@dataclass(frozen=True)
class Api:
    """The calls for one type.

    `physical` is a path in the creation's answer or the name of a property. `key` says, for reading, updating and deleting,
    which parameter takes what: "Ref" for the physical id, else an attribute or a property. `tagging` names the calls that
    change tags, with the parameter that takes the resource and the attribute or property that it takes.
    """

    service: str
    create: str
    physical: str
    key: Mapping[str, str]
    delete: str
    read: str = ""
    update: str = ""
    rename: Mapping[str, str] = field(default_factory=dict)
    within: str = ""
    """The member that holds the properties, where they are not the parameters themselves."""
    tagging: tuple[str, str, str, str] | None = None
    adapt: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    """The properties as the local service needs them, where it asks for more than AWS does."""
    force: tuple[str, str] | None = None
    """A parameter of the deletion and the property that sets it."""
    stop: str = ""
    """A call that must come before the deletion."""


def _located(properties: dict[str, Any]) -> dict[str, Any]:
    """A pipeline's project with the locations that CodeBuild ignores there and moto insists on."""
    found = dict(properties)
    for name in ("Source", "Artifacts"):
        part = found.get(name, {})
        if part.get("Type") in {"CODEPIPELINE", "NO_SOURCE"}:
            found[name] = {"Location": part["Type"], **part}
    return found


_SAGEMAKER: Final = ("AddTags", "DeleteTags", "ResourceArn", "Ref")


def _sagemaker(noun: str, name: str = "", *, update: str = "", read: str = "", arn: str = "") -> Api:
    member = name or f"{noun}Name"
    return Api(
        service="sagemaker",
        create=f"Create{noun}",
        physical=arn or f"{noun}Arn",
        key={member: member},
        delete=f"Delete{noun}",
        read=read or f"Describe{noun}",
        update=update,
        tagging=_SAGEMAKER,
    )


TABLE: Final[Mapping[str, Api]] = {
    "AWS::CloudWatch::Alarm": Api(
        "cloudwatch",
        "PutMetricAlarm",
        "AlarmName",
        {"AlarmName": "Ref"},
        "DeleteAlarms",
        "DescribeAlarms",
        "PutMetricAlarm",
    ),
    "AWS::CloudWatch::Dashboard": Api(
        "cloudwatch",
        "PutDashboard",
        "DashboardName",
        {"DashboardName": "Ref"},
        "DeleteDashboards",
        update="PutDashboard",
    ),
    "AWS::CodeConnections::Connection": Api(
        "codeconnections",
        "CreateConnection",
        "ConnectionArn",
        {"ConnectionArn": "Ref"},
        "DeleteConnection",
        "GetConnection",
        tagging=("TagResource", "UntagResource", "ResourceArn", "Ref"),
    ),
    "AWS::CodeStarConnections::Connection": Api(
        "codestar-connections",
        "CreateConnection",
        "ConnectionArn",
        {"ConnectionArn": "Ref"},
        "DeleteConnection",
        "GetConnection",
        tagging=("TagResource", "UntagResource", "ResourceArn", "Ref"),
    ),
    "AWS::CodeBuild::Project": Api(
        "codebuild", "CreateProject", "Name", {"name": "Ref"}, "DeleteProject", adapt=_located
    ),
    "AWS::CodeCommit::Repository": Api(
        "codecommit",
        "CreateRepository",
        "repositoryMetadata.repositoryId",
        {"repositoryName": "RepositoryName"},
        "DeleteRepository",
        "GetRepository",
        rename={"RepositoryDescription": "repositoryDescription", "Code": "", "Triggers": ""},
    ),
    "AWS::CodePipeline::Pipeline": Api(
        "codepipeline",
        "CreatePipeline",
        "Name",
        {"name": "Ref"},
        "DeletePipeline",
        "GetPipeline",
        "UpdatePipeline",
        within="pipeline",
    ),
    "AWS::DynamoDB::Table": Api(
        "dynamodb",
        "CreateTable",
        "TableName",
        {"TableName": "Ref"},
        "DeleteTable",
        "DescribeTable",
        "UpdateTable",
        tagging=("TagResource", "UntagResource", "ResourceArn", "Arn"),
    ),
    "AWS::ECR::Repository": Api(
        "ecr",
        "CreateRepository",
        "RepositoryName",
        {"repositoryName": "Ref"},
        "DeleteRepository",
        "DescribeRepositories",
        force=("force", "EmptyOnDelete"),
        tagging=("TagResource", "UntagResource", "resourceArn", "Arn"),
    ),
    "AWS::SageMaker::Endpoint": _sagemaker("Endpoint", arn="EndpointArn"),
    "AWS::SageMaker::EndpointConfig": _sagemaker("EndpointConfig"),
    "AWS::SageMaker::Model": _sagemaker("Model"),
    "AWS::SageMaker::NotebookInstance": Api(
        "sagemaker",
        "CreateNotebookInstance",
        "NotebookInstanceArn",
        {"NotebookInstanceName": "NotebookInstanceName"},
        "DeleteNotebookInstance",
        "DescribeNotebookInstance",
        tagging=_SAGEMAKER,
        stop="StopNotebookInstance",
    ),
    "AWS::SageMaker::NotebookInstanceLifecycleConfig": Api(
        "sagemaker",
        "CreateNotebookInstanceLifecycleConfig",
        "NotebookInstanceLifecycleConfigArn",
        {"NotebookInstanceLifecycleConfigName": "NotebookInstanceLifecycleConfigName"},
        "DeleteNotebookInstanceLifecycleConfig",
        "DescribeNotebookInstanceLifecycleConfig",
    ),
    "AWS::SecretsManager::ResourcePolicy": Api(
        "secretsmanager",
        "PutResourcePolicy",
        "SecretId",
        {"SecretId": "SecretId"},
        "DeleteResourcePolicy",
        update="PutResourcePolicy",
    ),
    "AWS::SSM::Parameter": Api(
        "ssm", "PutParameter", "Name", {"Name": "Ref"}, "DeleteParameter", update="PutParameter"
    ),
}


class Called:
    """The provider of the table's types."""

    simulated = False

    def __init__(self, api: Api) -> None:
        self.api = api

    def create(self, request: Request) -> Made:
        answer = self._properties_call(request, self.api.create)
        physical = pick(answer, self.api.physical)
        if physical is None:
            physical = request.properties[self.api.physical]
        return self._made(request, str(physical), answer)

    def update(self, request: Request) -> Made:
        api = self.api
        own = [name for name in {*request.properties, *request.previous} if name != request.kind.tag_property]
        if request.changed(*own):
            if api.update:
                self._properties_call(request, api.update, overwrite=True)
            else:
                # The service has no such call here: the same thing under the same name, made anew.
                self.delete(request)
                return self.create(request)
        if api.tagging:
            self._tag(request)
        return self._made(request, request.physical_id, {})

    def delete(self, request: Request) -> None:
        if self.api.stop:
            self._call(request, self.api.stop, self._key(request, self.api.stop))
        arguments = self._key(request, self.api.delete)
        if self.api.force and text(request.properties.get(self.api.force[1], False)).lower() == "true":
            arguments[self.api.force[0]] = True
        self._call(request, self.api.delete, arguments)

    def _made(self, request: Request, physical: str, answer: Mapping[str, Any]) -> Made:
        if self.api.read:
            known = {**request.attributes, **dict(_flat(answer))}
            answer = self._call(request, self.api.read, self._key(request, self.api.read, physical, known))
            answer = {
                key: value[0] if isinstance(value, list) and len(value) == 1 else value
                for key, value in answer.items()
            }
        # What the answers do not tell, a made-up value stands for.
        found = {**simulated.attributes(request), **request.attributes}
        for path in request.kind.read_only:
            value = pick(answer, path)
            if value is None and path.lower() == "arn":
                value = pick(answer, f"{request.kind.noun}Arn")
            if value is None and path.lower() == "name":
                value = request.properties.get(request.kind.name_property)
            if isinstance(value, datetime):
                value = value.strftime("%Y-%m-%dT%H:%M:%SZ")
            if is_scalar(value) or (isinstance(value, list) and all(map(is_scalar, value))):
                found[path] = value
        return Made(physical, found)

    def _key(
        self, request: Request, operation: str, physical: str = "", known: Mapping[str, Any] = {}
    ) -> dict[str, Any]:
        members = _input(request.client(self.api.service), operation)
        key: dict[str, Any] = {}
        for parameter, source in self.api.key.items():
            value = (
                physical or request.physical_id
                if source == "Ref"
                else request.properties.get(source, request.attributes.get(source, known.get(source)))
            )
            # Some calls take one, some a list of those.
            name = parameter if parameter in members.members else f"{parameter}s"
            key[name] = [value] if members.members[name].type_name == "list" else value
        return key

    def _properties_call(
        self, request: Request, operation: str, *, overwrite: bool = False
    ) -> Mapping[str, Any]:
        shape = _input(request.client(self.api.service), operation)
        properties = dict(request.properties)
        if self.api.adapt is not None:
            properties = self.api.adapt(properties)
        if self.api.within:
            inner = shape.members[self.api.within]
            arguments: dict[str, Any] = {self.api.within: fit(properties, inner, self.api.rename)}
            tags = next((member for member in shape.members if member.lower() == "tags"), None)
            if tags and request.tags() and not overwrite:
                arguments |= fit({tags: properties.get(request.kind.tag_property)}, shape)
        else:
            arguments = fit(properties, shape, self.api.rename)
        if operation == "PutParameter":
            # The one call that creates and updates, and refuses tags when it updates.
            arguments["Overwrite"] = overwrite
            if overwrite:
                arguments.pop("Tags", None)
        if not request.tags():
            arguments.pop("Tags", None)
        return self._call(request, operation, arguments)

    def _tag(self, request: Request) -> None:
        tag, untag, parameter, source = self.api.tagging or ("", "", "", "")
        resource = request.physical_id if source == "Ref" else request.attributes[source]
        before = {
            entry["Key"]: entry["Value"]
            for entry in tag_list(request.previous.get(request.kind.tag_property))
        }
        after = {entry["Key"]: entry["Value"] for entry in request.tags()}
        fresh = [{"Key": key, "Value": value} for key, value in after.items() if before.get(key) != value]
        gone = [key for key in before if key not in after]
        client = request.client(self.api.service)
        if fresh:
            self._call(request, tag, {parameter: resource, **fit({"Tags": fresh}, _input(client, tag))})
        if gone:
            keys = next(member for member in _input(client, untag).members if member.lower() == "tagkeys")
            self._call(request, untag, {parameter: resource, keys: gone})

    def _call(self, request: Request, operation: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        client = request.client(self.api.service)
        answer: Mapping[str, Any] = getattr(client, xform_name(operation))(**arguments)
        return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


def _input(client: Any, operation: str) -> Any:
    return client.meta.service_model.operation_model(operation).input_shape


def _flat(answer: Mapping[str, Any]) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in answer.items():
        if is_scalar(value):
            found.append((key, value))
        elif isinstance(value, Mapping):
            found += [(inner, item) for inner, item in value.items() if is_scalar(item)]
    return found
