"""On which ARNs, and under which conditions, an action is granted for a resource of the template.

Fills the ARNs of IAM's action table from the template. Which actions are needed is decided elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from itertools import product
from typing import Any, NamedTuple

from generator.launch_role import actions, tables
from generator.launch_role.actions import Action, ArnType
from generator.launch_role.model import Condition, Delivery, Grant, Scope, conditions
from generator.launch_role.needs import property_paths
from generator.launch_role.physical import Physical, arn_types_of, fill, fold, service_of
from generator.launch_role.values import ANY, is_arn, references
from generator.lint.schemas import schema

_REQUEST_TAG = "aws:RequestTag/${TagKey}"
_RESOURCE_TAG = "aws:ResourceTag/${TagKey}"
_ALL_TAG_KEYS = frozenset({_REQUEST_TAG, _RESOURCE_TAG})
_MAKES = re.compile(r"^(Create|Run|Register|Request|Allocate|Import|Put)(?=[A-Z])")
_UNTAGS = re.compile(r"^(Delete|Remove|Untag)")
_MOST_TYPES = 6
_PATTERNS = 4096  # ARN patterns whose kind is remembered: those of a few templates
_TWINS = {"codeconnections": "codestar-connections", "codestar-connections": "codeconnections"}
# Words that end the names of many things: alone they name nothing.
_COMMON_WORDS = {"group", "user", "policy", "object", "stream", "event", "table", "name", "instance", "image"}


@lru_cache(maxsize=_PATTERNS)
def unscoped(resource: str) -> bool:
    """Whether a pattern covers a whole service: `*`, or an ARN with nothing fixed after the account."""
    return resource == ANY or set(_plain(resource).split(":", 5)[-1]) <= set("*/:")


@lru_cache(maxsize=_PATTERNS)
def nameless(resource: str) -> bool:
    """Whether a pattern fixes no more than the kind of resource, as when the service makes up the id."""
    tail = _plain(resource).split(":", 5)[-1]
    return unscoped(resource) or re.fullmatch(r"[A-Za-z-]+[/:]\*(/\*)*", tail) is not None


@cache
def makes(action: str) -> bool:
    """Whether an action's name tells that it makes a resource."""
    return _MAKES.match(action.partition(":")[2]) is not None


@lru_cache(maxsize=_PATTERNS)
def _regional(resource: str) -> bool:
    """Whether a pattern leaves the region open."""
    fields = _plain(resource).split(":", 5)
    return resource == ANY or (len(fields) > 3 and fields[3] == ANY)


class Target(NamedTuple):
    """An ARN pattern that an action is granted on: the resource's own or another's, tagged by the stack or not."""

    arn: str
    arn_type: ArnType | None
    own: bool = False
    tagged: bool = False


def _plain(arn: str) -> str:
    """The ARN with pseudo parameters that have no colons, for splitting."""
    return arn.replace("${AWS::", "${AWS.")


