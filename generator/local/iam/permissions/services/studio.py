"""What SageMaker Studio's domains, and what is in them, need, reviewed by hand. Owns facts only."""

from __future__ import annotations

from generator.local.iam.permissions.review import Call, Reviewed, authorization, key_arn, passes, tags_by

_PAGE = authorization("amazonsagemaker")
_ARN = "arn:{partition}:sagemaker:{region}:{account}:"
_SERVICE = "sagemaker.amazonaws.com"
_ONBOARD = "https://docs.aws.amazon.com/sagemaker/latest/dg/onboard-custom-settings.html"
_LINKED = "https://docs.aws.amazon.com/sagemaker/latest/dg/security-iam-awsmanpol-notebooks.html"
_KEYS = "https://docs.aws.amazon.com/sagemaker/latest/dg/encryption-at-rest-studio.html"
_TAGS = tags_by("sagemaker:AddTags", "sagemaker:DeleteTags", lists="sagemaker:ListTags")

DOMAIN = Reviewed(
    "AWS::SageMaker::Domain",
    _ARN + "domain/{name}",
    _PAGE,
    (
        Call("sagemaker:CreateDomain", "c", tagging="sends"),
        Call("sagemaker:DescribeDomain", "crud"),
        passes("DefaultUserSettings.ExecutionRole", _SERVICE, "cu", changed=("DefaultUserSettings",)),
        passes("DefaultSpaceSettings.ExecutionRole", _SERVICE, "cu", changed=("DefaultSpaceSettings",)),
        # The domain's file system belongs to the service's own role, which first use makes.
        Call(
            "iam:CreateServiceLinkedRole",
            "c",
            "arn:{partition}:iam::{account}:role/aws-service-role/sagemaker.amazonaws.com/"
            "AWSServiceRoleForAmazonSageMakerNotebooks",
            keys={"iam:AWSServiceName": "sagemaker.amazonaws.com"},
            source=_LINKED,
        ),
        Call("ec2:DescribeVpcs", "c", "*", source=_ONBOARD),
        Call("ec2:DescribeSubnets", "c", "*", source=_ONBOARD),
        Call("ec2:DescribeSecurityGroups", "c", "*", source=_ONBOARD),
        Call(
            "kms:CreateGrant",
            "c",
            "{each}",
            each="KmsKeyId",
            to=key_arn,
            source=_KEYS,
            keys={"kms:GrantIsForAWSResource": "true"},
        ),
        Call("kms:DescribeKey", "c", "{each}", each="KmsKeyId", to=key_arn, source=_KEYS),
        Call("sagemaker:UpdateDomain", "u"),
        Call("sagemaker:DeleteDomain", "d"),
        *_TAGS,
    ),
    lower=True,
)

USER_PROFILE = Reviewed(
    "AWS::SageMaker::UserProfile",
    _ARN + "user-profile/{DomainId}/{UserProfileName}",
    _PAGE,
    (
        Call("sagemaker:CreateUserProfile", "c", tagging="sends"),
        Call("sagemaker:DescribeUserProfile", "crud"),
        passes("UserSettings.ExecutionRole", _SERVICE, "cu", changed=("UserSettings",)),
        Call("sagemaker:UpdateUserProfile", "u"),
        Call("sagemaker:DeleteUserProfile", "d"),
        *_TAGS,
    ),
    lower=True,
)

SPACE = Reviewed(
    "AWS::SageMaker::Space",
    _ARN + "space/{DomainId}/{SpaceName}",
    _PAGE,
    (
        Call(
            "sagemaker:CreateSpace",
            "c",
            tagging="sends",
            keys={"sagemaker:SpaceSharingType": "{SpaceSharingSettings.SharingType}"},
        ),
        Call("sagemaker:DescribeSpace", "crud"),
        Call("sagemaker:UpdateSpace", "u"),
        Call("sagemaker:DeleteSpace", "d"),
        *_TAGS,
    ),
    lower=True,
)

APP = Reviewed(
    "AWS::SageMaker::App",
    _ARN + "app/{DomainId}/{UserProfileName}/{AppType}/{AppName}",
    _PAGE,
    (
        Call("sagemaker:CreateApp", "c", tagging="sends"),
        Call("sagemaker:DescribeApp", "crd"),
        Call("sagemaker:DeleteApp", "d"),
        *_TAGS,
    ),
    lower=True,
)

STUDIO_LIFECYCLE_CONFIG = Reviewed(
    "AWS::SageMaker::StudioLifecycleConfig",
    _ARN + "studio-lifecycle-config/{name}",
    _PAGE,
    (
        Call("sagemaker:CreateStudioLifecycleConfig", "c", tagging="sends"),
        Call("sagemaker:DescribeStudioLifecycleConfig", "crd"),
        Call("sagemaker:DeleteStudioLifecycleConfig", "d"),
        *_TAGS,
    ),
    name="StudioLifecycleConfigName",
    lower=True,
)

TYPES = (DOMAIN, USER_PROFILE, SPACE, APP, STUDIO_LIFECYCLE_CONFIG)
