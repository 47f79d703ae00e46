"""Least-privilege launch roles, worked out from a product's CloudFormation template.

A template's resources say which handlers CloudFormation runs, the registry's schemas which actions those take, and IAM's
action table on what; tables beside this module, each entry with its source, close the gaps of both. Everything here is a
pure function of template and scope; deploying the roles is the publisher's work.
"""

from generator.launch_role.comparison import Difference, Scoped, compare, scoped_writes, widened
from generator.launch_role.delivery import (
    ROLES_OF_A_STACK,
    resources,
    roles_of,
    shards,
    stack_template,
    stackset_template,
    substituted,
    trust,
)
from generator.launch_role.model import (
    PRODUCT_TAG,
    Delivery,
    Grant,
    LaunchRole,
    Reason,
    Scope,
    merge,
    role_name,
)
from generator.launch_role.policy import documents
from generator.launch_role.synthesis import synthesise

__all__ = [
    "PRODUCT_TAG",
    "ROLES_OF_A_STACK",
    "Delivery",
    "Difference",
    "Grant",
    "LaunchRole",
    "Reason",
    "Scope",
    "Scoped",
    "compare",
    "documents",
    "merge",
    "resources",
    "role_name",
    "roles_of",
    "scoped_writes",
    "shards",
    "stack_template",
    "stackset_template",
    "substituted",
    "synthesise",
    "trust",
    "widened",
]
