"""On which ARNs, and under which conditions, an action is granted for a resource of the template.

Fills the ARNs of IAM's action table from the template. Which actions are needed is decided elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from generator.launch_role import actions, tables
from generator.launch_role.actions import Action, ArnType
from generator.launch_role.model import Condition, Delivery, Grant, Scope, conditions
from generator.launch_role.needs import property_paths
from generator.launch_role.physical import Physical, arn_types_of, fill, fold, service_of
from generator.launch_role.values import ANY, references
from generator.lint.schemas import schema

_REQUEST_TAG = "aws:RequestTag/${TagKey}"
_RESOURCE_TAG = "aws:ResourceTag/${TagKey}"
_MAKES = re.compile(r"^(Create|Run|Register|Request|Allocate|Import|Put|Start)(?=[A-Z])")
_MOST_TYPES = 6


def unscoped(resource: str) -> bool:
    """Whether a pattern covers a whole service: `*`, or an ARN with nothing fixed after the account."""
    return resource == ANY or set(_plain(resource).split(":", 5)[-1]) <= set("*/:")


def nameless(resource: str) -> bool:
    """Whether a pattern fixes no more than the kind of resource, as when the service makes up the id."""
    tail = _plain(resource).split(":", 5)[-1]
    return unscoped(resource) or re.fullmatch(r"[A-Za-z-]+[/:]\*(/\*)*", tail) is not None


def _plain(arn: str) -> str:
    """The ARN with pseudo parameters that have no colons, for splitting."""
    return arn.replace("${AWS::", "${AWS.")


class Scoping:
    """Grants for the resources of one template."""

    def __init__(self, template: Mapping[str, Any], scope: Scope) -> None:
        self._scope = scope
        self.region = scope.region
        self.physical = Physical(template, scope)
        self._paths: dict[str, tuple[tuple[str, Any], ...]] = {}
        self._references: dict[str, tuple[str, ...]] = {}

    def grants(self, logical_id: str, name: str, *, creating: bool) -> tuple[Grant, ...]:
        """The grants of one action that CloudFormation takes for one resource."""
        known = actions.action(name)
        if known is None:
            raise ValueError(f"{name} is no IAM action")
        resource_type = self.physical.type_of(logical_id) or ""
        own = set(arn_types_of(resource_type)) if known.service == service_of(resource_type) else set()
        found: list[Grant] = []
        for arn_type, arns in self._targets(logical_id, known, own):
            mine = arn_type is None or arn_type.name in own
            for arn in arns:
                found += self._granted(known, arn, arn_type, resource_type, mine=mine, creating=creating)
        return tuple(found)

    def _targets(
        self, logical_id: str, known: Action, own: set[str]
    ) -> Iterator[tuple[ArnType | None, tuple[str, ...]]]:
        if not known.arn_types:
            yield None, (ANY,)
            return
        reached: list[tuple[ArnType, tuple[str, ...]]] = []
        mine = [arn_type for arn_type in known.arn_types if arn_type.name in own]
        for arn_type in known.arn_types:
            if arn_type in mine:
                reached.append((arn_type, self.physical.arns(logical_id, arn_type.name)))
                continue
            arns = self._referenced(logical_id, known, arn_type)
            if arns and not (mine and not arn_type.required and known.tags):
                reached.append((arn_type, arns))
            elif arn_type.required:
                reached.append((arn_type, fill(arn_type.arn, self._scope.region, {})))
        if not reached:
            yield from self._anything(known)
        yield from reached

    def _anything(self, known: Action) -> Iterator[tuple[ArnType | None, tuple[str, ...]]]:
        if len(known.arn_types) > _MOST_TYPES:
            yield (
                None,
                (f"arn:${{AWS::Partition}}:{known.service}:{self._scope.region}:${{AWS::AccountId}}:*",),
            )
            return
        for arn_type in known.arn_types:
            yield arn_type, fill(arn_type.arn, self._scope.region, {})

    def _referenced(self, logical_id: str, known: Action, arn_type: ArnType) -> tuple[str, ...]:
        """The ARNs of that type that the resource's properties point to."""
        found: set[str] = set()
        for other in self._pointed_to(logical_id):
            other_type = self.physical.type_of(other) or ""
            if other_type.startswith("Custom::") or "::" not in other_type:
                continue
            if arn_type.name in arn_types_of(other_type) and _same_service(arn_type.arn, other_type, known):
                found.update(self.physical.arns(other, arn_type.name))
        pattern = _property_pattern(arn_type)
        for path, value in self.paths(logical_id):
            if isinstance(value, Mapping) and not _intrinsic(value):
                continue
            if pattern.search(fold(path.rpartition(".")[2])):
                if any(name in self.physical.logical_ids for name in references(value)) and found:
                    continue
                for text in self.physical.values.patterns(value):
                    found.update(self._as_arn(text, arn_type))
        if arn_type.name == "object" and known.service == "s3":
            found = set(self.objects(logical_id))
        return tuple(sorted(found))

    def _as_arn(self, text: str, arn_type: ArnType) -> Iterable[str]:
        if text.startswith("arn:"):
            kind = arn_type.arn.split(":", 5)
            given = _plain(text).split(":", 5)
            return (text,) if len(given) == 6 and given[2] in (kind[2], ANY) else ()
        if text.startswith(("http://", "https://", "s3://")):
            return ()
        variables = arn_type.variables
        if not variables:
            return fill(arn_type.arn, self._scope.region, {})
        text = text.removeprefix("alias/") if arn_type.name == "alias" else text
        return fill(arn_type.arn, self._scope.region, {variables[-1]: (text,)})

    def objects(self, logical_id: str) -> tuple[str, ...]:
        """The S3 objects that a resource's properties name: bucket and key side by side, or a URL."""
        found: set[str] = set()
        values = self.physical.values
        paths = self.paths(logical_id)
        keys = dict(paths)
        for path, value in paths:
            parent, _, name = path.rpartition(".")
            if fold(name) in ("bucket", "s3bucket", "bucketname", "s3bucketname"):
                siblings = (
                    keys.get(f"{parent}.{key}" if parent else key)
                    for key in ("Key", "S3Key", "ObjectKey", "S3ObjectKey", "BucketKey")
                )
                key = next((sibling for sibling in siblings if sibling is not None), None)
                if key is not None:
                    found.update(
                        f"arn:${{AWS::Partition}}:s3:::{bucket.rpartition(':')[2]}/{one}"
                        for bucket in values.patterns(value)
                        for one in values.patterns(key)
                    )
            elif not isinstance(value, Mapping) or _intrinsic(value):
                found.update(arn for text in values.patterns(value) for arn in _object_of_url(text))
        return tuple(sorted(found))

    def paths(self, logical_id: str) -> tuple[tuple[str, Any], ...]:
        """The properties in use of a resource, each with its dotted path."""
        if logical_id not in self._paths:
            self._paths[logical_id] = tuple(property_paths(self.physical.properties(logical_id)))
        return self._paths[logical_id]

    def settings(self, logical_id: str) -> Iterator[str]:
        """`Property=value` for each top-level property with a value of its own; an open one gives every value asked for."""
        for name, value in self.physical.properties(logical_id).items():
            if isinstance(value, (str, bool, int)) or (isinstance(value, Mapping) and _intrinsic(value)):
                yield from (f"{name}={text}" for text in self.physical.values.patterns(value))

    def _pointed_to(self, logical_id: str) -> tuple[str, ...]:
        if logical_id not in self._references:
            named = set(references(self.physical.properties(logical_id))) & self.physical.logical_ids
            self._references[logical_id] = tuple(sorted(named - {logical_id}))
        return self._references[logical_id]

    def _granted(
        self,
        known: Action,
        arn: str,
        arn_type: ArnType | None,
        resource_type: str,
        *,
        mine: bool,
        creating: bool,
    ) -> Iterator[Grant]:
        base = self.base(known, arn)
        tag = self._scope.tag
        if tag is None or not mine or not known.writes or not nameless(arn) or not _tagged(resource_type):
            yield Grant(str(known), arn, base)
            return
        keys = known.keys | (arn_type.keys if arn_type else frozenset())
        operator, key, values = tag
        request: Condition = (operator, f"aws:RequestTag/{key}", values)
        resource: Condition = (operator, f"aws:ResourceTag/{key}", values)
        makes = creating and _MAKES.match(known.name) is not None and _REQUEST_TAG in keys
        if makes:
            yield Grant(str(known), arn, conditions([*base, request]))
        elif known.tags and _REQUEST_TAG in keys:
            # Tags of a new resource come with the request that makes it, and those of an old one are already on it.
            yield Grant(str(known), arn, conditions([*base, request]))
            yield Grant(str(known), arn, conditions([*base, resource]))
        elif _RESOURCE_TAG in keys and arn_type is not None:
            yield Grant(str(known), arn, conditions([*base, resource]))
        else:
            yield Grant(str(known), arn, base)

    def base(self, known: Action, arn: str, *, stack_call: bool = False) -> tuple[Condition, ...]:
        """The conditions that every grant carries: its regions, and that CloudFormation asks where the ARN says little.

        Service Catalog itself makes the stack calls, and a role that CloudFormation assumes makes none on another's
        behalf: there is no `aws:CalledVia` then.
        """
        parts: list[Condition] = []
        fields = _plain(arn).split(":", 5)
        regional = arn == ANY or (len(fields) > 3 and fields[3] == ANY)
        if regional and known.service not in tables.global_services():
            parts.append(("StringEquals", "aws:RequestedRegion", tuple(sorted(self._scope.regions))))
        if nameless(arn) and not stack_call and self._scope.delivery is Delivery.SERVICE_CATALOG:
            parts.append(("ForAnyValue:StringEquals", "aws:CalledVia", ("cloudformation.amazonaws.com",)))
        return conditions(parts)


