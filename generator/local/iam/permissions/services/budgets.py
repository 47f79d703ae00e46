"""What budgets need, reviewed by hand. Owns facts only. One action makes, changes and deletes them."""

from __future__ import annotations

from generator.local.iam.permissions.review import Call, Reviewed, authorization, tags_by

BUDGET = Reviewed(
    "AWS::Budgets::Budget",
    "arn:{partition}:budgets::{account}:budget/{name}",
    authorization("awsbudgetservice"),
    (
        Call("budgets:ModifyBudget", "cud"),
        Call("budgets:ViewBudget", "cr"),
        *tags_by("budgets:TagResource", "budgets:UntagResource", lists="budgets:ListTagsForResource"),
    ),
    name="Budget.BudgetName",
    tags="ResourceTags",
)

TYPES = (BUDGET,)
