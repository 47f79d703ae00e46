"""What templates ask of the account they are used in, answered by the local AWS's services.

Owns those questions: template files, the parameter store, secrets, EC2's existing things, exports. It changes nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from botocore.exceptions import ClientError

from generator.errors import FactoryError, Where
from generator.local.service import Call, Identity

from . import document
from .fault import format_error, invalid, template_error
from .kind import Kind, kind
from .parameters import Argument
from .store import Store


@dataclass(frozen=True)
class _Existing:
    """How EC2 tells whether something exists: operation, parameter with the ids, list in the answer, id in it."""

    operation: str
    argument: str
    found: str
    identifier: str


_EXISTING: Final[Mapping[str, _Existing]] = {
    "AWS::EC2::AvailabilityZone::Name": _Existing(
        "describe_availability_zones", "ZoneNames", "AvailabilityZones", "ZoneName"
    ),
    "AWS::EC2::Instance::Id": _Existing("describe_instances", "InstanceIds", "Reservations", "InstanceId"),
    "AWS::EC2::KeyPair::KeyName": _Existing("describe_key_pairs", "KeyNames", "KeyPairs", "KeyName"),
    "AWS::EC2::SecurityGroup::GroupName": _Existing(
        "describe_security_groups", "GroupNames", "SecurityGroups", "GroupName"
    ),
    "AWS::EC2::SecurityGroup::Id": _Existing(
        "describe_security_groups", "GroupIds", "SecurityGroups", "GroupId"
    ),
    "AWS::EC2::Subnet::Id": _Existing("describe_subnets", "SubnetIds", "Subnets", "SubnetId"),
    "AWS::EC2::VPC::Id": _Existing("describe_vpcs", "VpcIds", "Vpcs", "VpcId"),
    "AWS::EC2::Volume::Id": _Existing("describe_volumes", "VolumeIds", "Volumes", "VolumeId"),
}


class LocalAccount:
    """One account and region, seen by one caller."""

    def __init__(self, call: Call, store: Store, identity: Identity) -> None:
        self.call = call
        self.store = store
        self.identity = identity
        self.imported: set[str] = set()

    def client(self, service: str) -> Any:
        """A client of a service under the identity that the stack is made with."""
        return self.call.client(service, identity=self.identity)

    def kind(self, resource_type: str) -> Kind | None:
        return (
            None if resource_type.startswith("AWS::Serverless::") else kind(resource_type, self.call.region)
        )

    # Parameters

    def exists(self, parameter_type: str, value: str) -> bool:
        asked = _EXISTING.get(parameter_type)
        if asked is None:  # images and hosted zones are not all known here
            return True
        return bool(self._described(asked, value))

    def stored(self, name: str) -> str | None:
        ssm = self.client("ssm")
        try:
            return str(ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])
        except ClientError as error:
            _raise_unless_absent(error)
            return None

    def secret(self, secret_id: str, key: str, stage: str, version: str) -> str | None:
        arguments = {"VersionStage": stage, "VersionId": version}
        secrets = self.client("secretsmanager")
        try:
            answer = secrets.get_secret_value(SecretId=secret_id, **{k: v for k, v in arguments.items() if v})
        except ClientError as error:
            _raise_unless_absent(error)
            return None
        text = str(answer.get("SecretString", ""))
        if not key:
            return text
        value = json.loads(text).get(key)
        return None if value is None else str(value)

    # Functions

    def export(self, name: str) -> str:
        found = self.store.export(name)
        if found is None:
            raise invalid(f"No export named {name} found.")
        self.imported.add(name)
        return found[0]

    def zones(self, region: str) -> Sequence[str]:
        ec2 = self.call.client("ec2", region=region, identity=self.identity)
        answer = ec2.describe_availability_zones(Filters=[{"Name": "region-name", "Values": [region]}])
        return sorted(zone["ZoneName"] for zone in answer["AvailabilityZones"])

    def facts(self, arguments: Mapping[str, Argument]) -> _Facts:
        return _Facts(self, arguments)

    # Templates

    def content(self, location: str) -> Any:
        """The parsed content of an `s3://` location, or of a template's URL."""
        return parsed(self.text(location))

    def text(self, location: str) -> str:
        """The text behind a template's URL; raises ValidationError where there is none or it is too large."""
        bucket, key, version = _object(location)
        s3 = self.client("s3")
        try:
            answer = s3.get_object(Bucket=bucket, Key=key, **({"VersionId": version} if version else {}))
        except ClientError as error:
            message = error.response["Error"].get("Message", "Access Denied")
            raise invalid(
                f"S3 error: {message}\nFor more information check "
                "http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"
            ) from error
        if answer["ContentLength"] > document.URL_LIMIT:
            raise invalid(f"Template may not exceed {document.URL_LIMIT} bytes in size.")
        content: bytes = answer["Body"].read()
        return content.decode("utf-8", "replace")

    def _described(self, asked: _Existing, value: str) -> list[dict[str, Any]]:
        ec2 = self.client("ec2")
        try:
            answer = getattr(ec2, asked.operation)(**{asked.argument: [value]})
        except ClientError as error:
            _raise_unless_absent(error)
            return []
        found: list[dict[str, Any]] = answer[asked.found]
        if asked.found == "Reservations":
            found = [instance for reservation in found for instance in reservation["Instances"]]
        return [item for item in found if item.get(asked.identifier) == value]


