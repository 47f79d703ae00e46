"""What Lambda functions and their permissions need, reviewed by hand. Owns facts only."""

from __future__ import annotations

from generator.local.iam.permissions.review import (
    Call,
    Place,
    Reviewed,
    authorization,
    function_arn,
    key_arn,
    passes,
    tags_by,
)

_PAGE = authorization("awslambda")
_SERVICE = "lambda.amazonaws.com"
_VPC = "https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions"
_KEYS = "https://docs.aws.amazon.com/lambda/latest/dg/security-encryption-at-rest.html"
_IMAGES = "https://docs.aws.amazon.com/lambda/latest/dg/images-create.html#gettingstarted-images-permissions"
_CODE = "arn:{partition}:s3:::{Code.S3Bucket}/{Code.S3Key}"
_SETTINGS = (
    "DeadLetterConfig", "Description", "Environment", "EphemeralStorage", "FileSystemConfigs", "Handler",
    "ImageConfig", "KmsKeyArn", "Layers", "LoggingConfig", "MemorySize", "Role", "Runtime", "SnapStart", "Timeout",
    "TracingConfig", "VpcConfig",
)  # fmt: skip


def _repository(image: str, place: Place) -> str:
    """The ECR repository of an image: <account>.dkr.ecr.<region>.amazonaws.com/<name>[:tag|@digest]."""
    host, _, path = image.partition("/")
    account, _, _, region, *_ = [*host.split("."), "", "", "", ""]
    name = path.partition("@")[0].partition(":")[0]
    return f"arn:{place.partition}:ecr:{region or place.region}:{account or place.account}:repository/{name}"


FUNCTION = Reviewed(
    "AWS::Lambda::Function",
    "arn:{partition}:lambda:{region}:{account}:function:{name}",
    _PAGE,
    (
        Call("lambda:CreateFunction", "c", tagging="sends"),
        # Creation and every change are waited for by asking.
        Call("lambda:GetFunction", "crud"),
        passes("Role", _SERVICE, "c"),
        passes("Role", _SERVICE, "u", changed=("Role",)),
        Call("s3:GetObject", "cu", _CODE, when=("Code.S3Bucket", "!Code.S3ObjectVersion"), changed=("Code",)),
        Call("s3:GetObjectVersion", "cu", _CODE, when=("Code.S3ObjectVersion",), changed=("Code",)),
        Call(
            "ecr:GetRepositoryPolicy",
            "cu",
            "{each}",
            each="Code.ImageUri",
            to=_repository,
            changed=("Code",),
            source=_IMAGES,
        ),
        Call(
            "ecr:SetRepositoryPolicy",
            "cu",
            "{each}",
            each="Code.ImageUri",
            to=_repository,
            changed=("Code",),
            source=_IMAGES,
        ),
        Call(
            "ecr:BatchGetImage",
            "cu",
            "{each}",
            each="Code.ImageUri",
            to=_repository,
            changed=("Code",),
            source=_IMAGES,
        ),
        Call(
            "ecr:GetDownloadUrlForLayer",
            "cu",
            "{each}",
            each="Code.ImageUri",
            to=_repository,
            changed=("Code",),
            source=_IMAGES,
        ),
        Call("lambda:GetLayerVersion", "cu", "{each}", each="Layers[]", changed=("Layers",)),
        Call(
            "ec2:DescribeSecurityGroups", "cu", "*", when=("VpcConfig",), changed=("VpcConfig",), source=_VPC
        ),
        Call("ec2:DescribeSubnets", "cu", "*", when=("VpcConfig",), changed=("VpcConfig",), source=_VPC),
        Call("ec2:DescribeVpcs", "cu", "*", when=("VpcConfig",), changed=("VpcConfig",), source=_VPC),
        Call(
            "kms:CreateGrant",
            "cu",
            "{each}",
            each="KmsKeyArn",
            to=key_arn,
            changed=("KmsKeyArn",),
            source=_KEYS,
            keys={"kms:ViaService": "lambda.{region}.amazonaws.com"},
        ),
        Call(
            "kms:Encrypt",
            "cu",
            "{each}",
            each="KmsKeyArn",
            to=key_arn,
            changed=("KmsKeyArn", "Environment"),
            when=("Environment.Variables",),
            source=_KEYS,
            keys={"kms:ViaService": "lambda.{region}.amazonaws.com"},
        ),
        Call(
            "kms:Decrypt",
            "cru",
            "{each}",
            each="KmsKeyArn",
            to=key_arn,
            when=("Environment.Variables",),
            source=_KEYS,
            keys={"kms:ViaService": "lambda.{region}.amazonaws.com"},
        ),
        Call("lambda:UpdateFunctionCode", "u", changed=("Code", "Architectures")),
        Call("lambda:UpdateFunctionConfiguration", "u", changed=_SETTINGS),
        Call(
            "lambda:PutFunctionConcurrency",
            "cu",
            when=("ReservedConcurrentExecutions",),
            changed=("ReservedConcurrentExecutions",),
        ),
        Call(
            "lambda:DeleteFunctionConcurrency",
            "u",
            when=("!ReservedConcurrentExecutions",),
            changed=("ReservedConcurrentExecutions",),
        ),
        Call("lambda:PutFunctionRecursionConfig", "cu", when=("RecursiveLoop",), changed=("RecursiveLoop",)),
        Call("lambda:DeleteFunction", "d"),
        # The network interfaces of a function outlive it for a while, and are waited for.
        Call("ec2:DescribeNetworkInterfaces", "d", "*", when=("VpcConfig",), source=_VPC),
        *tags_by("lambda:TagResource", "lambda:UntagResource", lists="lambda:ListTags"),
    ),
    name="FunctionName",
)

PERMISSION = Reviewed(
    "AWS::Lambda::Permission",
    "{FunctionName}",
    _PAGE,
    (
        Call(
            "lambda:AddPermission",
            "c",
            "{each}",
            each="FunctionName",
            to=function_arn,
            keys={"lambda:Principal": "{Principal}"},
        ),
        Call("lambda:GetPolicy", "r", "{each}", each="FunctionName", to=function_arn),
        Call(
            "lambda:RemovePermission",
            "d",
            "{each}",
            each="FunctionName",
            to=function_arn,
            keys={"lambda:Principal": "{Principal}"},
        ),
    ),
    name="FunctionName",
    tags="",
)

EVENT_SOURCE = Reviewed(
    "AWS::Lambda::EventSourceMapping",
    "arn:{partition}:lambda:{region}:{account}:event-source-mapping:{name}",
    _PAGE,
    (
        # A mapping that does not exist yet is any mapping, and its function is told by a condition key.
        Call(
            "lambda:CreateEventSourceMapping",
            "c",
            "*",
            each="FunctionName",
            to=function_arn,
            keys={"lambda:FunctionArn": "{target}"},
            tagging="sends",
        ),
        Call(
            "lambda:GetEventSourceMapping",
            "crud",
            each="FunctionName",
            to=function_arn,
            keys={"lambda:FunctionArn": "{target}"},
        ),
        Call(
            "lambda:UpdateEventSourceMapping",
            "u",
            each="FunctionName",
            to=function_arn,
            keys={"lambda:FunctionArn": "{target}"},
        ),
        Call(
            "lambda:DeleteEventSourceMapping",
            "d",
            each="FunctionName",
            to=function_arn,
            keys={"lambda:FunctionArn": "{target}"},
        ),
        *tags_by("lambda:TagResource", "lambda:UntagResource", lists="lambda:ListTags"),
    ),
)

TYPES = (FUNCTION, PERMISSION, EVENT_SOURCE)
