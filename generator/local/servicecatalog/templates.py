"""A version's template: fetched as the caller, checked, and copied to a bucket of the service's own.

At launch it is the copy that is read, under the tag `servicecatalog:provisioning`; the original may change or go.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from generator.local import authorization
from generator.local.identity import administrator
from generator.local.service import Call, ServiceError
from generator.local.servicecatalog.catalog import invalid

SERVICE_ACCOUNT = "000000000000"  # owns the buckets with the copies, as an account of AWS does
MAX_BYTES = 1_048_576
CLOUDFORMATION = "CLOUD_FORMATION_TEMPLATE"
VIRTUAL = re.compile(
    r"(?P<bucket>[a-z0-9][a-z0-9.-]+)\.s3[.-](?:dualstack\.)?(?:[a-z0-9-]+\.)?amazonaws\.com(?:\.cn)?"
)
PATH_STYLE = re.compile(r"s3[.-](?:dualstack\.)?(?:[a-z0-9-]+\.)?amazonaws\.com(?:\.cn)?")
AWS_TYPE = re.compile(r"[A-Za-z0-9]+(::[A-Za-z0-9]+){2,3}")
CUSTOM_TYPE = re.compile(r"Custom::[\w@-]+")
CONSTRAINTS = (
    "AllowedValues",
    "AllowedPattern",
    "ConstraintDescription",
    "MaxLength",
    "MinLength",
    "MaxValue",
    "MinValue",
)


@dataclass(frozen=True)
class Content:
    """What a version is made of: the file, and what Service Catalog reads in it."""

    body: bytes
    status: str = "AVAILABLE"
    parameters: list[dict[str, Any]] = field(default_factory=list)
    outputs: list[dict[str, Any]] = field(default_factory=list)


def fetch(call: Call, url: str) -> bytes:
    """The object behind an S3 URL, read as the caller."""
    bucket, key, version = _location(url)
    authorization.require(
        call, f"s3:GetObject{'Version' if version else ''}", f"arn:{call.partition}:s3:::{bucket}/{key}"
    )
    authorization.require(call, "cloudformation:ValidateTemplate", "*")
    s3 = call.client("s3")
    try:
        found = s3.get_object(Bucket=bucket, Key=key, **({"VersionId": version} if version else {}))
        body = bytes(found["Body"].read())
    except s3.exceptions.ClientError as error:
        raise invalid(f"Access denied or no object at {url}: {error.response['Error']['Message']}") from error
    if len(body) > MAX_BYTES:
        raise invalid(f"The template at {url} has {len(body)} bytes; at most {MAX_BYTES} are allowed.")
    return body


def _location(url: str) -> tuple[str, str, str]:
    parts = urlsplit(url)
    path = unquote(parts.path.lstrip("/"))
    version = parse_qs(parts.query).get("versionId", [""])[0]
    if parts.scheme == "https":
        if found := VIRTUAL.fullmatch(parts.netloc):
            return found["bucket"], path, version
        if PATH_STYLE.fullmatch(parts.netloc) and "/" in path:
            bucket, _, key = path.partition("/")
            return bucket, key, version
    raise invalid(f"LoadTemplateFromURL must be an https URL of an object in S3, not {url}.")


def from_stack(call: Call, stack: str) -> bytes:
    """The template of an existing stack."""
    on = stack if stack.startswith("arn:") else call.arn(f"stack/{stack}/*", service="cloudformation")
    authorization.require(call, "cloudformation:GetTemplate", on)
    cloudformation = call.client("cloudformation")
    try:
        found = cloudformation.get_template(StackName=stack, TemplateStage="Original")["TemplateBody"]
    except cloudformation.exceptions.ClientError as error:
        raise invalid(f"No stack {stack}: {error.response['Error']['Message']}") from error
    if isinstance(found, str):
        return found.encode()
    return json.dumps(found, indent=2).encode()  # botocore parses JSON templates into objects


def read(body: bytes, kind: str, *, validate: bool) -> Content:
    """A version's content; without validation a template that cannot be read is a failed version."""
    if kind != CLOUDFORMATION:
        return Content(body)  # archives are for the engine of their kind, which is not here
    try:
        template = _parsed(body)
    except ServiceError as error:
        if validate:
            raise invalid(f"Invalid templateBody. {error.message}") from error
        return Content(body, status="FAILED")
    return Content(body, parameters=_parameters(template), outputs=_outputs(template))


