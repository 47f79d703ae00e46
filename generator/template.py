"""Templates as bytes: the canonical YAML of what blueprints build, and the reading of any CloudFormation text.

Canonical means: fixed section order, `Type` first, short-form intrinsics, every string that YAML could take
for something else in quotes, no folding; the same template gives the same bytes everywhere. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

import yaml

from generator.blueprint import BOUNDARY, CATALOG
from generator.errors import FactoryError, Where, fail

LARGEST = 1_000_000  # bytes of a template given by URL (CloudFormation quota, 1 MB)

SECTIONS = (
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Transform",
    "Parameters",
    "Rules",
    "Mappings",
    "Conditions",
    "Resources",
    "Outputs",
)
_FIRST = {  # keys that come first in what stands directly in a section
    "Parameters": (
        "Type",
        "Description",
        "Default",
        "AllowedValues",
        "AllowedPattern",
        "ConstraintDescription",
    ),
    "Resources": (
        "Type",
        "Condition",
        "DependsOn",
        "DeletionPolicy",
        "UpdateReplacePolicy",
        "Metadata",
        "Properties",
    ),
    "Outputs": ("Description", "Value", "Export"),
}
_STATEMENT = (
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
)
_SHORT = frozenset(
    """Base64 Cidr FindInMap GetAtt GetAZs If Equals And Or Not ImportValue Join Select Split Sub Transform Length
    ToJsonString Contains EachMemberEquals EachMemberIn RefAll ValueOf ValueOfAll""".split()  # noqa: SIM905 - a list of words
)


def canonical(
    template: Mapping[str, Any], mapping: Mapping[str, Mapping[str, str]] | None = None
) -> dict[str, Any]:
    """The template in canonical order, with `Mappings.Catalog` where the template refers to it.

    `mapping` is region -> key -> value; the only place where a target may show.
    """
    sections = {name: value for name, value in template.items() if value not in (None, {}, [])}
    if mapping and refers_to_catalog(template):
        sections["Mappings"] = {
            **sections.get("Mappings", {}),
            CATALOG: {r: dict(v) for r, v in mapping.items()},
        }
    sections.setdefault("AWSTemplateFormatVersion", "2010-09-09")
    ordered: dict[str, Any] = {}
    for name in (*SECTIONS, *sorted(set(sections) - set(SECTIONS))):
        if name in sections:
            ordered[name] = _section(name, sections[name])
    return ordered


def _section(name: str, value: Any) -> Any:
    if name not in _FIRST or not isinstance(value, Mapping):
        return _sorted(value)
    return {key: _entry(entry, _FIRST[name]) for key, entry in value.items()}  # entries in the author's order


def _entry(entry: Any, first: tuple[str, ...]) -> Any:
    return _ordered(entry, first) if isinstance(entry, Mapping) else _sorted(entry)


def _ordered(value: Mapping[str, Any], first: tuple[str, ...]) -> dict[str, Any]:
    keys = [key for key in first if key in value] + sorted(set(value) - set(first))
    return {key: _sorted(value[key]) for key in keys}


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _ordered(value, _STATEMENT if "Effect" in value else ())
    if isinstance(value, list | tuple):
        return [_sorted(item) for item in value]
    return value


def refers_to_catalog(template: Any) -> bool:
    """Whether anything in it is looked up in Mappings.Catalog."""
    return any(
        isinstance(argument, list) and argument[:1] == [CATALOG]
        for argument in find_all(template, "Fn::FindInMap")
    )


def bounded(template: Mapping[str, Any], boundary: Any) -> dict[str, Any]:
    """The template with a permissions boundary on each IAM role and user that names none; no other types take one."""
    resources = {
        name: {**each, "Properties": {"PermissionsBoundary": boundary, **each.get("Properties", {})}}
        if isinstance(each, Mapping) and each.get("Type") in ("AWS::IAM::Role", "AWS::IAM::User")
        else each
        for name, each in template["Resources"].items()
    }
    return {**template, "Resources": resources}


def unbounded(template: Mapping[str, Any]) -> dict[str, Any]:
    """The template without the permissions boundaries that `bounded` put in, which come from the target's mapping."""

    def own(properties: Mapping[str, Any]) -> bool:
        looked_up = find_all(properties.get("PermissionsBoundary"), "Fn::FindInMap")
        return any(
            isinstance(each, list) and each[:1] == [CATALOG] and each[-1:] == [BOUNDARY] for each in looked_up
        )

    resources = {
        name: {
            **each,
            "Properties": {k: v for k, v in each["Properties"].items() if k != "PermissionsBoundary"},
        }
        if isinstance(each, Mapping)
        and isinstance(each.get("Properties"), Mapping)
        and own(each["Properties"])
        else each
        for name, each in template["Resources"].items()
    }
    return {**template, "Resources": resources}


def find_all(value: Any, key: str) -> Iterator[Any]:
    """Every value of that key, anywhere in the template."""
    if isinstance(value, Mapping):
        for name, child in value.items():
            if name == key:
                yield child
            yield from find_all(child, key)
    elif isinstance(value, list | tuple):
        for child in value:
            yield from find_all(child, key)


