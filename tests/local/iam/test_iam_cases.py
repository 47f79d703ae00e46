"""The evaluator against tables taken from AWS's documentation: one row, one request, one answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from generator.local.iam import Caller, MalformedPolicy, Policies, Request, evaluate, parse

HERE = Path(__file__).parent / "cases"
TABLES = {
    name: json.loads((HERE / f"{name}.json").read_text())
    for name in ("conditions", "matching", "evaluation", "malformed")
}
ANA = Caller.user("arn:aws:iam::111122223333:user/ana")


def rows(name: str) -> list[Any]:
    return [pytest.param(row, id=row["id"]) for row in TABLES[name]["cases"]]


def test_rows_are_enough_distinct_and_sourced() -> None:
    assert sum(len(table["cases"]) for table in TABLES.values()) >= 250
    for table in TABLES.values():
        ids = [row["id"] for row in table["cases"]]
        assert len(ids) == len(set(ids))
        for row in table["cases"]:
            source = row["source"]
            assert source.startswith("https://") or source.partition("#")[0] in table["sources"], source
        assert all(source.startswith("https://") for source in table["sources"].values())


@pytest.mark.parametrize("row", rows("conditions"))
def test_condition(row: dict[str, Any]) -> None:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": row["condition"]}
    policy = {"Version": row.get("version", "2012-10-17"), "Statement": statement}
    # A stranger's keys would fill the context: the caller is nobody in particular.
    public = {**statement, "Principal": "*"}
    request = Request(Caller.anonymous(), "s3:ListBucket", "arn:aws:s3:::b", row["context"], "111122223333")
    decision = evaluate(request, Policies.of(resource={**policy, "Statement": public}))
    assert decision.allowed is row["expect"]
    # A Deny with the same condition applies exactly where the Allow does.
    denial = evaluate(request, Policies.of(resource={**policy, "Statement": {**public, "Effect": "Deny"}}))
    assert (denial.effect == "explicit_deny") is row["expect"]


@pytest.mark.parametrize("row", rows("matching"))
def test_matching(row: dict[str, Any]) -> None:
    statement = dict(row["statement"])
    if not {"Action", "NotAction"} & statement.keys():
        statement["Action"] = "*"
    if not {"Resource", "NotResource"} & statement.keys():
        statement["Resource"] = "*"
    document: dict[str, Any] = {"Statement": {"Effect": "Allow", **statement}}
    if version := row.get("version", "2012-10-17"):
        document["Version"] = version
    caller = Caller.role("arn:aws:iam::111122223333:role/dev", "ana")
    request = Request(
        caller,
        row.get("action", "s3:GetObject"),
        row.get("resource", "*"),
        row.get("context", {}),
        "111122223333",
    )
    assert evaluate(request, Policies.of(identity=[document])).allowed is row["expect"]


def caller_of(row: dict[str, Any]) -> Caller:
    named = row["caller"]
    spec = dict(TABLES["evaluation"]["callers"][named] if isinstance(named, str) else named)
    match spec:
        case {"user": arn, **rest}:
            return Caller.user(arn, **rest)
        case {"role": arn, "session": session, **rest}:
            return Caller.role(arn, session, **rest)
        case {"federated_user": arn, "session": session}:
            return Caller.federated_user(arn, session)
        case {"root": account, **rest}:
            return Caller.root(account, **rest)
        case {"service": names}:
            return Caller.service(*names)
        case {"identity_provider": name}:
            return Caller.identity_provider(name)
        case {"anonymous": True}:
            return Caller.anonymous()
    raise AssertionError(spec)


def document_of(policy: Any) -> dict[str, Any]:
    """A document, or its statements in short: EFFECT ACTION RESOURCE [to|except PRINCIPAL,…]."""
    if isinstance(policy, dict):
        return policy
    statements = []
    for short in policy:
        effect, action, resource, *who = short.split()
        statement: dict[str, Any] = {"Effect": effect, "Action": action}
        if resource != "-":
            statement["Resource"] = resource
        if who:
            element = {"to": "Principal", "except": "NotPrincipal"}[who[0]]
            statement[element] = "*" if who[1] == "*" else {"AWS": who[1].split(",")}
        statements.append(statement)
    return {"Version": "2012-10-17", "Statement": statements}


def policies_of(row: dict[str, Any]) -> Policies:
    given: dict[str, Any] = {}
    for name, value in row["policies"].items():
        if name in ("identity", "session"):
            given[name] = [document_of(one) for one in value]
        elif name in ("service_control", "resource_control"):
            given[name] = [[document_of(one) for one in level] for level in value]
        else:
            given[name] = document_of(value)
    return Policies.of(**given)


@pytest.mark.parametrize("row", rows("evaluation"))
def test_evaluation(row: dict[str, Any]) -> None:
    request = Request(
        caller_of(row),
        row["action"],
        row.get("resource", "*"),
        row.get("context", {}),
        row.get("resource_account", ""),
    )
    decision = evaluate(request, policies_of(row))
    assert (decision.effect, decision.by) == (row["expect"], row["by"])
    assert decision.allowed is (row["expect"] == "allowed")


@pytest.mark.parametrize("row", rows("malformed"))
def test_grammar(row: dict[str, Any]) -> None:
    if row["reason"] is None:
        assert parse(row["document"], row["kind"]).statements
        return
    with pytest.raises(MalformedPolicy) as refused:
        parse(row["document"], row["kind"])
    assert refused.value.reason == row["reason"]
    assert refused.value.code == "MalformedPolicyDocument"