def _parsed(body: bytes) -> dict[str, Any]:
    from generator.local.stacks import document, graph, parameters
    from generator.local.stacks.account import parsed

    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise ServiceError("ValidationError", "Template format error: not UTF-8.") from None
    template: dict[str, Any] = parsed(text)
    known = parameters.declared(template)
    if not document.transforms(template):  # what a transform will make of the rest, only it knows
        document.check(template, _plausible_type)
        rest = [template["Resources"], template.get("Outputs", {})]
        missing = graph.unresolved(rest, template["Resources"], known)
        if missing:
            names = f"Unresolved resource dependencies [{', '.join(sorted(missing))}]"
            raise ServiceError("ValidationError", f"Template format error: {names} in the template")
    return template


def _plausible_type(name: str) -> bool:
    # Whether a type exists in the region is CloudFormation's to say at launch; here only its form counts.
    return bool(AWS_TYPE.fullmatch(name) or CUSTOM_TYPE.fullmatch(name))


def _parameters(template: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = []
    for key, body in template.get("Parameters", {}).items():
        constraints: dict[str, Any] = {name: _text(body[name]) for name in CONSTRAINTS if name in body}
        if "AllowedValues" in body:
            constraints["AllowedValues"] = [_text(value) for value in body["AllowedValues"]]
        default = body.get("Default")
        parameter = {
            "ParameterKey": key,
            "ParameterType": body["Type"],
            "IsNoEcho": str(body.get("NoEcho", False)).lower() == "true",
            "ParameterConstraints": constraints,
        }
        if default is not None:
            parameter["DefaultValue"] = _text(default)
        if body.get("Description"):
            parameter["Description"] = str(body["Description"])
        found.append(parameter)
    return found


def _outputs(template: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"Key": key, **({"Description": str(body["Description"])} if body.get("Description") else {})}
        for key, body in template.get("Outputs", {}).items()
    ]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def bucket(region: str) -> str:
    return f"servicecatalog-templates-{region}"


def url(region: str, key: str) -> str:
    return f"https://{bucket(region)}.s3.{region}.amazonaws.com/{quote(key)}"


def keep(call: Call, key: str, content: Content) -> None:
    """Copy the content to the service's bucket, tagged as launch roles expect it."""
    s3 = call.client("s3", identity=administrator(SERVICE_ACCOUNT))
    name = bucket(call.region)
    try:
        s3.head_bucket(Bucket=name)
    except s3.exceptions.ClientError:
        where = (
            {}
            if call.region == "us-east-1"
            else {"CreateBucketConfiguration": {"LocationConstraint": call.region}}
        )
        s3.create_bucket(Bucket=name, **where)
        # Any account may be launching from it, under a role of its own.
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps(_readable(name)))
    s3.put_object(Bucket=name, Key=key, Body=content.body, Tagging="servicecatalog%3Aprovisioning=true")


def _readable(name: str) -> dict[str, Any]:
    actions = ["s3:GetObject", "s3:GetObjectTagging"]
    anybody = {"Effect": "Allow", "Principal": "*", "Action": actions, "Resource": f"arn:aws:s3:::{name}/*"}
    return {"Version": "2012-10-17", "Statement": [anybody]}


def stored(call: Call, key: str) -> bytes:
    """The copy of a version's template, as it was published."""
    s3 = call.client("s3", identity=administrator(SERVICE_ACCOUNT))
    return bytes(s3.get_object(Bucket=bucket(call.region), Key=key)["Body"].read())


def drop(call: Call, key: str) -> None:
    call.client("s3", identity=administrator(SERVICE_ACCOUNT)).delete_object(
        Bucket=bucket(call.region), Key=key
    )
