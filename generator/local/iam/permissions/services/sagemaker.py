"""What SageMaker's resources need, reviewed by hand against the service authorization reference.

Owns facts only. In ARNs SageMaker writes names in lower case.
"""

from __future__ import annotations

from generator.local.iam.permissions.review import (
    Call,
    Reviewed,
    authorization,
    key_arn,
    named,
    passes,
    tags_by,
)

_PAGE = authorization("amazonsagemaker")
_ROLES = "https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html"
_KEYS = "https://docs.aws.amazon.com/sagemaker/latest/dg/api-permissions-reference.html"
_VPC = "https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html#sagemaker-roles-createnotebookinstance-perms"
_ARN = "arn:{partition}:sagemaker:{region}:{account}:"
_EC2 = "arn:{partition}:ec2:{region}:{account}:"
_SERVICE = "sagemaker.amazonaws.com"
_TAGS = tags_by("sagemaker:AddTags", "sagemaker:DeleteTags", lists="sagemaker:ListTags")

NOTEBOOK_INSTANCE = Reviewed(
    "AWS::SageMaker::NotebookInstance",
    _ARN + "notebook-instance/{name}",
    _PAGE,
    (
        Call("sagemaker:CreateNotebookInstance", "c", tagging="sends"),
        Call("sagemaker:DescribeNotebookInstance", "crud"),
        passes("RoleArn", _SERVICE, "c"),
        passes("RoleArn", _SERVICE, "u", changed=("RoleArn",)),
        # The service encrypts the volume through a grant that the caller makes.
        Call("kms:DescribeKey", "c", "{each}", each="KmsKeyId", to=key_arn, source=_KEYS),
        Call(
            "kms:CreateGrant",
            "c",
            "{each}",
            each="KmsKeyId",
            to=key_arn,
            source=_KEYS,
            keys={"kms:GrantIsForAWSResource": "true", "kms:ViaService": "sagemaker.{region}.amazonaws.com"},
        ),
        Call(
            "ec2:CreateNetworkInterface", "c", _EC2 + "network-interface/*", when=("SubnetId",), source=_VPC
        ),
        Call("ec2:CreateNetworkInterface", "c", _EC2 + "subnet/{SubnetId}", when=("SubnetId",), source=_VPC),
        Call(
            "ec2:CreateNetworkInterface",
            "c",
            _EC2 + "security-group/{each}",
            when=("SubnetId",),
            each="SecurityGroupIds[]",
            source=_VPC,
        ),
        Call(
            "ec2:CreateNetworkInterfacePermission",
            "c",
            _EC2 + "network-interface/*",
            when=("SubnetId",),
            source=_VPC,
        ),
        Call("ec2:DescribeNetworkInterfaces", "c", "*", when=("SubnetId",), source=_VPC),
        Call("ec2:DescribeSubnets", "c", "*", when=("SubnetId",), source=_VPC),
        Call("ec2:DescribeSecurityGroups", "c", "*", when=("SubnetId",), source=_VPC),
        Call("ec2:DescribeVpcs", "c", "*", when=("SubnetId",), source=_VPC),
        Call("ec2:DescribeDhcpOptions", "c", "*", when=("SubnetId",), source=_VPC),
        Call(
            "ec2:DeleteNetworkInterface", "d", _EC2 + "network-interface/*", when=("SubnetId",), source=_VPC
        ),
        Call(
            "sagemaker:UpdateNotebookInstance",
            "u",
            changed=(
                "InstanceType",
                "RoleArn",
                "LifecycleConfigName",
                "VolumeSizeInGB",
                "DefaultCodeRepository",
                "AdditionalCodeRepositories",
                "RootAccess",
                "InstanceMetadataServiceConfiguration",
            ),
        ),
        # Only a stopped instance can be changed or deleted.
        Call("sagemaker:StopNotebookInstance", "ud"),
        Call("sagemaker:StartNotebookInstance", "u"),
        Call("sagemaker:DeleteNotebookInstance", "d"),
        *_TAGS,
    ),
    name="NotebookInstanceName",
    lower=True,
)

LIFECYCLE_CONFIG = Reviewed(
    "AWS::SageMaker::NotebookInstanceLifecycleConfig",
    _ARN + "notebook-instance-lifecycle-config/{name}",
    _PAGE,
    (
        Call("sagemaker:CreateNotebookInstanceLifecycleConfig", "c", tagging="sends"),
        Call("sagemaker:DescribeNotebookInstanceLifecycleConfig", "r"),
        Call("sagemaker:UpdateNotebookInstanceLifecycleConfig", "u", changed=("OnCreate", "OnStart")),
        Call("sagemaker:DeleteNotebookInstanceLifecycleConfig", "d"),
        *_TAGS,
    ),
    name="NotebookInstanceLifecycleConfigName",
    lower=True,
)

