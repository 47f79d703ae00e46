"""What a smoke test tells: each product's way, every denial with what would allow it, and what is left behind. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from generator.bundle import Bundle
from generator.smoke import FAILED, PASSED, UPDATE, Denied, Trial
from generator.spec import FORMAT

# Types that cost by the time they exist; most others by what is done with them.
BILLED_BY_TIME = frozenset(
    {
        "AWS::EC2::EIP",
        "AWS::EC2::Instance",
        "AWS::EC2::NatGateway",
        "AWS::EC2::TransitGatewayAttachment",
        "AWS::EC2::VPCEndpoint",
        "AWS::EC2::Volume",
        "AWS::EKS::Cluster",
        "AWS::ElastiCache::CacheCluster",
        "AWS::ElastiCache::ReplicationGroup",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "AWS::KMS::Key",
        "AWS::Kinesis::Stream",
        "AWS::MSK::Cluster",
        "AWS::OpenSearchService::Domain",
        "AWS::RDS::DBCluster",
        "AWS::RDS::DBInstance",
        "AWS::Redshift::Cluster",
        "AWS::SageMaker::Endpoint",
        "AWS::SageMaker::NotebookInstance",
        "AWS::SecretsManager::Secret",
    }
)


def costs(bundle: Bundle) -> str:
    """What a launch of a product costs, as far as its template tells."""
    types = [
        str(each.get("Type"))
        for each in bundle.draft.template.get("Resources", {}).values()
        if isinstance(each, dict)
    ]
    billed = [f"{types.count(kind)} {kind}" for kind in sorted(BILLED_BY_TIME & set(types))]
    told = f"by the time they exist: {', '.join(billed)}" if billed else "nothing by the time it exists"
    return f"{bundle.id}: {len(types)} resources, billed {told}"


def as_data(trials: Sequence[Trial], *, target: str, account: str, region: str) -> dict[str, Any]:
    """The report as plain values."""
    return {
        "format": FORMAT,
        "target": target,
        "account": account,
        "region": region,
        "status": FAILED if any(each.status == FAILED for each in trials) else PASSED,
        "products": [_trial(each) for each in trials],
        "denied": [_denied(each.product, denied) for each in trials for denied in each.denied],
    }


def _trial(trial: Trial) -> dict[str, Any]:
    return {
        "id": trial.product,
        "status": trial.status,
        "name": trial.name,
        "versions": list(trial.versions),
        "changed": dict(trial.changes),
        "launch_role": trial.role,
        "steps": [vars(step) for step in trial.steps],
        "left": trial.left,
        "retained": [{"type": kind, "id": ident} for kind, ident in trial.kept],
    }


def _denied(product: str, denied: Denied) -> dict[str, Any]:
    denial = denied.denial
    return {
        "product": product,
        "step": denied.step,
        "resource_type": denied.type,
        "logical_id": denied.logical_id,
        "action": denial.action,
        "resource": denial.resource,
        "launch_role": denied.role,
        "policy": denial.layer,
        "explicit_deny": denial.explicit,
        "statement": dict(denial.statement) if denial.statement else None,
        "remedy": denial.remedy,
        "said": denial.said,
    }


def as_text(told: Mapping[str, Any]) -> str:
    lines: list[str] = []
    for product in told["products"]:
        versions = " to ".join(product["versions"])
        lines.append(" ".join(filter(None, (f"{product['status']}: {product['id']}", versions))))
        for step in product["steps"]:
            changed = ", ".join(f"{key}={value}" for key, value in product["changed"].items())
            told_of = f" ({changed or 'as it is'})" if step["name"] == UPDATE else ""
            why = f": {step['why']}" if step["why"] else ""
            lines.append(f"  {step['name']}{told_of} {step['status']}{why}")
        lines += [f"  its template retains {each['type']} {each['id']}" for each in product["retained"]]
        if product["left"]:
            lines.append(
                f"  LEFT BEHIND: {product['name']}. Correct the above, then: catalog terminate {product['name']}"
            )
    if told["denied"]:
        lines += ["", f"Access denied, {len(told['denied'])} times:"]
    for each in told["denied"]:
        lines += _denial_lines(each)
    lines += ["", _summary(told["products"], told)]
    return "\n".join(lines) + "\n"


def _denial_lines(each: Mapping[str, Any]) -> Iterable[str]:
    place = f", {each['logical_id']} ({each['resource_type']})" if each["logical_id"] else ""
    yield f"  {each['action'] or 'an action that AWS does not name'} on {each['resource'] or 'an unnamed resource'}"
    yield f"    at {each['step']} of {each['product']}{place}"
    yield f"    role: {each['launch_role'] or 'none, or not known'}"
    yield f"    {each['remedy']}"
    if each["statement"]:
        yield f"    {json.dumps(each['statement'])}"
    elif not each["action"]:
        yield f"    AWS said: {each['said']}"


def _summary(products: Sequence[Mapping[str, Any]], told: Mapping[str, Any]) -> str:
    counts = {
        status: sum(each["status"] == status for each in products) for status in (PASSED, FAILED, "skipped")
    }
    said = ", ".join(f"{count} {status}" for status, count in counts.items() if count) or "no products"
    return f"Smoke test of {told['target']} (account {told['account']}, {told['region']}): {said}."
