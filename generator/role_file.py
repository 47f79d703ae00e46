"""Reading the policies of a role that people have: a policy document, a list, CloudFormation, or the AWS CLI's answer.

Understands the shapes and says where one is wrong; what the policies mean is weighed elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from generator import template, yamlfile
from generator.errors import FactoryError, Where, fail
from generator.yamlfile import Document, Key

Path_ = tuple[Key, ...]
_SHAPES = (
    "Give a policy document, a list of them, a CloudFormation template or resource, or the output of"
    " aws iam get-role-policy, get-policy-version or get-account-authorization-details."
)
_POLICY_TYPES = {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy"}
_PSEUDO = {f"AWS::{name}": f"${{AWS::{name}}}" for name in ("Partition", "AccountId", "Region", "StackName")}


@dataclass(frozen=True)
class PoliciesFile:
    """The policy documents of a file, and what of it could not be weighed."""

    documents: tuple[Mapping[str, Any], ...]
    notes: tuple[str, ...]


def read(path: Path) -> PoliciesFile:
    """All policy documents in a file; raises FactoryError with the line of what is wrong."""
    reading = _Reading(_document(path))
    documents = tuple(reading.documents(reading.file.data, ()))
    if not documents:
        told = f" ({'; '.join(reading.notes)})" if reading.notes else ""
        raise fail(Where(str(path), 1, 1), f"holds no policy{told}", _SHAPES)
    return PoliciesFile(documents, tuple(dict.fromkeys(reading.notes)))


def _document(path: Path) -> Document:
    file = str(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise fail(file, f"cannot be read ({error.strerror})", "Name a file with policies.") from None
    except UnicodeDecodeError as error:
        raise fail(file, f"is not UTF-8 text (byte {error.start})", "Save it as UTF-8.") from None
    if not text.lstrip().startswith(("{", "[")):
        if "!" in text:  # CloudFormation's short forms; only the template's reader knows them
            return Document(file, template.parse(text, Where(file, 1, 1)), {})
        found = yamlfile.read(path, path.parent)
        return Document(file, found.data, _renamed(found, file))
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        where = Where(file, error.lineno, error.colno)
        raise fail(where, f"broken JSON: {error.msg}", "Correct it at this place or just before.") from None
    except RecursionError:
        raise fail(Where(file, 1, 1), "nested too deep", "Flatten it.") from None
    try:
        places = _renamed(yamlfile.read(path, path.parent), file)
    except FactoryError:  # JSON that is no YAML, such as one indented with tabs: read, but without its lines
        places = {}
    return Document(file, data, places)


def _renamed(found: Document, file: str) -> dict[Path_, Where]:
    return {path: Where(file, where.line, where.column) for path, where in found.places.items()}


class _Reading:
    """One walk over a file's data, collecting what cannot be weighed on the way."""

    def __init__(self, file: Document) -> None:
        self.file = file
        self.notes: list[str] = []

    def documents(self, data: Any, path: Path_) -> Iterator[Mapping[str, Any]]:
        """Every policy document below `data`."""
        if isinstance(data, list):
            for index, each in enumerate(data):
                yield from self.documents(each, (*path, index))
            return
        if not isinstance(data, Mapping):
            raise self._wrong(path, "is neither a policy nor something that holds policies", _SHAPES)
        if "Statement" in data:
            yield self._policy(data, path)
        elif isinstance(data.get("Resources"), Mapping):
            for name, resource in data["Resources"].items():
                if isinstance(resource, Mapping) and str(resource.get("Type", "")).startswith("AWS::IAM::"):
                    yield from self._resource(resource, (*path, "Resources", name))
        elif "Type" in data and "Properties" in data:
            yield from self._resource(data, path)
        else:
            yield from self._answer(data, path)

    def _resource(self, resource: Mapping[str, Any], path: Path_) -> Iterator[Mapping[str, Any]]:
        properties = resource.get("Properties") or {}
        path = (*path, "Properties")
        if resource["Type"] == "AWS::IAM::Role":
            yield from self._role(properties, path, "Policies")
        elif resource["Type"] in _POLICY_TYPES and "PolicyDocument" in properties:
            yield from self._embedded(properties["PolicyDocument"], (*path, "PolicyDocument"))

    def _role(self, role: Mapping[str, Any], path: Path_, inline: str) -> Iterator[Mapping[str, Any]]:
        for index, policy in enumerate(role.get(inline) or ()):
            if not isinstance(policy, Mapping) or "PolicyDocument" not in policy:
                raise self._wrong((*path, inline, index), "a policy here has a PolicyDocument", "Add it.")
            yield from self._embedded(policy["PolicyDocument"], (*path, inline, index, "PolicyDocument"))
        attached = role.get("ManagedPolicyArns") or role.get("AttachedManagedPolicies") or ()
        for arn in attached:
            name = arn.get("PolicyArn", arn) if isinstance(arn, Mapping) else arn
            if not (
                isinstance(name, Mapping) and "Ref" in name
            ):  # a policy of the same template is read there
                self.notes.append(f"the attached policy {_text(name)} is not in the file and not weighed")

    def _answer(self, data: Mapping[str, Any], path: Path_) -> Iterator[Mapping[str, Any]]:
        """The AWS CLI's answers."""
        if "PolicyDocument" in data:  # get-role-policy
            yield from self._embedded(data["PolicyDocument"], (*path, "PolicyDocument"))
        elif isinstance(data.get("PolicyVersion"), Mapping) and "Document" in data["PolicyVersion"]:
            place = (*path, "PolicyVersion", "Document")
            yield from self._embedded(data["PolicyVersion"]["Document"], place)
        elif "RoleDetailList" in data:  # get-account-authorization-details
            for index, role in enumerate(data["RoleDetailList"]):
                yield from self._role(role, (*path, "RoleDetailList", index), "RolePolicyList")
        elif "Role" in data:
            raise self._wrong(path, "describes a role without its policies", _SHAPES)
        else:
            raise self._wrong(path, "is neither a policy nor something that holds policies", _SHAPES)

    def _embedded(self, document: Any, path: Path_) -> Iterator[Mapping[str, Any]]:
        if isinstance(document, str):  # as the API has it
            try:
                document = json.loads(unquote(document))
            except json.JSONDecodeError as error:
                raise self._wrong(path, f"is no policy: broken JSON: {error.msg}", "Correct it.") from None
        if not isinstance(document, Mapping) or "Statement" not in document:
            raise self._wrong(path, "is a policy without Statement", "Add its statements.")
        yield self._policy(document, path)

    def _policy(self, document: Mapping[str, Any], path: Path_) -> Mapping[str, Any]:
        found = document["Statement"]
        alone = isinstance(found, Mapping)
        statements = [found] if alone else found
        if not isinstance(statements, list) or not statements:
            raise self._wrong((*path, "Statement"), "Statement holds no statements", "Write at least one.")
        read = [
            self._statement(each, (*path, "Statement") if alone else (*path, "Statement", index))
            for index, each in enumerate(statements)
        ]
        return {**document, "Statement": read}

    def _statement(self, statement: Any, path: Path_) -> dict[str, Any]:
        if not isinstance(statement, Mapping):
            raise self._wrong(path, "a statement is a mapping with Effect, Action and Resource")
        if statement.get("Effect") not in ("Allow", "Deny"):
            raise self._wrong((*path, "Effect"), "Effect is neither Allow nor Deny", "Write one of them.")
        if "Principal" in statement or "NotPrincipal" in statement:
            raise self._wrong(
                path, "this is the policy of a resource or a trust policy", "Give the role's own."
            )
        if statement["Effect"] == "Deny":
            self.notes.append("Deny statements are not subtracted: what they deny still shows as allowed")
        found: dict[str, Any] = {**statement}
        for one, other in (("Action", "NotAction"), ("Resource", "NotResource")):
            given = [name for name in (one, other) if name in statement]
            if len(given) != 1:
                raise self._wrong(path, f"a statement has exactly one of {one} and {other}", "Correct it.")
            found[given[0]] = self._texts(statement[given[0]], (*path, given[0]))
        condition = statement.get("Condition") or {}
        if not isinstance(condition, Mapping) or not all(
            isinstance(keys, Mapping) for keys in condition.values()
        ):
            raise self._wrong((*path, "Condition"), "Condition is {operator: {key: values}}", "Correct it.")
        return found

    def _texts(self, value: Any, path: Path_) -> list[str]:
        members = value if isinstance(value, list) else [value]
        for member in members:
            if not isinstance(member, str) and not (isinstance(member, Mapping) and len(member) == 1):
                raise self._wrong(path, f"{path[-1]} is a text or a list of texts", "Correct it.")
        return [_text(member) for member in members]

    def _wrong(self, path: Path_, problem: str, remedy: str = "") -> FactoryError:
        return fail(self.file.where(*path), problem, remedy)


def _text(value: Any) -> str:
    """A text, or the pattern of what an intrinsic will become: pseudo parameters stay, all else may be anything."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping) and len(value) == 1:
        ((name, argument),) = value.items()
        if name == "Ref":
            return _PSEUDO.get(str(argument), "*")
        if name == "Fn::Sub":
            text = argument[0] if isinstance(argument, list) and argument else argument
            return _substituted(str(text))
        if name == "Fn::Join" and isinstance(argument, list) and len(argument) == 2:
            parts = argument[1] if isinstance(argument[1], list) else [argument[1]]
            return str(argument[0]).join(map(_text, parts))
    return "*"


def _substituted(text: str) -> str:
    start, opened, rest = text.partition("${")
    if not opened:
        return start
    name, _, rest = rest.partition("}")
    kept = f"${{{name[1:]}}}" if name.startswith("!") else _PSEUDO.get(name, "*")
    return start + kept + _substituted(rest)
