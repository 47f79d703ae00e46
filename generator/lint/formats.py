"""Findings as text for people, JSON for programs, and SARIF for code scanning.

Pure functions: the same findings give the same bytes, whatever their order.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from generator.lint import Finding

FORMAT = 1
SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
SARIF_LEVELS = {"error": "error", "warning": "warning", "informational": "note"}


def as_text(findings: Iterable[Finding]) -> str:
    """Three lines a finding and a last line that counts; empty without findings."""
    ordered = sorted(findings)
    if not ordered:
        return ""
    blocks = []
    for finding in ordered:
        made_by = [f"blueprint {finding.blueprint}"] if finding.blueprint else []
        line = [f"line {finding.line} of the template"] if finding.line else []
        about = ", ".join([*made_by, *line, *finding.regions])
        head = f"{finding.product}: {finding.place}: {finding.level} {finding.rule}" + (
            f" ({about})" if about else ""
        )
        blocks.append("\n    ".join(filter(None, [head, finding.message, finding.source])) + "\n")
    counts = Counter(finding.level for finding in ordered)
    products = len({finding.product for finding in ordered})
    words = [
        f"{counts[level]} {level}{'s' if counts[level] != 1 else ''}"
        for level in ("error", "warning")
        if counts[level]
    ]
    if counts["informational"]:
        words.append(f"{counts['informational']} informational")
    return "".join(blocks) + f"{', '.join(words)} in {products} product{'s' if products != 1 else ''}\n"


def as_json(findings: Iterable[Finding]) -> str:
    """A document with a format version and the findings, their fields as in Finding."""
    return _dump({"format": FORMAT, "findings": [vars(finding) for finding in sorted(findings)]})


def as_sarif(findings: Iterable[Finding], tool_version: str) -> str:
    """A SARIF 2.1.0 log; the places are those of the built templates, relative to the catalogue root."""
    ordered = sorted(findings)
    rules = sorted({(finding.rule, finding.source, finding.level) for finding in ordered})
    index = {rule: number for number, rule in enumerate(rules)}
    driver = {
        "name": "catalog",
        "version": tool_version,
        "rules": [_rule(*rule) for rule in rules],
    }
    results = [_result(finding, index[finding.rule, finding.source, finding.level]) for finding in ordered]
    return _dump(
        {
            "$schema": SARIF_SCHEMA,
            "version": "2.1.0",
            "runs": [{"tool": {"driver": driver}, "results": results}],
        }
    )


def _rule(name: str, source: str, level: str) -> dict[str, Any]:
    rule: dict[str, Any] = {"id": name, "defaultConfiguration": {"level": SARIF_LEVELS[level]}}
    return rule | ({"helpUri": source} if source else {})


def _result(finding: Finding, rule: int) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": f"build/{finding.product}/template.yaml"}}
    if finding.line:
        place["region"] = {"startLine": finding.line, "startColumn": max(finding.column, 1)}
    # Lines move with every edit; the place in the template and what is said of it tell findings apart.
    identity = "\0".join([finding.product, finding.place, finding.rule, finding.message])
    return {
        "ruleId": finding.rule,
        "ruleIndex": rule,
        "level": SARIF_LEVELS[finding.level],
        "message": {"text": finding.message},
        "locations": [
            {"physicalLocation": place, "logicalLocations": [{"fullyQualifiedName": finding.place}]}
        ],
        "partialFingerprints": {"finding/v1": hashlib.sha256(identity.encode()).hexdigest()},
        "properties": {
            "product": finding.product,
            "blueprint": finding.blueprint,
            "regions": list(finding.regions),
        },
    }


def _dump(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
