"""Sharing a portfolio: one share action per portfolio runs at a time, and answers before it is done."""

from __future__ import annotations

from typing import Any

from generator.aws.calls import ATTEMPTS, Calls
from generator.changes import SharePortfolio, UnsharePortfolio, UpdateShare
from generator.errors import AwsError, Problem, Where


def share(
    calls: Calls,
    operation: str,
    change: SharePortfolio | UpdateShare | UnsharePortfolio,
    portfolio: str,
    **options: bool,
) -> None:
    """Carry out a share action to its end; raises AwsError with what AWS says of each account."""
    wanted = change.share
    who: dict[str, Any] = (
        {"AccountId": wanted.id}
        if wanted.type == "ACCOUNT"
        else {"OrganizationNode": {"Type": wanted.type, "Value": wanted.id}}
    )
    answer = calls.settle(operation, PortfolioId=portfolio, **who, **options)
    token = answer.get("PortfolioShareToken")
    status: dict[str, Any] = {"Status": answer.get("Status", "COMPLETED")}
    for attempt in range(ATTEMPTS + 2):
        if not token or status["Status"] in ("COMPLETED", "COMPLETED_WITH_ERRORS", "ERROR"):
            break
        calls.wait(attempt)
        status = calls.call("describe_portfolio_share_status", PortfolioShareToken=token)
    if token and status["Status"] != "COMPLETED":
        errors = status.get("ShareDetails", {}).get("ShareErrors", [])
        told = "; ".join(
            f"{', '.join(each.get('Accounts', []))}: {each.get('Message', '')}" for each in errors
        )
        raise AwsError(
            Problem(
                Where(f"aws {calls.region}"),
                f"the {change.about} ended as {status['Status']}{': ' + told if told else ''}",
                "Correct what it names, then run again.",
            )
        )
