"""The three forms of findings."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import jsonschema

from generator.lint import Finding
from generator.lint.formats import as_json, as_sarif, as_text

LONG = Finding(
    product="notebook",
    path=("Resources", "Bucket", "Properties", "Tags", 10, "Key"),
    rule="E9003",
    level="error",
    message="The value can reach 70 characters. Shorten it.",
    regions=("eu-west-1", "us-east-1"),
    blueprint="notebook-instance",
    source="https://docs.aws.amazon.com/x",
    line=12,
    column=7,
)
SECOND = replace(
    LONG, path=("Resources", "Bucket", "Properties", "Tags", 2, "Key"), rule="W9003", level="warning"
)
BARE = replace(
    LONG, product="endpoint", path=(), rule="E9000", source="", blueprint="", line=0, column=0, regions=()
)
NOTE = replace(LONG, rule="I1002", level="informational")

TEXT = """\
endpoint: the template: error E9000
    The value can reach 70 characters. Shorten it.
notebook: Resources/Bucket/Properties/Tags/2/Key: warning W9003 (blueprint notebook-instance, line 12 of the template, eu-west-1, us-east-1)
    The value can reach 70 characters. Shorten it.
    https://docs.aws.amazon.com/x
notebook: Resources/Bucket/Properties/Tags/10/Key: error E9003 (blueprint notebook-instance, line 12 of the template, eu-west-1, us-east-1)
    The value can reach 70 characters. Shorten it.
    https://docs.aws.amazon.com/x
2 errors, 1 warning in 2 products
"""

# The parts of SARIF 2.1.0 that are written here, as its specification has them: sections 3.13 (log), 3.14 (run), 3.19
# (driver), 3.49 (rule), 3.27 (result), 3.28 (location).
TEXTUAL: dict[str, Any] = {"type": "string", "minLength": 1}
LEVEL = {"enum": ["none", "note", "warning", "error"]}


def closed(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}


RULE = closed(
    ["id"],
    id=TEXTUAL,
    helpUri={**TEXTUAL, "pattern": "^https://"},
    defaultConfiguration=closed([], level=LEVEL),
)
REGION = closed(
    ["startLine"], startLine={"type": "integer", "minimum": 1}, startColumn={"type": "integer", "minimum": 1}
)
PHYSICAL = closed(["artifactLocation"], artifactLocation=closed(["uri"], uri=TEXTUAL), region=REGION)
RESULT = closed(
    ["message"],
    ruleId=TEXTUAL,
    ruleIndex={"type": "integer", "minimum": 0},
    level=LEVEL,
    message=closed(["text"], text=TEXTUAL),
    locations={
        "type": "array",
        "items": closed(
            [],
            physicalLocation=PHYSICAL,
            logicalLocations={"type": "array", "items": closed([], fullyQualifiedName=TEXTUAL)},
        ),
    },
    partialFingerprints={"type": "object", "additionalProperties": {"type": "string"}},
    properties={"type": "object"},
)
RUN = closed(
    ["tool"],
    tool=closed(["driver"], driver=closed(["name"], name=TEXTUAL, version=TEXTUAL, rules={"type": "array", "uniqueItems": True, "items": RULE})),
    results={"type": "array", "items": RESULT},
)  # fmt: skip
SARIF = closed(
    ["version", "runs"],
    **{"$schema": TEXTUAL, "version": {"const": "2.1.0"}, "runs": {"type": "array", "items": RUN}},
)


def test_text_names_product_path_rule_blueprint_remedy_and_source() -> None:
    assert as_text([LONG, SECOND, BARE]) == TEXT


def test_text_of_nothing_is_nothing() -> None:
    assert as_text([]) == ""


def test_text_counts_each_level() -> None:
    assert as_text([NOTE]).endswith("\n1 informational in 1 product\n")
    assert as_text([LONG, NOTE]).endswith("\n1 error, 1 informational in 1 product\n")


def test_json_holds_every_field_and_a_format_version() -> None:
    document = json.loads(as_json([SECOND, LONG]))
    assert document["format"] == 1
    assert [Finding.read(found) for found in document["findings"]] == [SECOND, LONG]


def test_sarif_is_valid_and_points_at_its_rules() -> None:
    document = json.loads(as_sarif([LONG, SECOND, BARE, NOTE], "1.2.3"))
    jsonschema.Draft202012Validator(SARIF).validate(document)
    (run,) = document["runs"]
    assert run["tool"]["driver"]["version"] == "1.2.3"
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    assert {result["level"] for result in run["results"]} == {"error", "warning", "note"}
    places = {json.dumps(result["locations"][0]["physicalLocation"]) for result in run["results"]}
    assert '{"artifactLocation": {"uri": "build/endpoint/template.yaml"}}' in places
    fingerprints = [result["partialFingerprints"]["finding/v1"] for result in run["results"]]
    assert len(set(fingerprints)) == 4


def test_a_fingerprint_survives_a_moved_line() -> None:
    def fingerprint(finding: Finding) -> str:
        return "".join(re.findall(r'"finding/v1": "(\w+)"', as_sarif([finding], "1")))

    assert fingerprint(LONG) == fingerprint(replace(LONG, line=99))


def test_the_order_of_findings_does_not_matter() -> None:
    several = [LONG, SECOND, BARE, NOTE]
    for form in (as_text, as_json, lambda found: as_sarif(found, "1")):
        assert form(several) == form(several[::-1])
