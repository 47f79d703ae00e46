"""S3's resources: buckets with their configurations, and bucket policies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .fitting import fit
from .iam import document
from .provider import Made, Request


class Bucket:
    """A bucket; each configuration is a call of its own."""

    simulated = False

    def create(self, request: Request) -> Made:
        s3, name = request.client("s3"), request.properties["BucketName"]
        where = request.place.region
        # us-east-1 is the place that has no constraint and must not be named.
        placed = {} if where == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": where}}
        lock = {"ObjectLockEnabledForBucket": True} if request.properties.get("ObjectLockEnabled") else {}
        s3.create_bucket(Bucket=name, **placed, **lock)
        self._configure(request, name)
        return Made(name, self._attributes(request, name))

    def update(self, request: Request) -> Made:
        self._configure(request, request.physical_id)
        return Made(request.physical_id, dict(request.attributes))

    def delete(self, request: Request) -> None:
        request.client("s3").delete_bucket(Bucket=request.physical_id)

    def _attributes(self, request: Request, name: str) -> dict[str, Any]:
        region, suffix = request.place.region, request.place.url_suffix
        website = f"s3-website-{region}" if region in _DASHED else f"s3-website.{region}"
        return {
            "Arn": request.arn("s3", name, region="", account=""),
            "DomainName": f"{name}.s3.{suffix}",
            "DualStackDomainName": f"{name}.s3.dualstack.{region}.{suffix}",
            "RegionalDomainName": f"{name}.s3.{region}.{suffix}",
            "WebsiteURL": f"http://{name}.{website}.{suffix}",
        }

    def _configure(self, request: Request, bucket: str) -> None:
        s3, properties = request.client("s3"), request.properties
        for name, (put, delete, argument) in _CONFIGURATIONS.items():
            if not request.changed(name):
                continue
            if name in properties:
                shape = s3.meta.service_model.operation_model(put).input_shape
                value = _SHAPED[name](properties[name]) if name in _SHAPED else properties[name]
                _call(s3, put, Bucket=bucket, **fit({argument: value}, shape))
            elif delete:
                _call(s3, delete, Bucket=bucket)
        if request.changed(request.kind.tag_property):
            if request.tags():
                s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": request.tags()})
            else:
                s3.delete_bucket_tagging(Bucket=bucket)


def _call(s3: Any, operation: str, **arguments: Any) -> None:
    from botocore import xform_name

    getattr(s3, xform_name(operation))(**arguments)


# Regions older than the dotted form of website addresses.
_DASHED: Final = frozenset(
    (
        "ap-northeast-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "eu-west-1",
        "sa-east-1",
        "us-east-1",
        "us-gov-west-1",
        "us-west-1",
        "us-west-2",
    )
)
_CONFIGURATIONS: Final[Mapping[str, tuple[str, str, str]]] = {
    "AccelerateConfiguration": ("PutBucketAccelerateConfiguration", "", "AccelerateConfiguration"),
    "BucketEncryption": (
        "PutBucketEncryption",
        "DeleteBucketEncryption",
        "ServerSideEncryptionConfiguration",
    ),
    "CorsConfiguration": ("PutBucketCors", "DeleteBucketCors", "CORSConfiguration"),
    "LifecycleConfiguration": (
        "PutBucketLifecycleConfiguration",
        "DeleteBucketLifecycle",
        "LifecycleConfiguration",
    ),
    "LoggingConfiguration": ("PutBucketLogging", "", "BucketLoggingStatus"),
    "NotificationConfiguration": ("PutBucketNotificationConfiguration", "", "NotificationConfiguration"),
    "OwnershipControls": ("PutBucketOwnershipControls", "DeleteBucketOwnershipControls", "OwnershipControls"),
    "PublicAccessBlockConfiguration": (
        "PutPublicAccessBlock",
        "DeletePublicAccessBlock",
        "PublicAccessBlockConfiguration",
    ),
    "VersioningConfiguration": ("PutBucketVersioning", "", "VersioningConfiguration"),
}


def _encryption(value: Mapping[str, Any]) -> dict[str, Any]:
    rules = [
        {**rule, "ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"]}
        if "ServerSideEncryptionByDefault" in rule
        else dict(rule)
        for rule in value.get("ServerSideEncryptionConfiguration", [])
    ]
    return {"Rules": rules}


def _cors(value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "CORSRules": [
            {**rule, "ExposeHeaders": rule.get("ExposedHeaders", []), "MaxAgeSeconds": rule.get("MaxAge")}
            for rule in value.get("CorsRules", [])
        ]
    }


def _lifecycle(value: Mapping[str, Any]) -> dict[str, Any]:
    return {"Rules": [_lifecycle_rule(rule) for rule in value.get("Rules", [])]}


def _lifecycle_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    """The template's flat names of periods as the API's nested ones."""
    found: dict[str, Any] = {"ID": rule["Id"]} if "Id" in rule else {}
    found |= {"Status": rule["Status"], "Filter": {"Prefix": rule.get("Prefix", "")}}
    if "TagFilters" in rule:
        found["Filter"] = {"And": {"Prefix": rule.get("Prefix", ""), "Tags": rule["TagFilters"]}}
    expiration = {
        api: rule[name]
        for name, api in (
            ("ExpirationInDays", "Days"),
            ("ExpirationDate", "Date"),
            ("ExpiredObjectDeleteMarker", "ExpiredObjectDeleteMarker"),
        )
        if name in rule
    }
    if expiration:
        found["Expiration"] = expiration
    if "NoncurrentVersionExpirationInDays" in rule:
        found["NoncurrentVersionExpiration"] = {"NoncurrentDays": rule["NoncurrentVersionExpirationInDays"]}
    if "NoncurrentVersionExpiration" in rule:
        found["NoncurrentVersionExpiration"] = rule["NoncurrentVersionExpiration"]
    moves = [*rule.get("Transitions", []), *([rule["Transition"]] if "Transition" in rule else [])]
    if moves:
        found["Transitions"] = [
            {"StorageClass": move["StorageClass"]}
            | ({"Days": move["TransitionInDays"]} if "TransitionInDays" in move else {})
            | ({"Date": move["TransitionDate"]} if "TransitionDate" in move else {})
            for move in moves
        ]
    if "NoncurrentVersionTransitions" in rule:
        found["NoncurrentVersionTransitions"] = [
            {"StorageClass": move["StorageClass"], "NoncurrentDays": move["TransitionInDays"]}
            for move in rule["NoncurrentVersionTransitions"]
        ]
    if "AbortIncompleteMultipartUpload" in rule:
        found["AbortIncompleteMultipartUpload"] = rule["AbortIncompleteMultipartUpload"]
    return found


def _logging(value: Mapping[str, Any]) -> dict[str, Any]:
    if "DestinationBucketName" not in value:
        return {}
    return {
        "LoggingEnabled": {
            "TargetBucket": value["DestinationBucketName"],
            "TargetPrefix": value.get("LogFilePrefix", ""),
        }
    }


def _notifications(value: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, target, api in (
        ("LambdaConfigurations", "Function", "LambdaFunction"),
        ("QueueConfigurations", "Queue", "Queue"),
        ("TopicConfigurations", "Topic", "Topic"),
    ):
        if entries := value.get(name):
            key = "LambdaFunctionConfigurations" if target == "Function" else name
            found[key] = [
                {f"{api}Arn": entry[target], "Events": [entry["Event"]]}
                | (
                    {"Filter": {"Key": {"FilterRules": entry["Filter"]["S3Key"]["Rules"]}}}
                    if "Filter" in entry
                    else {}
                )
                for entry in entries
            ]
    if value.get("EventBridgeConfiguration", {}).get(
        "EventBridgeEnabled", "EventBridgeConfiguration" in value
    ):
        found["EventBridgeConfiguration"] = {}
    return found


_SHAPED: Final = {
    "BucketEncryption": _encryption,
    "CorsConfiguration": _cors,
    "LifecycleConfiguration": _lifecycle,
    "LoggingConfiguration": _logging,
    "NotificationConfiguration": _notifications,
}


class BucketPolicy:
    simulated = False

    def create(self, request: Request) -> Made:
        bucket = request.properties["Bucket"]
        request.client("s3").put_bucket_policy(
            Bucket=bucket, Policy=document(request.properties["PolicyDocument"])
        )
        return Made(bucket)

    def update(self, request: Request) -> Made:
        return self.create(request)

    def delete(self, request: Request) -> None:
        request.client("s3").delete_bucket_policy(Bucket=request.physical_id)