@cache
def _tagged(resource_type: str) -> bool:
    """Whether CloudFormation puts the stack's tags on a resource of this type as it makes it."""
    tagging = schema(resource_type).get("tagging") or {}
    return bool(
        tagging.get("taggable", True) and tagging.get("tagOnCreate", True) and tagging.get("tagProperty")
    )


@cache
def _property_pattern(arn_type: ArnType) -> re.Pattern[str]:
    """Names of properties (folded) that point to a resource of this ARN type."""
    words = {fold(arn_type.name)} | {fold(name) for name in arn_type.variables[-1:]}
    words |= {re.sub(r"(name|id|arn)$", "", word) for word in words}
    words = {word for word in words if len(word) > 2 and word not in ("name", "resource", "arn")}
    if not words:
        return re.compile(r"(?!)")
    return re.compile(
        rf"({'|'.join(sorted(map(re.escape, words)))})(s|id|ids|arn|arns|name|names|identifier|identifiers)?$"
    )


def _same_service(arn: str, resource_type: str, known: Action) -> bool:
    return service_of(resource_type) in (known.service, arn.split(":", 3)[2])


def _intrinsic(value: Mapping[str, Any]) -> bool:
    return len(value) == 1 and (next(iter(value)) == "Ref" or str(next(iter(value))).startswith("Fn::"))


def _object_of_url(text: str) -> Iterable[str]:
    for pattern in (
        r"s3://(?P<bucket>[^/]+)/(?P<key>.+)",
        r"https://(?P<bucket>[^/]+?)\.s3[.-][^/]*/(?P<key>.+)",
        r"https://s3[.-][^/]*/(?P<bucket>[^/]+)/(?P<key>.+)",
    ):
        if found := re.fullmatch(pattern, text):
            yield f"arn:${{AWS::Partition}}:s3:::{found['bucket']}/{found['key']}"
