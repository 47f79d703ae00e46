"""What the resources of a template may be called once they exist: physical names and ARN patterns.

A name that CloudFormation makes up is worked out from its rules, so that a pattern covers what this product can make
and no neighbour. Nothing here knows which actions are needed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Any

from generator.launch_role import actions, tables
from generator.launch_role.model import Delivery, Scope
from generator.launch_role.values import ANY, Values, is_set, squeeze
from generator.lint.schemas import schema

# SC-<account>-pp-<13 characters>: what Service Catalog names the stack of a provisioned product.
_STACK_NAME = 32
_STACK_NAME_START = len("SC-123456789012-pp-")
_UNLIMITED = 1_000_000
_RANDOM = 13  # CloudFormation's own suffix of at most 12 characters and its dash

_SIDE = {
    "iam",
    "kms",
    "ec2",
    "logs",
    "s3",
    "lambda",
    "sso",
    "secretsmanager",
    "cloudwatch",
    "sts",
    "organizations",
}


@lru_cache(maxsize=4096)
def fold(name: str) -> str:
    """A name for comparing: letters and digits only, lower case."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


@cache
def service_of(resource_type: str) -> str:
    """The IAM prefix of a type's own service."""
    named = tables.naming(resource_type).service
    if named:
        return named
    group = fold(resource_type.split("::")[1])
    if actions.is_service(group):
        return group
    handlers = schema(resource_type).get("handlers", {})
    counts = Counter(
        name.lower().partition(":")[0]
        for handler in ("create", "read", "update", "delete")
        for name in handlers.get(handler, {}).get("permissions") or ()
    )
    own = [
        service for service, _ in counts.most_common() if service not in _SIDE and actions.is_service(service)
    ]
    own.sort(
        key=lambda service: fold(service) != group
    )  # the one of the type's name, if it is there, comes first
    return own[0] if own else (counts.most_common(1)[0][0] if counts else group)


@cache
def arn_types_of(resource_type: str) -> tuple[str, ...]:
    """The ARN types of IAM's table that this resource type makes; none when it makes no resource of its own."""
    named = tables.naming(resource_type).arn_types
    if named is not None:
        return named
    last = fold(resource_type.split("::")[-1])
    return tuple(name for name in actions.arn_types(service_of(resource_type)) if fold(name) == last)


@cache
def _settable(resource_type: str) -> Mapping[str, str]:
    """Folded name to name of the top-level properties that a template may set."""
    declared = schema(resource_type)
    read_only = {path.removeprefix("/properties/") for path in declared.get("readOnlyProperties", ())}
    return {fold(name): name for name in declared.get("properties", {}) if name not in read_only}


@cache
def name_property(resource_type: str) -> str | None:
    """The property that holds a resource's physical name, or None when its service makes up an id."""
    named = tables.naming(resource_type).name
    if named is not None:
        return named or None
    settable = _settable(resource_type)
    last = fold(resource_type.split("::")[-1])
    for candidate in (f"{last}name", "name", f"{last}identifier", f"{last}id"):
        if candidate in settable:
            return settable[candidate]
    identifier = schema(resource_type).get("primaryIdentifier", ())
    if len(identifier) == 1:
        return settable.get(fold(identifier[0].removeprefix("/properties/")))
    return None


@cache
def _longest(resource_type: str) -> int:
    """The longest name that the schema takes; names that its table entry cuts shorter still begin alike."""
    held = schema(resource_type).get("properties", {}).get(name_property(resource_type), {})
    limit = held.get("maxLength")
    return limit if isinstance(limit, int) else _UNLIMITED


def generated_names(resource_type: str, logical_id: str, scope: Scope) -> tuple[str, ...]:
    """The patterns of the name that CloudFormation makes up for a resource without one.

    The rule for names of a limited length is that of CloudFormation's public resource plug-ins (IdentifierUtils of
    cloudformation-cli-java-plugin): stack name, logical id and a random end; the first two share the room fairly.
    """
    naming = tables.naming(resource_type)
    longest = min(naming.longest, _longest(resource_type))
    match naming.generated:
        case "logical":
            return (_cut(logical_id, longest - _RANDOM),)
        case "prefixed-logical":
            return (f"CFN-{logical_id}-*",)
        case "stack":
            return (_stack_form(logical_id, longest, scope),)
        case "lower":
            return (_lower(_stack_form(logical_id, longest, scope)),)
        case "joined":
            return (f"{scope.stack_name.replace('-', '')}{logical_id}*",)
    # Which of the two forms a service uses is not published for every type.
    return (_stack_form(logical_id, longest, scope), _cut(logical_id, longest - _RANDOM))


