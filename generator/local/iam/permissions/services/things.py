"""What IoT's things, groups, policies and role aliases need, reviewed by hand. Owns facts only."""

from __future__ import annotations

from generator.local.iam.permissions.review import Call, Reviewed, authorization, passes, tags_by

_PAGE = authorization("awsiot")
_ARN = "arn:{partition}:iot:{region}:{account}:"
_TAGS = tags_by("iot:TagResource", "iot:UntagResource", lists="iot:ListTagsForResource")

THING = Reviewed(
    "AWS::IoT::Thing",
    _ARN + "thing/{name}",
    _PAGE,
    (
        Call("iot:CreateThing", "c"),
        Call("iot:DescribeThing", "crud"),
        Call("iot:UpdateThing", "u"),
        Call("iot:DeleteThing", "d"),
    ),
    name="ThingName",
    tags="",
)

THING_GROUP = Reviewed(
    "AWS::IoT::ThingGroup",
    _ARN + "thinggroup/{name}",
    _PAGE,
    (
        Call("iot:CreateThingGroup", "c", tagging="sends"),
        Call("iot:DescribeThingGroup", "crud"),
        Call("iot:UpdateThingGroup", "u", changed=("ThingGroupProperties",)),
        Call("iot:DeleteThingGroup", "d"),
        *_TAGS,
    ),
    name="ThingGroupName",
)

POLICY = Reviewed(
    "AWS::IoT::Policy",
    _ARN + "policy/{name}",
    _PAGE,
    (
        Call("iot:CreatePolicy", "c", tagging="sends"),
        Call("iot:GetPolicy", "crud"),
        # Every change is a new version, for which an old one goes.
        Call("iot:CreatePolicyVersion", "u", changed=("PolicyDocument",)),
        Call("iot:ListPolicyVersions", "ud"),
        Call("iot:DeletePolicyVersion", "u", changed=("PolicyDocument",)),
        Call("iot:ListTargetsForPolicy", "d"),
        Call("iot:DeletePolicy", "d"),
        *_TAGS,
    ),
    name="PolicyName",
)

ROLE_ALIAS = Reviewed(
    "AWS::IoT::RoleAlias",
    _ARN + "rolealias/{name}",
    _PAGE,
    (
        Call("iot:CreateRoleAlias", "c", tagging="sends"),
        passes(
            "RoleArn",
            "credentials.iot.amazonaws.com",
            "cu",
            changed=("RoleArn",),
            source="https://docs.aws.amazon.com/iot/latest/developerguide/authorizing-direct-aws.html",
        ),
        Call("iot:DescribeRoleAlias", "crud"),
        Call("iot:UpdateRoleAlias", "u", changed=("RoleArn", "CredentialDurationSeconds")),
        Call("iot:DeleteRoleAlias", "d"),
        *_TAGS,
    ),
    name="RoleAlias",
)

TYPES = (THING, THING_GROUP, POLICY, ROLE_ALIAS)