class Scoping:
    """Grants for the resources of one template."""

    def __init__(self, template: Mapping[str, Any], scope: Scope) -> None:
        self._scope = scope
        self.region = scope.region
        self._tag = scope.tag
        self.physical = Physical(template, scope)
        self._paths: dict[str, tuple[tuple[str, Any], ...]] = {}
        self._reached: dict[tuple[str, str], tuple[Target, ...]] = {}
        self._leaves: dict[str, tuple[tuple[str, str, Any], ...]] = {}
        self._references: dict[str, tuple[str, ...]] = {}
        self._settings: dict[str, frozenset[str]] = {}

    def grants(self, logical_id: str, name: str, *, creating: bool) -> tuple[Grant, ...]:
        """The grants of one action that CloudFormation takes for one resource."""
        known = actions.action(name)
        if known is None:
            raise ValueError(f"{name} is no IAM action")
        name = str(known)
        resource_type = self.physical.type_of(logical_id) or ""
        if (logical_id, name) not in self._reached:
            self._reached[logical_id, name] = self._targets(logical_id, name, known, resource_type)
        extra = self._property_conditions(logical_id, resource_type, known)
        return tuple(
            grant
            for target in self._reached[logical_id, name]
            for grant in self._granted(name, known, target, extra, creating=creating)
        )

    def _targets(self, logical_id: str, name: str, known: Action, resource_type: str) -> tuple[Target, ...]:
        fixed = tables.fixed_arn(resource_type, name)
        if fixed is not None:
            return tuple(Target(arn, None) for text in fixed for arn in fill(text, self.region, {}))
        mine = arn_types_of(resource_type) if known.service == service_of(resource_type) else ()
        tagged = _tagged(resource_type)
        if not known.arn_types:
            return (Target(ANY, None, own=True, tagged=tagged),)
        if tables.on_own(resource_type, name):
            return tuple(
                Target(arn, ArnType(name, "", required=True, keys=_ALL_TAG_KEYS), own=True, tagged=tagged)
                for name in arn_types_of(resource_type)
                for arn in self.physical.arns(logical_id, name)
            )
        reached: list[Target] = []
        also = tables.also_required(name)
        has_own = any(arn_type.name in mine for arn_type in known.arn_types)
        for arn_type in known.arn_types:
            if arn_type.name in mine:
                own = self.physical.arns(logical_id, arn_type.name)
                reached += [Target(arn, arn_type, own=True, tagged=tagged) for arn in own]
                continue
            if has_own and "tag" in known.name.lower():
                continue  # it tags what it is called for, and nothing that only stands beside
            others = self._referenced(logical_id, known, arn_type)
            if others:
                reached += others
            elif arn_type.required or arn_type.name in also:
                known_parts = self.physical.variables(logical_id) if mine else {}
                reached += [Target(arn, arn_type) for arn in fill(arn_type.arn, self.region, known_parts)]
        found = tuple(reached) or tuple(self._anything(known))
        twin = _TWINS.get(known.service)
        if twin is None:
            return found
        # One service under two prefixes: which ARN form is checked depends on how the connection was made.
        both = {arn for target in found for arn in _both_forms(target.arn, known.service, twin)}
        return tuple(Target(arn, found[0].arn_type) for arn in sorted(both))

    def _anything(self, known: Action) -> Iterator[Target]:
        if len(known.arn_types) > _MOST_TYPES:
            yield Target(f"arn:${{AWS::Partition}}:{known.service}:{self.region}:${{AWS::AccountId}}:*", None)
            return
        for arn_type in known.arn_types:
            for arn in fill(arn_type.arn, self.region, {}):
                yield Target(arn, arn_type)

    def _referenced(self, logical_id: str, known: Action, arn_type: ArnType) -> list[Target]:
        """What the resource's properties point to of that ARN type, in the template and outside."""
        if arn_type.name == "object" and known.service == "s3":
            return [Target(arn, arn_type) for arn in self.objects(logical_id)]
        found: dict[str, Target] = {}
        for other in self._pointed_to(logical_id):
            other_type = self.physical.type_of(other) or ""
            if _is_custom(other_type) or not _same_service(arn_type.arn, other_type, known):
                continue
            if arn_type.name in arn_types_of(other_type):
                for arn in self.physical.arns(other, arn_type.name):
                    found[arn] = Target(arn, arn_type, tagged=_tagged(other_type))
        if arn_type.arn.split(":", 3)[2] != known.service:
            return [
                found[arn] for arn in sorted(found)
            ]  # a name says little about another service's resource
        pattern = _property_pattern(arn_type)
        resource_type = self.physical.type_of(logical_id) or ""
        for name, path, value in self._named(logical_id):
            if pattern.search(name) is None:
                continue
            if arn_type.name == "role" and tables.passed_to(resource_type, path) == ("",):
                continue  # others pass it, later: CloudFormation has nothing to do with it
            if found and any(other in self.physical.logical_ids for other in references(value)):
                continue
            for text in self.physical.values.patterns(value):
                for arn in self._as_arn(text, arn_type):
                    found.setdefault(arn, Target(arn, arn_type))
        return [found[arn] for arn in sorted(found)]

    def _named(self, logical_id: str) -> tuple[tuple[str, str, Any], ...]:
        """Folded last name, path and value of the properties in use that hold a value of their own."""
        if logical_id not in self._leaves:
            self._leaves[logical_id] = tuple(
                (fold(path.rpartition(".")[2]), path, value)
                for path, value in self.paths(logical_id)
                if not isinstance(value, Mapping) or _intrinsic(value)
            )
        return self._leaves[logical_id]

    def _property_conditions(
        self, logical_id: str, resource_type: str, known: Action
    ) -> tuple[Condition, ...]:
        """Conditions whose values the resource's properties fix, such as the namespace of what is scaled."""
        found: list[Condition] = []
        for key, holder in tables.naming(resource_type).conditions.items():
            value = self.physical.properties(logical_id).get(holder)
            texts = self.physical.values.patterns(value) if value is not None else ()
            if key in known.keys and texts and not any(ANY in text for text in texts):
                found.append(("StringEquals", key, texts))
        return tuple(found)

    def _as_arn(self, text: str, arn_type: ArnType) -> Iterable[str]:
        if text.startswith("arn:") and not is_arn(text):
            text = ANY
        if text.startswith("arn:"):
            kind = arn_type.arn.split(":", 5)
            given = _plain(text).split(":", 5)
            return (text,) if len(given) == 6 and given[2] in (kind[2], _TWINS.get(kind[2]), ANY) else ()
        if text.startswith(("http://", "https://", "s3://")):
            return ()
        variables = arn_type.variables
        if not variables:
            return fill(arn_type.arn, self.region, {})
        text = text.removeprefix("alias/") if arn_type.name == "alias" else text
        return fill(arn_type.arn, self.region, {variables[-1]: (text,)})

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
                    for bucket, one in product(values.patterns(value), values.patterns(key)):
                        found.update(self._object_arns(bucket.rpartition(":")[2], one))
            elif not isinstance(value, Mapping) or _intrinsic(value):
                found.update(arn for text in values.patterns(value) for arn in _object_of_url(text))
        return tuple(sorted(found))

    def _object_arns(self, bucket: str, key: str) -> Iterable[str]:
        """An object's ARN; when only the launch knows the bucket, the assets of that key, if there are any."""
        known = (
            [asset for asset in self._scope.asset_paths if asset.endswith(f"/{key}")] if bucket == ANY else []
        )
        return [f"arn:${{AWS::Partition}}:s3:::{path}" for path in known or [f"{bucket}/{key}"]]

    def paths(self, logical_id: str) -> tuple[tuple[str, Any], ...]:
        """The properties in use of a resource, each with its dotted path."""
        if logical_id not in self._paths:
            self._paths[logical_id] = tuple(property_paths(self.physical.properties(logical_id)))
        return self._paths[logical_id]

    def settings(self, logical_id: str) -> frozenset[str]:
        """`Property=value` for each top-level property with a value of its own; an open one gives every value asked for."""
        if logical_id not in self._settings:
            self._settings[logical_id] = frozenset(
                f"{name}={text}"
                for name, value in self.physical.properties(logical_id).items()
                if isinstance(value, (str, bool, int)) or (isinstance(value, Mapping) and _intrinsic(value))
                for text in self.physical.values.patterns(value)
            )
        return self._settings[logical_id]

    def _pointed_to(self, logical_id: str) -> tuple[str, ...]:
        if logical_id not in self._references:
            named = set(references(self.physical.properties(logical_id))) & self.physical.logical_ids
            self._references[logical_id] = tuple(sorted(named - {logical_id}))
        return self._references[logical_id]

    def _granted(
        self, name: str, known: Action, target: Target, extra: tuple[Condition, ...], *, creating: bool
    ) -> Iterator[Grant]:
        arn = target.arn
        base = self.base(known, arn)
        if extra:
            base = conditions((*base, *extra))
        tag = self._tag
        if tag is None or not target.tagged or not known.writes or not nameless(arn):
            yield Grant(name, arn, base)
            return
        keys = known.keys | (target.arn_type.keys if target.arn_type else frozenset())
        operator, key, values = tag
        request: Condition = (operator, f"aws:RequestTag/{key}", values)
        resource: Condition = (operator, f"aws:ResourceTag/{key}", values)
        if target.own and creating and makes(name) and _REQUEST_TAG in keys:
            yield Grant(name, arn, conditions((*base, request)))
        elif target.own and known.tags and _REQUEST_TAG in keys and not _UNTAGS.match(known.name):
            # Tags of a new resource come with the request that makes it, and those of an old one are already on it.
            yield Grant(name, arn, conditions((*base, request)))
            yield Grant(name, arn, conditions((*base, resource)))
        elif target.arn_type is not None and _RESOURCE_TAG in keys:
            yield Grant(name, arn, conditions((*base, resource)))
        else:
            yield Grant(name, arn, base)

    def base(self, known: Action, arn: str, *, stack_call: bool = False) -> tuple[Condition, ...]:
        """The conditions that every grant carries: its regions, and that CloudFormation asks where the ARN says little.

        Service Catalog itself makes the stack calls, and a role that CloudFormation assumes makes none on another's
        behalf: there is no `aws:CalledVia` then.
        """
        parts: list[Condition] = []
        if _regional(arn) and known.service not in tables.global_services():
            parts.append(("StringEquals", "aws:RequestedRegion", tuple(sorted(self._scope.regions))))
        if nameless(arn) and not stack_call and self._scope.delivery is Delivery.SERVICE_CATALOG:
            parts.append(("ForAnyValue:StringEquals", "aws:CalledVia", ("cloudformation.amazonaws.com",)))
        return conditions(parts) if parts else ()


def _both_forms(arn: str, one: str, other: str) -> tuple[str, str]:
    return arn.replace(f":{other}:", f":{one}:"), arn.replace(f":{one}:", f":{other}:")


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


def _is_custom(resource_type: str) -> bool:
    return resource_type.count("::") != 2 or resource_type == "AWS::CloudFormation::CustomResource"


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
