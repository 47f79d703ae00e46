"""A repository for the code of a container, and builds that push its image to a registry of its own.

The first commit is the seed; each push to the main branch is tested, built and pushed by the repository's own buildspec.
Endpoints name the image by the digest that the build reports: a tag would let them change unasked.
"""

from __future__ import annotations

import json

from troposphere import GetAtt, Output, Sub, Template, codebuild, codecommit, ecr, events, iam, logs

from generator.blueprint import Context

from .access import THIS_ACCOUNT, Statement, allow, arn
from .retention import Retention

REPOSITORY = "container"  # of the seed, and of its zip
SEED = "model-container"
BRANCH = "main"
BUILD_IMAGE = "aws/codebuild/amazonlinux-x86_64-standard:5.0"
IMAGES_KEPT = 50


def _role(
    template: Template, title: str, service: str, description: str, statements: list[Statement]
) -> GetAtt:
    template.add_resource(
        iam.Role(
            title,
            Description=description,
            AssumeRolePolicyDocument={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": f"{service}.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                        "Condition": THIS_ACCOUNT,
                    }
                ],
            },
            Policies=[
                iam.Policy(
                    PolicyName=service,
                    PolicyDocument={"Version": "2012-10-17", "Statement": statements},
                )
            ],
        )
    )
    return GetAtt(title, "Arn")


def container_project(template: Template, context: Context, name: Sub) -> None:
    """Add the repository, the registry and the build, all called `name`; the registry is titled ImageRepository."""
    called = name.data["Fn::Sub"]
    template.add_resource(
        ecr.Repository(
            "ImageRepository",
            RepositoryName=name,
            ImageTagMutability="IMMUTABLE",
            ImageScanningConfiguration=ecr.ImageScanningConfiguration(ScanOnPush=True),
            EncryptionConfiguration=ecr.EncryptionConfiguration(EncryptionType="KMS"),
            LifecyclePolicy=ecr.LifecyclePolicy(
                LifecyclePolicyText=json.dumps(
                    {
                        "rules": [
                            {
                                "rulePriority": 1,
                                "description": f"Keep the last {IMAGES_KEPT} images",
                                "selection": {
                                    "tagStatus": "any",
                                    "countType": "imageCountMoreThan",
                                    "countNumber": IMAGES_KEPT,
                                },
                                "action": {"type": "expire"},
                            }
                        ]
                    }
                )
            ),
            EmptyOnDelete=True,  # images can be built again from the code, which stays
            **Retention(kept=False).attributes(),
        )
    )
    _build(template, called)
    template.add_resource(
        codecommit.Repository(
            "ContainerRepository",
            RepositoryName=name,
            RepositoryDescription=f"Code of a model's container; made by {context.name}"[:1000],
            # Read at creation only: a later version of the product leaves what people have written alone.
            Code=codecommit.Code(
                BranchName=BRANCH,
                S3=codecommit.S3(Bucket=context.bucket(), Key=context.seed_key(REPOSITORY)),
            ),
            # After the rule, so that the seed's own commit starts the first build.
            DependsOn=["PushRule"],
            **Retention(kept=True).attributes(),
        )
    )
    for title, description, value in (
        (
            "ContainerCloneUrl",
            "Clone this repository to work on the container; a push to main builds it.",
            GetAtt("ContainerRepository", "CloneUrlHttp"),
        ),
        (
            "ImageRepositoryUri",
            "Where the builds push the image.",
            GetAtt("ImageRepository", "RepositoryUri"),
        ),
        (
            "ShowImageDigest",
            "Shows the digest of the newest image, to deploy it by updating this product.",
            Sub(
                "aws ecr describe-images --region ${AWS::Region} --repository-name "
                + called
                + " --query 'sort_by(imageDetails,&imagePushedAt)[-1].imageDigest' --output text"
            ),
        ),
        (
            "StartBuild",
            "Builds the image anew, without a push.",
            Sub("aws codebuild start-build --region ${AWS::Region} --project-name ${ContainerBuild}"),
        ),
    ):
        template.add_output(Output(title, Description=description, Value=value))


def _build(template: Template, called: str) -> None:
    source = arn("codecommit", called)  # by name, since the repository is made last
    group = template.add_resource(
        logs.LogGroup(
            "ContainerBuildLogs",
            LogGroupName=Sub(f"/aws/codebuild/{called}"),
            RetentionInDays=90,
            DeletionPolicy="Delete",
            UpdateReplacePolicy="Delete",
        )
    )
    image_repository = GetAtt("ImageRepository", "Arn")
    role = _role(
        template,
        "ContainerBuildRole",
        "codebuild",
        "CodeBuild builds and pushes the model's container.",
        [
            allow(
                ["logs:CreateLogStream", "logs:PutLogEvents"],
                [arn("logs", f"log-group:/aws/codebuild/{called}:log-stream:*")],
            ),
            allow(["codecommit:GitPull"], [source]),
            allow(["ecr:GetAuthorizationToken"], "*"),
            allow(
                [
                    "ecr:BatchCheckLayerAvailability",
                    "ecr:BatchGetImage",
                    "ecr:CompleteLayerUpload",
                    "ecr:GetDownloadUrlForLayer",
                    "ecr:InitiateLayerUpload",
                    "ecr:PutImage",
                    "ecr:UploadLayerPart",
                ],
                [image_repository],
            ),
        ],
    )
    project = template.add_resource(
        codebuild.Project(
            "ContainerBuild",
            Name=Sub(called),
            Description="Tests, builds and pushes the model's container by the repository's buildspec.yml.",
            ServiceRole=role,
            Source=codebuild.Source(
                Type="CODECOMMIT",
                Location=Sub(
                    f"https://git-codecommit.${{AWS::Region}}.${{AWS::URLSuffix}}/v1/repos/{called}"
                ),
                GitCloneDepth=1,
            ),
            SourceVersion=f"refs/heads/{BRANCH}",
            Artifacts=codebuild.Artifacts(Type="NO_ARTIFACTS"),
            Environment=codebuild.Environment(
                Type="LINUX_CONTAINER",
                Image=BUILD_IMAGE,
                ComputeType="BUILD_GENERAL1_SMALL",
                PrivilegedMode=True,  # Docker runs in the build
                EnvironmentVariables=[
                    codebuild.EnvironmentVariable(
                        Name="IMAGE_REPOSITORY_URI", Value=GetAtt("ImageRepository", "RepositoryUri")
                    )
                ],
            ),
            TimeoutInMinutes=30,
            LogsConfig=codebuild.LogsConfig(
                CloudWatchLogs=codebuild.CloudWatchLogs(Status="ENABLED", GroupName=group.ref())
            ),
        )
    )
    start = _role(
        template,
        "PushRole",
        "events",
        "A push to the container's repository starts its build.",
        [allow(["codebuild:StartBuild"], [project.get_att("Arn")])],
    )
    template.add_resource(
        events.Rule(
            "PushRule",
            Description=f"A push to {BRANCH} builds the container.",
            EventPattern={
                "source": ["aws.codecommit"],
                "detail-type": ["CodeCommit Repository State Change"],
                "resources": [source],
                "detail": {
                    "event": ["referenceCreated", "referenceUpdated"],
                    "referenceType": ["branch"],
                    "referenceName": [BRANCH],
                },
            },
            Targets=[
                events.Target(
                    Id="build",
                    Arn=project.get_att("Arn"),
                    RoleArn=start,
                    InputTransformer=events.InputTransformer(
                        InputPathsMap={"commit": "$.detail.commitId"},
                        InputTemplate='{"sourceVersion": "<commit>"}',
                    ),
                )
            ],
        )
    )
