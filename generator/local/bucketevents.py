"""What S3 tells EventBridge of objects that come and go, and moto's own telling of it out of the way.

moto's reaches few kinds of targets, asks none of their policies and spells fields differently. The shapes are those of
https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html. Nothing is told of tags, ACLs and storage classes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import unescape

from generator.local.service import Call
from generator.local.wire import Request, Response

if TYPE_CHECKING:
    from generator.local.world import Content

_DELETED: Final = re.compile(rb"<Object>(.*?)</Object>", re.DOTALL)
_KEY: Final = re.compile(rb"<Key>([^<]*)</Key>")
_NOTHING: Final = "d41d8cd98f00b204e9800998ecf8427e"  # the ETag of a delete marker


@dataclass(frozen=True)
class Change:
    """An object that a request makes, or takes away; `version` is the one that it names."""

    key: str
    reason: str
    version: str = ""

    @property
    def deleted(self) -> bool:
        return self.reason == "DeleteObject"


def changes(request: Request, bucket: str) -> tuple[Change, ...]:
    """What a request to S3 does to objects."""
    parts = urlsplit(request.url)
    path = parts.path.lstrip("/")
    key = unquote(path if parts.netloc.startswith(f"{bucket}.") else path.partition("/")[2])
    query = parse_qs(parts.query, keep_blank_values=True)
    match request.method, set(query) - {"versionId", "x-id"}:
        case "PUT", rest if key and not rest:
            return (Change(key, "CopyObject" if "x-amz-copy-source" in request.headers else "PutObject"),)
        case "POST", rest if key and rest == {"uploadId"}:
            return (Change(key, "CompleteMultipartUpload"),)
        case "DELETE", rest if key and not rest:
            return (Change(key, "DeleteObject", query.get("versionId", [""])[0]),)
        case "POST", rest if rest == {"delete"}:
            return tuple(
                Change(unescape(found[1].decode()), "DeleteObject", "named" if b"<VersionId>" in each else "")
                for each in _DELETED.findall(request.body)
                if (found := _KEY.search(each))
            )
    return ()


def listens(owner: str, bucket: str, content: Content) -> bool:
    """Whether a bucket's events go to EventBridge."""
    found = _bucket(content, owner, bucket)
    return getattr(getattr(found, "notification_configuration", None), "event_bridge", None) is not None


def tell(call: Call, owner: str, bucket: str, made: tuple[Change, ...], response: Response) -> None:
    """The events of changes that S3 has carried out, on the bus of the bucket's account."""
    from generator.local.execution.events import emit

    region, versioned = call.look(partial(_kind, owner, bucket))
    for change in made:
        more: dict[str, str] = {}
        if change.deleted:
            kind, marked = "Object Deleted", versioned and not change.version
            version = response.headers.get("x-amz-version-id", "")
            told: dict[str, Any] = {"etag": _NOTHING} if marked else {}
            told |= {"version-id": version} if version else {}
            more = {"deletion-type": "Delete Marker Created" if marked else "Permanently Deleted"}
        else:
            kind, told = "Object Created", call.look(partial(_newest, owner, bucket, change.key))
        detail = {
            "version": "0",
            "event-version": "1.0",
            "bucket": {"name": bucket},
            "object": {"key": change.key, **told, "sequencer": f"{int(call.now.timestamp() * 1e6):018X}"},
            "request-id": call.request_id.replace("-", "")[:16].upper(),
            "requester": call.account,
            "source-ip-address": "127.0.0.1",
            "reason": change.reason,
            **more,
        }
        emit(call, region, "aws.s3", kind, [f"arn:{call.partition}:s3:::{bucket}"], detail, account=owner)


def _kind(owner: str, bucket: str, content: Content) -> tuple[str, bool]:
    """A bucket's region, and whether it keeps versions."""
    found = _bucket(content, owner, bucket)
    return found.region_name, bool(found.is_versioned)


def _newest(owner: str, bucket: str, key: str, content: Content) -> dict[str, Any]:
    """What is told of an object that has just come."""
    found = _bucket(content, owner, bucket)
    kept = found.keys[key]
    version = {"version-id": kept.version_id} if found.is_versioned else {}
    return {"size": kept.size, "etag": kept.etag.strip('"'), **version}


def _bucket(content: Content, owner: str, name: str) -> Any:
    accounts: Mapping[str, Any] = content.get("s3", ({}, {}))[0]
    for backend in accounts.get(owner, {}).values():
        if name in backend.buckets:
            return backend.buckets[name]
    return None


def silence_moto() -> None:
    """Make moto tell EventBridge nothing by itself, for S3 backends of this process."""
    from moto.s3 import notifications

    def nothing(*_: Any, **__: Any) -> None: ...

    setattr(notifications, "_send_event_bridge_message", nothing)  # noqa: B010 - as in `bucketpolicy`
