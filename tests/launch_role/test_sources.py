"""The tables' sources that can be asked here: AWS's managed policies, the models of AWS's APIs, the registry's schemas.

What else the tables cite is read by people.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from importlib import resources
from typing import Any

import pytest
from botocore.session import Session
from moto.iam.aws_managed_policies import aws_managed_policies_data

from generator.launch_role import actions, synthesise
from generator.launch_role.needs import all_declared
from generator.launch_role.physical import service_of
from generator.launch_role.tables import correction, newer_action
from generator.lint import schemas
from tests.launch_role.reading import SCOPE, of_resource, template

POLICY = re.compile(r"AWS managed polic(?:y|ies) ([\w, -]+): iam:AWSServiceName")


def entries(name: str) -> Any:
    return json.loads((resources.files("generator.launch_role") / f"{name}.json").read_text("utf-8"))


def operations(service: str) -> set[str]:
    """The operations of the API of that name in lower case; none where no API is called so."""
    session = Session()
    known = service in session.get_available_services()
    return {name.lower() for name in session.get_service_model(service).operation_names} if known else set()


def linked_roles() -> Iterator[tuple[str, dict[str, Any]]]:
    for resource_type, found in entries("linked_roles")["types"].items():
        yield from ((resource_type, entry) for entry in found)


def test_linked_roles_are_made_by_aws_managed_policies_as_their_sources_say() -> None:
    policies = json.loads(aws_managed_policies_data)
    cited = {
        (name, entry["service"])
        for _, entry in linked_roles()
        for found in POLICY.finditer(entry["source"])
        for name in found[1].split(", ")
    }
    assert len(cited) > 40
    silent = {(name, service) for name, service in cited if service not in json.dumps(policies[name])}
    assert silent == set()


def test_linked_roles_are_of_types_and_properties_that_exist() -> None:
    types = schemas.types()
    for resource_type, entry in linked_roles():
        matching = [name for name in types if fnmatchcase(name, resource_type)]
        assert matching, resource_type
        for held in entry.get("when", ()):
            top = held.partition("=")[0]
            assert any(top in schemas.schema(name)["properties"] for name in matching), (resource_type, held)


def test_a_name_without_a_permission_is_no_operation_of_its_api() -> None:
    dropped = [name for name, entry in entries("corrections")["actions"].items() if not entry["to"]]
    assert dropped
    by_service: dict[str, set[str]] = {}
    for name in dropped:
        service, _, verb = name.lower().partition(":")
        by_service.setdefault(service, set()).add(verb)
    assert {service: verbs & operations(service) for service, verbs in by_service.items()} == {
        service: set() for service in by_service
    }


@pytest.mark.parametrize("name", entries("newer_actions")["actions"])
def test_an_action_newer_than_the_table_is_an_operation_and_not_in_the_table_yet(name: str) -> None:
    service, _, verb = name.partition(":")
    assert verb.lower() in operations(service)
    assert name not in actions.expand(f"{service}:*"), "IAM's table has it by now: take it out"
    assert correction(name) is None
    assert newer_action(name.lower()) is not None
    assert str(actions.action(name)) == name


def test_what_is_newer_than_the_table_is_granted() -> None:
    """Where it may be limited to is not published, so that it is bound to its region and to CloudFormation alone."""
    _, reasons = synthesise(
        template(("Case", "AWS::Connect::TestCase", {"Name": "n", "Content": "{}"})), SCOPE
    )
    (made,) = [g for g in of_resource(reasons, "Case") if g.action == "connect:CreateTestCase"]
    assert made.resource == "*"
    assert {key for _, key, _ in made.conditions} == {"aws:CalledVia", "aws:RequestedRegion"}


def test_applications_of_opensearch_are_authorised_under_the_older_prefix() -> None:
    _, reasons = synthesise(template(("Thing", "AWS::Logs::Integration", {})), SCOPE)
    assert "es:CreateApplication" in {grant.action for grant in of_resource(reasons, "Thing")}


def test_roles_are_passed_in_aws_managed_policies_as_their_sources_say() -> None:
    policies = json.loads(aws_managed_policies_data)
    cited = 0
    for resource_type, entry in entries("passing")["types"].items():
        passed = {service for services in entry["properties"].values() for service in services}
        for found in re.finditer(r"AWS managed policy ([\w-]+): iam:PassedToService", entry["source"]):
            text = json.dumps(policies[found[1]])
            assert any(f'"{service}"' in text for service in passed), (resource_type, found[1])
            cited += 1
    assert cited > 10


def test_names_are_of_arns_that_the_action_table_has() -> None:
    types = schemas.types()
    for pattern, entry in entries("names")["types"].items():
        for resource_type in (name for name in types if fnmatchcase(name, pattern)):
            known = actions.arn_types(entry.get("service") or service_of(resource_type))
            assert set(entry.get("arn_types", ())) <= set(known), resource_type


def test_what_is_narrowed_is_asked_for() -> None:
    types = schemas.types()
    for pattern, entry in entries("narrowing")["types"].items():
        asked = {
            action.lower()
            for name in types
            if fnmatchcase(name, pattern)
            for action, _, _ in all_declared(name)
        }
        idle = [one for one in entry["actions"] if not any(fnmatchcase(a, one.lower()) for a in asked)]
        assert idle == [], pattern