MODEL = Reviewed(
    "AWS::SageMaker::Model",
    _ARN + "model/{name}",
    _PAGE,
    (
        Call("sagemaker:CreateModel", "c", tagging="sends"),
        Call("sagemaker:DescribeModel", "r"),
        Call("sagemaker:DeleteModel", "d"),
        passes("ExecutionRoleArn", _SERVICE, source=_ROLES),
        *_TAGS,
    ),
    name="ModelName",
    lower=True,
)

ENDPOINT_CONFIG = Reviewed(
    "AWS::SageMaker::EndpointConfig",
    _ARN + "endpoint-config/{name}",
    _PAGE,
    (
        Call("sagemaker:CreateEndpointConfig", "c", tagging="sends"),
        Call("sagemaker:DescribeEndpointConfig", "r"),
        Call("sagemaker:DeleteEndpointConfig", "d"),
        passes("ExecutionRoleArn", _SERVICE, source=_ROLES),
        Call("kms:DescribeKey", "c", "{each}", each="KmsKeyId", to=key_arn, source=_KEYS),
        Call(
            "kms:CreateGrant",
            "c",
            "{each}",
            each="KmsKeyId",
            to=key_arn,
            source=_KEYS,
            keys={"kms:GrantIsForAWSResource": "true", "kms:ViaService": "sagemaker.{region}.amazonaws.com"},
        ),
        *_TAGS,
    ),
    name="EndpointConfigName",
    lower=True,
)

_config = named("endpoint-config", "sagemaker")
ENDPOINT = Reviewed(
    "AWS::SageMaker::Endpoint",
    _ARN + "endpoint/{name}",
    _PAGE,
    (
        # Creating and changing an endpoint is authorised on its configuration as well.
        Call("sagemaker:CreateEndpoint", "c", tagging="sends"),
        Call(
            "sagemaker:CreateEndpoint",
            "c",
            "{each}",
            each="EndpointConfigName",
            to=lambda v, p: _config(v.lower(), p),
            tagging="sends",
        ),
        Call("sagemaker:DescribeEndpoint", "crud"),
        Call("sagemaker:UpdateEndpoint", "u", changed=("EndpointConfigName", "DeploymentConfig")),
        Call(
            "sagemaker:UpdateEndpoint",
            "u",
            "{each}",
            each="EndpointConfigName",
            to=lambda v, p: _config(v.lower(), p),
            changed=("EndpointConfigName", "DeploymentConfig"),
        ),
        # The deployment guard watches alarms as the caller.
        Call(
            "cloudwatch:DescribeAlarms",
            "cu",
            "arn:{partition}:cloudwatch:{region}:{account}:alarm:{each}",
            each="DeploymentConfig.AutoRollbackConfiguration.Alarms[].AlarmName",
            source="https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html",
        ),
        Call("sagemaker:DeleteEndpoint", "d"),
        *_TAGS,
    ),
    name="EndpointName",
    lower=True,
)

MODEL_PACKAGE_GROUP = Reviewed(
    "AWS::SageMaker::ModelPackageGroup",
    _ARN + "model-package-group/{name}",
    _PAGE,
    (
        Call("sagemaker:CreateModelPackageGroup", "c", tagging="sends"),
        Call("sagemaker:DescribeModelPackageGroup", "crud"),
        Call(
            "sagemaker:PutModelPackageGroupPolicy",
            "cu",
            when=("ModelPackageGroupPolicy",),
            changed=("ModelPackageGroupPolicy",),
        ),
        Call("sagemaker:GetModelPackageGroupPolicy", "r"),
        Call(
            "sagemaker:DeleteModelPackageGroupPolicy",
            "u",
            when=("!ModelPackageGroupPolicy",),
            changed=("ModelPackageGroupPolicy",),
        ),
        Call("sagemaker:DeleteModelPackageGroup", "d"),
        *_TAGS,
    ),
    name="ModelPackageGroupName",
    lower=True,
)

_DEFINITION = "PipelineDefinition.PipelineDefinitionS3Location"
PIPELINE = Reviewed(
    "AWS::SageMaker::Pipeline",
    _ARN + "pipeline/{name}",
    _PAGE,
    (
        Call("sagemaker:CreatePipeline", "c", tagging="sends"),
        Call("sagemaker:DescribePipeline", "cru"),
        Call("sagemaker:UpdatePipeline", "u"),
        Call("sagemaker:DeletePipeline", "d"),
        # The role is passed with every update, changed or not.
        passes("RoleArn", _SERVICE, "cu"),
        Call(
            "s3:GetObject",
            "cu",
            f"arn:{{partition}}:s3:::{{{_DEFINITION}.Bucket}}/{{{_DEFINITION}.Key}}",
            when=(_DEFINITION,),
            changed=("PipelineDefinition",),
            source="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_PipelineDefinitionS3Location.html",
        ),
        *_TAGS,
    ),
    name="PipelineName",
    lower=True,
)

TYPES = (NOTEBOOK_INSTANCE, LIFECYCLE_CONFIG, MODEL, ENDPOINT_CONFIG, ENDPOINT, MODEL_PACKAGE_GROUP, PIPELINE)
