"""What components and deployments of Greengrass V2 need, reviewed by hand.

Owns facts only. A component's name is within its recipe, so that creation is asked about any component.
"""

from __future__ import annotations

from generator.local.iam.permissions.review import Call, Reviewed, authorization

_PAGE = authorization("awsiotgreengrassv2")
_ARN = "arn:{partition}:greengrass:{region}:{account}:"
_IOT = "arn:{partition}:iot:{region}:{account}:"

COMPONENT = Reviewed(
    "AWS::GreengrassV2::ComponentVersion",
    _ARN + "components:*:versions:*",
    _PAGE,
    (
        Call("greengrass:CreateComponentVersion", "c", _ARN + "components:*", tagging="sends"),
        Call("lambda:GetFunction", "c", "{each}", each="LambdaFunction.LambdaArn"),
        Call("greengrass:DescribeComponent", "cr"),
        Call("greengrass:DeleteComponent", "d"),
    ),
)


def _thing(action: str, kind: str) -> Call:
    """A call about the target, which is one thing or a group of them."""
    return Call(f"iot:{action}", "c", "{each}", each="TargetArn", only=f":{kind}/")


DEPLOYMENT = Reviewed(
    "AWS::GreengrassV2::Deployment",
    _ARN + "deployments:{name}",
    _PAGE,
    (
        Call("greengrass:CreateDeployment", "c", tagging="sends"),
        Call("greengrass:GetDeployment", "crd"),
        Call("greengrass:CancelDeployment", "d"),
        Call("greengrass:DeleteDeployment", "d"),
        # A deployment is a job of IoT, made and taken back as the caller: the actions it depends on.
        Call("iot:CreateJob", "c", _IOT + "job/*"),
        Call("iot:CreateJob", "c", "{each}", each="TargetArn"),
        Call("iot:DescribeJob", "rd", _IOT + "job/*"),
        Call("iot:CancelJob", "d", _IOT + "job/*"),
        _thing("DescribeThing", "thing"),
        _thing("DescribeThingGroup", "thinggroup"),
    ),
)

TYPES = (COMPONENT, DEPLOYMENT)