def _raise_unless_absent(error: ClientError) -> None:
    """An error that says there is no such thing is an answer; any other is raised."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    if not any(
        word in code for word in ("NotFound", "Malformed", "InvalidParameterValue", "VersionNotFound")
    ):
        raise error


class _Facts:
    """What rules may ask of what a template's parameters name."""

    def __init__(self, account: LocalAccount, arguments: Mapping[str, Argument]) -> None:
        self.account = account
        self.arguments = arguments

    def every(self, parameter_type: str) -> list[str]:
        return [
            item
            for argument in self.arguments.values()
            if _member(argument) == parameter_type
            for item in _values(argument)
        ]

    def attributes(self, parameter: str, attribute: str) -> list[Any]:
        argument = self.arguments.get(parameter)
        if argument is None:
            raise template_error(f"Fn::ValueOf references the undefined parameter {parameter}")
        asked = _EXISTING.get(_member(argument))
        if asked is None:
            raise template_error(
                f"Fn::ValueOf: {attribute} is no attribute of parameters of type {argument.parameter.type}"
            )
        return [
            _attribute(item, attribute)
            for value in _values(argument)
            for item in self.account._described(asked, value)
        ]

    def all_attributes(self, parameter_type: str, attribute: str) -> list[Any]:
        return [
            value
            for name, argument in self.arguments.items()
            if _member(argument) == parameter_type
            for value in self.attributes(name, attribute)
        ]


def _member(argument: Argument) -> str:
    declared = argument.parameter.stored_type or argument.parameter.type
    return declared[5:-1] if declared.startswith("List<") else declared


def _values(argument: Argument) -> list[str]:
    return argument.value if isinstance(argument.value, list) else [argument.value]


def _attribute(item: Mapping[str, Any], attribute: str) -> Any:
    if attribute.startswith("Tags."):
        tags = {tag["Key"]: tag["Value"] for tag in item.get("Tags", [])}
        return tags.get(attribute[5:], "")
    return item.get(attribute, "")


def parsed(text: str) -> Any:
    """The template or fragment in a text."""
    return document.read(text, _yaml)


def _yaml(text: str) -> Any:
    # Imported late: most templates of the publisher are read by it anyway, a single describe call needs none.
    from generator.template import parse

    try:
        return parse(text, Where("template"))
    except FactoryError as error:
        problem = error.problems[0]
        if "no Resources" in problem.problem:
            raise format_error("At least one Resources member must be defined.") from None
        if "has no Type" in problem.problem:
            name = problem.problem.partition("'")[2].partition("'")[0]
            raise format_error(
                f"[/Resources/{name}] Every Resources object must contain a Type member."
            ) from None
        if problem.where.line:
            raise format_error(
                f"YAML not well-formed. (line {problem.where.line}, column {problem.where.column})"
            ) from None
        raise format_error(problem.problem) from None


_HOST: Final = re.compile(r"(?:(?P<bucket>.+)\.)?s3(?:[.-][a-z0-9-]+)*\.amazonaws\.com(?:\.cn)?")


def _object(location: str) -> tuple[str, str, str]:
    """Bucket, key and version of an `s3://` location or an https URL of S3, the local one's included."""
    parts = urlsplit(location)
    version = parse_qs(parts.query).get("versionId", [""])[0]
    path = unquote(parts.path.lstrip("/"))
    if parts.scheme == "s3":
        return parts.netloc, path, version
    host = parts.hostname or ""
    match = _HOST.fullmatch(host)
    if parts.scheme in {"http", "https"} and match and match["bucket"]:
        return match["bucket"], path, version
    if parts.scheme in {"http", "https"} and (match or host in {"127.0.0.1", "localhost"}):
        bucket, _slash, key = path.partition("/")
        return bucket, key, version
    raise invalid("TemplateURL must be a supported URL.")