def fingerprint(template: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical template without what depends on the target."""
    mappings = {name: value for name, value in template.get("Mappings", {}).items() if name != CATALOG}
    return sha256(dump(canonical({**template, "Mappings": mappings})).encode()).hexdigest()


def is_of(text: str, fingerprint_: str) -> bool:
    """Whether a published text has this fingerprint: of its bytes for a raw template, else without the target's part."""
    if sha256(text.encode()).hexdigest() == fingerprint_:
        return True
    try:
        return fingerprint(unbounded(parse(text, Where("published template")))) == fingerprint_
    except FactoryError:
        return False  # a raw template of other bytes; nothing is wrong with it otherwise


# --- writing ---------------------------------------------------------------------------------------------


class _Tagged:
    """An intrinsic in its short form, on the way to the dumper."""

    def __init__(self, tag: str, value: Any) -> None:
        self.tag, self.value = tag, value


class _Dumper(yaml.CSafeDumper):
    """Writes short-form intrinsics, literal blocks for text of several lines, and quotes what looks like a number."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - CloudFormation reads no anchors
        return True


# Wider than YAML 1.1: readers differ on 012345678901, 1e3 and 1_000, so none of them may see these bare.
_NUMBER_LIKE = re.compile(
    r"[-+]?[\d.][\d._:,]*([eE][-+]?\d+)?|0[xob][\da-fA-F_]+|\d{4}-\d\d?-\d\d?.*", re.ASCII
)
_WORD_LIKE = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", "="})


def _style(text: str) -> str | None:
    if "\n" in text and not re.search(r"[ \t]\n|[^\n\x20-\x7e\xa0-\ud7ff]|\A[\s]", text):
        return "|"
    return "'" if _NUMBER_LIKE.fullmatch(text) or text.lower() in _WORD_LIKE else None


def _represent_text(dumper: _Dumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=_style(text))


def _represent_tagged(dumper: _Dumper, tagged: _Tagged) -> yaml.Node:
    if isinstance(tagged.value, list):
        flow = all(isinstance(item, str | int) for item in tagged.value)
        return dumper.represent_sequence(tagged.tag, tagged.value, flow_style=flow)
    text = str(tagged.value)
    return dumper.represent_scalar(tagged.tag, text, style="|" if _style(text) == "|" else None)


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(_Tagged, _represent_tagged)


def dump(template: Mapping[str, Any]) -> str:
    """YAML text of a template as it is ordered; use `canonical` first."""
    return str(
        yaml.dump(_shortened(template), Dumper=_Dumper, sort_keys=False, width=10**9, allow_unicode=True)
    )


def _shortened(value: Any) -> Any:
    if isinstance(value, Mapping):
        if len(value) == 1:
            ((key, argument),) = value.items()
            tagged = _tagged(key, argument)
            if tagged is not None:
                return tagged
        return {str(key): _shortened(child) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [_shortened(item) for item in value]
    if isinstance(value, str):
        return str(value)
    return value


def _tagged(key: str, argument: Any) -> _Tagged | None:
    """The short form of an intrinsic; None where YAML has none, as for a tag directly on a tag."""
    if key in ("Ref", "Condition") and isinstance(argument, str):
        return _Tagged(f"!{key}", argument)
    name = key.removeprefix("Fn::")
    if name == key or name not in _SHORT:
        return None
    if name == "GetAtt" and isinstance(argument, list) and all(isinstance(part, str) for part in argument):
        return _Tagged("!GetAtt", ".".join(argument))
    if isinstance(argument, list | tuple):
        return _Tagged(f"!{name}", [_shortened(item) for item in argument])
    return _Tagged(f"!{name}", argument) if isinstance(argument, str) else None


# --- reading ---------------------------------------------------------------------------------------------


class _Reader(yaml.CSafeLoader):
    """Reads CloudFormation's YAML: short-form intrinsics become long ones, dates stay text, keys stand once."""


_Reader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if tag != "tag:yaml.org,2002:timestamp"]
    for first, rules in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def _construct_intrinsic(loader: _Reader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


def _construct_mapping(loader: _Reader, node: yaml.MappingNode) -> Iterator[dict[Any, Any]]:
    seen: set[str] = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode) and key.value != "<<":
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key '{key.value}' stands twice", key.start_mark
                )
            seen.add(key.value)
    mapping: dict[Any, Any] = {}
    yield mapping
    mapping.update(loader.construct_mapping(node, deep=True))


_Reader.add_multi_constructor("!", _construct_intrinsic)
_Reader.add_constructor("tag:yaml.org,2002:map", _construct_mapping)


def parse(text: str, where: Where) -> dict[str, Any]:
    """The template of a JSON or YAML text as a plain dict with long-form intrinsics.

    Raises FactoryError when it is no CloudFormation template: not readable, no mapping, no Resources.
    """
    try:
        template = json.loads(text) if text.lstrip().startswith("{") else _read_yaml(text)
    except json.JSONDecodeError as error:
        raise fail(
            Where(where.file, error.lineno, error.colno), f"broken JSON: {error.msg}", "Correct the template."
        ) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Where(where.file, mark.line + 1, mark.column + 1) if mark else where
        raise fail(place, f"broken YAML: {error.problem}", "Correct the template.") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise fail(
            where, f"cannot be read as YAML ({str(error).splitlines()[0]})", "Correct the template."
        ) from None
    resources = template.get("Resources") if isinstance(template, dict) else None
    if not isinstance(resources, dict) or not resources:
        raise fail(
            where, "is no CloudFormation template: it has no Resources", "Name a template with Resources."
        )
    for name, resource in resources.items():
        if name.startswith("Fn::ForEach"):
            continue
        if not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
            raise fail(where, f"is no CloudFormation template: resource '{name}' has no Type", "Give it one.")
    return template  # type: ignore[no-any-return]  # a dict with Resources, as just seen


def _read_yaml(text: str) -> Any:
    depth = 0
    for event in yaml.parse(text, _Reader):  # the composer would recurse in C: refuse depth before it
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > 100 or isinstance(event, yaml.AliasEvent):
            what = "an alias, which CloudFormation does not read" if depth <= 100 else "nested too deep"
            raise yaml.MarkedYAMLError(problem=what, problem_mark=event.start_mark)  # type: ignore[arg-type]  # the stubs keep C marks apart
    return yaml.load(text, _Reader)  # noqa: S506 - a subclass of the safe loader
