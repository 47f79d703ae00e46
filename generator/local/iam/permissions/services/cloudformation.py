"""What CloudFormation's own resources need, reviewed by hand: nested stacks, stack sets and custom resources. Owns facts only.

What Service Catalog itself calls for a product's stack is in `permissions.stack`.
"""

from __future__ import annotations

from generator.local.iam.permissions.review import (
    Call,
    Place,
    Reviewed,
    authorization,
    object_arn,
    passes,
    tags_by,
)

_PAGE = authorization("awscloudformation")
_CUSTOM = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources.html"


def _template(url: str, place: Place) -> str:
    """The object behind https://<bucket>.s3[.<region>].amazonaws.com/<key>, or with the bucket in the path."""
    host, _, path = url.partition("://")[2].partition("?")[0].partition("/")
    bucket = host.partition(".s3")[0] if ".s3" in host else ""
    return object_arn(f"{bucket}/{path}" if bucket else path, place)


NESTED_STACK = Reviewed(
    "AWS::CloudFormation::Stack",
    "arn:{partition}:cloudformation:{region}:{account}:stack/{stack}-*/*",
    _PAGE,
    (
        Call("cloudformation:CreateStack", "c", tagging="sends"),
        Call("s3:GetObject", "cu", "{each}", each="TemplateURL", to=_template),
        Call("cloudformation:DescribeStacks", "crud"),
        Call("cloudformation:UpdateStack", "u"),
        Call("cloudformation:DeleteStack", "d"),
        passes("RoleARN", "cloudformation.amazonaws.com", "cu"),
        *tags_by("cloudformation:TagResource", "cloudformation:UntagResource"),
    ),
)

CUSTOM_RESOURCE = Reviewed(
    "AWS::CloudFormation::CustomResource",
    "{ServiceToken}",
    _CUSTOM,
    (
        # The token is a function to be invoked or a topic to be written to.
        Call("lambda:InvokeFunction", "cud", "{each}", each="ServiceToken", only=":lambda:"),
        Call("sns:Publish", "cud", "{each}", each="ServiceToken", only=":sns:"),
    ),
    tags="",
)

_INSTANCES = ("StackInstancesGroup",)
STACK_SET = Reviewed(
    "AWS::CloudFormation::StackSet",
    "arn:{partition}:cloudformation:{region}:{account}:stackset/{name}:*",
    _PAGE,
    (
        Call("cloudformation:CreateStackSet", "c", "*", tagging="sends"),
        Call("s3:GetObject", "cu", "{each}", each="TemplateURL", to=_template, changed=("TemplateURL",)),
        passes("AdministrationRoleARN", "cloudformation.amazonaws.com", "cu"),
        Call("cloudformation:DescribeStackSet", "crud"),
        Call("cloudformation:UpdateStackSet", "u"),
        Call("cloudformation:CreateStackInstances", "cu", when=_INSTANCES, changed=_INSTANCES),
        Call("cloudformation:UpdateStackInstances", "u", when=_INSTANCES, changed=_INSTANCES),
        Call("cloudformation:DeleteStackInstances", "u", changed=_INSTANCES),
        Call("cloudformation:DeleteStackInstances", "d", when=_INSTANCES),
        Call("cloudformation:DescribeStackSetOperation", "cud"),
        Call("cloudformation:ListStackInstances", "rd"),
        Call("cloudformation:DeleteStackSet", "d"),
        *tags_by("cloudformation:TagResource", "cloudformation:UntagResource"),
    ),
    name="StackSetName",
)

TYPES = (NESTED_STACK, CUSTOM_RESOURCE, STACK_SET)
