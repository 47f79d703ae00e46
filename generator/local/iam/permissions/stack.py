"""What Service Catalog needs of a launch role for the stack itself: the stack calls and the read of the template.

Owns the permissions outside any resource. These calls are Service Catalog's, so they carry no `aws:CalledVia`:
a role that asks for it here launches nothing.

https://docs.aws.amazon.com/servicecatalog/latest/adminguide/constraints-launch.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from generator.local.iam.conditions import Value
from generator.local.iam.permissions.review import Need

StackOperation = Literal["create", "update", "delete", "plan"]

_LAUNCH = "https://docs.aws.amazon.com/servicecatalog/latest/adminguide/constraints-launch.html"
_TRANSFORMS = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-template.html"
_PARAMETERS = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html"

# The calls of each operation; those in the second list have no resource.
_CALLS: Mapping[StackOperation, tuple[str, ...]] = {
    "create": (
        "CreateStack",
        "DescribeStacks",
        "DescribeStackEvents",
        "GetTemplateSummary",
        "SetStackPolicy",
    ),
    "update": (
        "UpdateStack",
        "DescribeStacks",
        "DescribeStackEvents",
        "GetTemplateSummary",
        "SetStackPolicy",
    ),
    "delete": ("DeleteStack", "DescribeStacks", "DescribeStackEvents"),
    "plan": (
        "CreateChangeSet",
        "DescribeChangeSet",
        "ExecuteChangeSet",
        "DeleteChangeSet",
        "ListChangeSets",
        "DescribeStacks",
    ),
}
_TEMPLATE_READERS = frozenset({"create", "update", "plan"})


def stack_needed(
    operation: StackOperation,
    *,
    account: str,
    region: str,
    stack: str,
    partition: str = "aws",
    tags: Mapping[str, str] | None = None,
    template: str = "",
    transforms: Iterable[str] = (),
    parameters: Iterable[str] = (),
) -> tuple[Need, ...]:
    """The needs of one operation on the stack (name or id).

    `template` is the ARN of Service Catalog's own copy of the template; `transforms` are the names of the
    template's macros that AWS hosts; `parameters` the names of the SSM parameters that its parameters read.
    """
    where = f"arn:{partition}:cloudformation:{region}:{account}"
    on = stack if stack.startswith("arn:") else f"{where}:stack/{stack}/*"
    here: dict[str, Value] = {"aws:RequestedRegion": region}
    carried: dict[str, Value] = dict(here)
    if tags:
        carried["aws:TagKeys"] = tuple(tags)
        carried |= {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    tagging = operation != "delete" and bool(tags)
    found = [
        Need(
            f"cloudformation:{name}", on, carried if name.startswith(("Create", "Update")) else here, _LAUNCH
        )
        for name in _CALLS[operation]
    ]
    if tagging:
        found.append(Need("cloudformation:TagResource", on, carried, _LAUNCH))
    if operation in _TEMPLATE_READERS:
        found.append(Need("cloudformation:ValidateTemplate", "*", here, _LAUNCH))
        if template:
            read = here | {"s3:ExistingObjectTag/servicecatalog:provisioning": "true"}
            found.append(Need("s3:GetObject", template, read, _LAUNCH))
        for name in transforms:
            transform = f"arn:{partition}:cloudformation:{region}:aws:transform/{name.removeprefix('AWS::')}"
            found.append(Need("cloudformation:CreateChangeSet", transform, here, _TRANSFORMS))
        for name in parameters:
            parameter = f"arn:{partition}:ssm:{region}:{account}:parameter/{name.lstrip('/')}"
            found.append(Need("ssm:GetParameters", parameter, here, _PARAMETERS))
    return tuple(found)