def _stack_form(logical_id: str, longest: int, scope: Scope) -> str:
    free = longest - _RANDOM - 1
    if scope.delivery is not Delivery.SERVICE_CATALOG or scope.inside:
        kept = logical_id[: free // 2]  # the stack's name may have any length
        start = scope.stack_name if free - len(kept) > _STACK_NAME_START else f"{scope.stack_name[:3]}*"
        return f"{start}{kept}*"
    kept = logical_id[: max(free // 2, free - _STACK_NAME)]
    stack = min(_STACK_NAME, free - len(kept))
    start = "SC-${AWS::AccountId}-pp-*" if stack > _STACK_NAME_START else "SC-*"
    return f"{start}-{kept}-*" if kept == logical_id else f"{start}-{kept}*"


def _cut(logical_id: str, room: int) -> str:
    return f"{logical_id}-*" if len(logical_id) <= room else f"{logical_id[:room]}*"


def _lower(pattern: str) -> str:
    return "".join(
        part if part.startswith("${") else part.lower() for part in re.split(r"(\$\{[^}]*\})", pattern)
    )


class Physical:
    """Names and ARNs of one template's resources, worked out once each."""

    def __init__(self, template: Mapping[str, Any], scope: Scope) -> None:
        self._resources: Mapping[str, Any] = template.get("Resources") or {}
        self._scope = scope
        self.logical_ids = frozenset(self._resources)
        self._types = {
            name: str(declared.get("Type"))
            for name, declared in self._resources.items()
            if isinstance(declared, Mapping)
        }
        self._under_way: set[str] = set()
        self._names: dict[str, tuple[str, ...]] = {}
        self._arns: dict[tuple[str, str], tuple[str, ...]] = {}
        self.values = Values(
            template, stack_name=scope.stack_name, region=scope.region, resource=self.attribute
        )

    def type_of(self, logical_id: str) -> str | None:
        """The type of a resource of the template."""
        return self._types.get(logical_id)

    def properties(self, logical_id: str) -> Mapping[str, Any]:
        """The properties as the template gives them."""
        found = self._resources[logical_id].get("Properties")
        return found if isinstance(found, Mapping) else {}

    def names(self, logical_id: str) -> tuple[str, ...]:
        """The patterns of a resource's physical name."""
        if logical_id in self._names:
            return self._names[logical_id]
        if logical_id in self._under_way:
            return (ANY,)  # CloudFormation refuses circles; lint reports them
        self._under_way.add(logical_id)
        try:
            found = self._name(logical_id)
        finally:
            self._under_way.discard(logical_id)
        self._names[logical_id] = found
        return found

    def _name(self, logical_id: str) -> tuple[str, ...]:
        resource_type = self.type_of(logical_id) or ""
        holder = name_property(resource_type)
        if holder is None:
            return (ANY,)
        properties = self.properties(logical_id)
        if is_set(properties.get(holder)):
            # A name left out in one branch of an Fn::If is generated there.
            given = self.values.patterns(properties[holder])
            optional = "AWS::NoValue" in repr(properties[holder])
            return tuple(
                sorted(
                    {*given, *(generated_names(resource_type, logical_id, self._scope) if optional else ())}
                )
            )
        return generated_names(resource_type, logical_id, self._scope)

    def arns(self, logical_id: str, arn_type: str | None = None) -> tuple[str, ...]:
        """The ARN patterns of a resource: of one of its ARN types, or of all."""
        resource_type = self.type_of(logical_id) or ""
        if arn_type is None:
            of_all = (self.arns(logical_id, name) for name in arn_types_of(resource_type))
            return tuple(sorted({arn for arns in of_all for arn in arns}))
        if (logical_id, arn_type) not in self._arns:
            own = self._own_arns(logical_id, resource_type, arn_type)
            self._arns[logical_id, arn_type] = tuple(sorted(set(own)))
        return self._arns[logical_id, arn_type]

    def _own_arns(self, logical_id: str, resource_type: str, arn_type: str) -> Iterable[str]:
        arn = actions.arn_types(service_of(resource_type))[arn_type]
        naming = tables.naming(resource_type)
        given = self.properties(logical_id)
        with_, without = naming.only_with.get(arn_type), naming.only_without.get(arn_type)
        if (with_ and not is_set(given.get(with_))) or (without and is_set(given.get(without))):
            return ()
        if resource_type.startswith("AWS::IAM::"):
            return self._with_path(logical_id, arn)
        fillings = {
            variable: self._variable(logical_id, resource_type, variable, last=variable == names[-1])
            for names in [_variables(arn)]
            for variable in names
        }
        found = set(fill(arn, self._scope.region, fillings))
        if naming.both_cases:
            found |= {_lower(one) for one in found}
        return [one + end for one in found for end in naming.suffixes.get(arn_type, ("",))]

    def _variable(self, logical_id: str, resource_type: str, variable: str, *, last: bool) -> tuple[str, ...]:
        properties = self.properties(logical_id)
        settable = _settable(resource_type)
        mapped = tables.naming(resource_type).variables.get(variable)
        if mapped == ANY:
            return (ANY,)
        holder = mapped or settable.get(fold(variable))
        if holder and holder != name_property(resource_type):
            given = self.values.patterns(properties[holder]) if is_set(properties.get(holder)) else (ANY,)
            return tuple(_short(text) for text in given)
        named = name_property(resource_type) or ""
        if (
            not holder
            and fold(variable).endswith("id")
            and variable != "SecretId"
            and not fold(named).endswith("id")
        ):
            return (ANY,)  # an id that the service makes up, beside a name
        last_word = fold(resource_type.split("::")[-1])
        if holder or last or fold(variable) in (fold(named), f"{last_word}name"):
            names = self.names(logical_id)
            # An alias's name repeats the word that the ARN has already; a secret's ARN ends in six random characters.
            prefix = "alias/" if variable == "Alias" else ""
            slash = variable.endswith("WithoutLeadingSlash")
            end = "-*" if variable == "SecretId" else ""
            return tuple(
                _end(_short(name.removeprefix(prefix)).removeprefix("/" if slash else ""), end)
                for name in names
            )
        return (ANY,)

    def variables(self, logical_id: str) -> dict[str, tuple[str, ...]]:
        """What the resource's own ARNs fill their variables with, for ARNs of what lies below or beside it."""
        resource_type = self.type_of(logical_id) or ""
        table = actions.arn_types(service_of(resource_type))
        return {
            variable: self._variable(logical_id, resource_type, variable, last=variable == names[-1])
            for arn_type in arn_types_of(resource_type)
            for names in [_variables(table[arn_type])]
            for variable in names
        }

    def _with_path(self, logical_id: str, arn: str) -> Iterable[str]:
        properties = self.properties(logical_id)
        paths = self.values.patterns(properties["Path"]) if is_set(properties.get("Path")) else ("/",)
        variable = _variables(arn)[-1]
        if self.type_of(logical_id) == "AWS::IAM::ServiceLinkedRole":
            linked = tuple(f"aws-service-role/{service}/*" for service in self.linked_services(logical_id))
            return fill(arn, self._scope.region, {variable: linked})
        names = [f"{path.removeprefix('/')}{name}" for path in paths for name in self.names(logical_id)]
        return fill(arn, self._scope.region, {variable: tuple(names)})

    def linked_services(self, logical_id: str) -> tuple[str, ...]:
        """The services whose linked role an AWS::IAM::ServiceLinkedRole makes."""
        return self.values.patterns(self.properties(logical_id).get("AWSServiceName", ANY))

    def attribute(self, logical_id: str, attribute: str | None) -> tuple[str, ...]:
        """What Ref (None) or GetAtt of a resource gives."""
        resource_type = self.type_of(logical_id)
        if resource_type is None:
            return (ANY,)
        if resource_type.startswith("Custom::") or resource_type == "AWS::CloudFormation::CustomResource":
            return (ANY,)
        declared = schema(resource_type)
        if attribute is None and tables.naming(resource_type).ref_is_name:
            return self.names(logical_id)
        if attribute is None:
            identifier = declared.get("primaryIdentifier", ())
            if len(identifier) != 1:
                return (ANY,)
            attribute = identifier[0].removeprefix("/properties/")
        if fold(attribute).endswith("arn"):
            own = fold(attribute) in ("arn", fold(resource_type.split("::")[-1]) + "arn", "id")
            return (self.arns(logical_id) if own else ()) or (ANY,)
        if attribute == name_property(resource_type):
            return self.names(logical_id)
        properties = self.properties(logical_id)
        return self.values.patterns(properties[attribute]) if is_set(properties.get(attribute)) else (ANY,)


@cache
def _variables(arn: str) -> tuple[str, ...]:
    names = re.findall(r"\$\{([^}]+)\}", arn)
    return tuple(name for name in names if name not in ("Partition", "Region", "Account"))


def _short(name: str) -> str:
    """The last part of what may be given as an ARN instead of a name."""
    return (
        re.split(r"[:/](?!:)", name.replace("::", "\0"))[-1].replace("\0", "::")
        if name.startswith("arn:")
        else name
    )


def _end(name: str, end: str) -> str:
    return name if not end or name.endswith(ANY) else name + end


def fill(arn: str, region: str, fillings: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """ARN patterns from an ARN of IAM's table; a variable without a filling becomes `*`."""
    places = {"Partition": "${AWS::Partition}", "Region": region, "Account": "${AWS::AccountId}"}
    results = [""]
    for part in _parts(arn):
        name = part[2:-1] if part.startswith("${") else None
        if name is None:
            options: tuple[str, ...] = (part,)
        elif name in places:
            options = (places[name],)
        else:
            options = fillings.get(name) or (ANY,)
        results = [result + option for result in results for option in options]
    return tuple(sorted({squeeze(result) for result in results}))


@cache
def _parts(arn: str) -> tuple[str, ...]:
    """An ARN of IAM's table, of which there are so many, parted at its variables."""
    return tuple(re.split(r"(\$\{[^}]+\})", arn))
