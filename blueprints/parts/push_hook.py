"""From a push at a git server that AWS knows nothing of to a pipeline: a hook, a queue, and the branch as a zip in S3.

The server calls an address of API Gateway; a function checks the hook's secret and leaves a message; another one fetches the
branch and puts it into the artifact bucket, each push a version of the same object, whose event starts the pipeline. Nothing
polls. Messages of one repository are worked off in their order, one at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from troposphere import Sub, apigatewayv2, awslambda, codepipeline, s3, secretsmanager, sqs

from . import artifacts
from .access import Statement, allow, arn
from .cleanup import TITLE as CLEANUP
from .codepipeline import Action, Repository
from .dead_letters import dead_letters, queue, send
from .foundation import Foundation
from .functions import function
from .half import TITLES
from .server_secrets import ServerSecret

GIT_MEGABYTES = 1024  # a function's share of a processor comes with its memory; git in Python takes both
SOURCE_SECONDS = 240
VISIBLE_AFTER = 300  # longer than the function may take
ATTEMPTS = 4


@dataclass(frozen=True)
class Watched:
    """What a repository's seed must know and be allowed, so that its pushes are heard."""

    properties: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    permissions: tuple[Statement, ...] = ()

    def told(self, half: str) -> Mapping[str, Any]:
        """Properties of the half's seed."""
        return self.properties.get(half, {})


def key(half: str) -> str:
    """Where in the artifact bucket the half's code lies."""
    return f"sources/{half}.zip"


def source(shared: Foundation, half: str, url: Sub) -> Repository:
    """The repository as a pipeline sees it: the object that pushes are brought to."""
    bucket = shared.bucket
    action = codepipeline.Actions(
        Name="Source",
        ActionTypeId=codepipeline.ActionTypeId(Category="Source", Owner="AWS", Provider="S3", Version="1"),
        Configuration={
            "S3Bucket": bucket.ref(),
            "S3ObjectKey": key(half),
            "PollForSourceChanges": "false",
        },
        OutputArtifacts=[codepipeline.OutputArtifacts(Name=Repository.ARTIFACT)],
        RunOrder=1,
    )
    return Repository(
        Action(
            action,
            (
                allow(["s3:GetBucketAcl"], [bucket.get_att("Arn")]),
                allow(
                    ["s3:GetObjectTagging", "s3:GetObjectVersionTagging"],
                    [Sub(f"${{{artifacts.TITLE}.Arn}}/{key(half)}")],
                ),
            ),
        ),
        address=url,
        event={
            "source": ["aws.s3"],
            "detail-type": ["Object Created"],
            "detail": {"bucket": {"name": [bucket.ref()]}, "object": {"key": [key(half)]}},
        },
    )


def pushes(shared: Foundation, urls: Mapping[str, Sub], branch: str, secret: ServerSecret) -> Watched:
    """Listen for pushes to the repositories at `urls`, each of a half, and bring them to S3."""
    shared.bucket.NotificationConfiguration = s3.NotificationConfiguration(
        EventBridgeConfiguration=s3.EventBridgeConfiguration(EventBridgeEnabled=True)
    )
    proof = shared.project.add(
        secretsmanager.Secret(
            "PushHookSecret",
            Name=shared.project.named("push-hook", limit=256),
            Description="What the git server proves itself with when it tells of a push.",
            GenerateSecretString=secretsmanager.GenerateSecretString(
                PasswordLength=48, ExcludePunctuation=True
            ),
            **shared.encryption.properties("KmsKeyId"),
            DeletionPolicy="Delete",
            UpdateReplacePolicy="Delete",
        )
    )
    messages = _bring(shared, urls, branch, secret)
    address = _listen(shared, urls, branch, proof, messages)
    for half in urls:
        shared.output(
            f"{TITLES[half]}PushHook",
            Sub(f"{address}/push/{half}"),
            f"What the git server calls when somebody pushes {half} code; GitLab is told by itself.",
        )
    shared.output(
        "PushHookSecretArn",
        proof.ref(),
        "The secret of that call: GitLab's token, or the key of a signature.",
    )
    return Watched(
        {
            half: {
                "HookUrl": Sub(f"{address}/push/{half}"),
                "HookSecretArn": proof.ref(),
                "SourceBucket": shared.bucket.ref(),
                "SourceKey": key(half),
            }
            for half in urls
        },
        (
            allow(["secretsmanager:GetSecretValue"], [proof.ref()]),
            *_store(shared, urls),
            *shared.encryption.use(),
        ),
    )


def _store(shared: Foundation, halves: Mapping[str, Any]) -> list[Statement]:
    """To look at the sources and replace them."""
    objects = [Sub(f"${{{artifacts.TITLE}.Arn}}/{key(half)}") for half in halves]
    return [
        allow(["s3:GetObject", "s3:PutObject"], objects),
        # Without it, an object that is missing is answered by a denial.
        allow(["s3:ListBucket"], [shared.bucket.get_att("Arn")]),
    ]


def _bring(shared: Foundation, urls: Mapping[str, Sub], branch: str, secret: ServerSecret) -> sqs.Queue:
    """The queue of pushes, and the function that works it off."""
    project, encryption = shared.project, shared.encryption
    letters = dead_letters(
        project,
        encryption,
        title="PushSource",
        suffix="push",
        about="a push could not be brought to its pipeline.",
        ordered=True,
    )
    messages = queue(
        project,
        encryption,
        title="PushQueue",
        suffix="push",
        ordered=True,
        VisibilityTimeout=VISIBLE_AFTER,
        RedrivePolicy=sqs.RedrivePolicy(deadLetterTargetArn=letters.get_att("Arn"), maxReceiveCount=ATTEMPTS),
    )
    told = ",".join(
        f'"{half}":{{"url":"{url.data["Fn::Sub"]}","branch":"{branch}","key":"{key(half)}"}}'
        for half, url in urls.items()
    )
    worker = function(
        project,
        shared.context,
        shared.around,
        title="PushSource",
        suffix="push-source",
        description="Brings what was pushed to a git server to S3, for CodePipeline.",
        permissions=[
            allow(
                ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
                [messages.get_att("Arn")],
            ),
            *secret.read(),
            *_store(shared, urls),
            *encryption.use(),
        ],
        environment={
            "REPOSITORIES": Sub(f"{{{told}}}"),
            "BUCKET": shared.bucket.ref(),
            "CREDENTIALS_SECRET_ARN": secret.arn,
        },
        seconds=SOURCE_SECONDS,
        megabytes=GIT_MEGABYTES,
    )
    project.add(
        awslambda.EventSourceMapping(
            "PushSourceMapping",
            EventSourceArn=messages.get_att("Arn"),
            FunctionName=worker.get_att("Arn"),
            BatchSize=1,
            # Nothing is brought to a bucket that is being emptied.
            DependsOn=CLEANUP,
        )
    )
    return messages


def _listen(
    shared: Foundation,
    halves: Mapping[str, Any],
    branch: str,
    proof: secretsmanager.Secret,
    messages: sqs.Queue,
) -> str:
    """The address that the git server calls, and the function behind it; in text for `Sub`."""
    project = shared.project
    branches = ",".join(f'"{half}":"{branch}"' for half in halves)
    hook = function(
        project,
        shared.context,
        shared.around,
        title="PushHook",
        suffix="push-hook",
        description="Takes a git server's word that somebody pushed, if it proves itself.",
        permissions=[
            *send(messages, shared.encryption),
            allow(["secretsmanager:GetSecretValue"], [proof.ref()]),
        ],
        environment={
            "BRANCHES": f"{{{branches}}}",
            "QUEUE_URL": messages.ref(),
            "HOOK_SECRET_ARN": proof.ref(),
        },
        seconds=10,  # after which GitLab gives up
    )
    api = project.add(
        apigatewayv2.Api(
            "PushApi",
            Name=project.named("push-hook", limit=128),
            Description="Where a git server tells of pushes to the repositories of a SageMaker project.",
            ProtocolType="HTTP",
        )
    )
    integration = project.add(
        apigatewayv2.Integration(
            "PushApiIntegration",
            ApiId=api.ref(),
            IntegrationType="AWS_PROXY",
            IntegrationUri=hook.get_att("Arn"),
            PayloadFormatVersion="2.0",
            TimeoutInMillis=10000,
        )
    )
    project.add(
        apigatewayv2.Route(
            "PushApiRoute",
            ApiId=api.ref(),
            RouteKey="POST /push/{repository}",
            AuthorizationType="NONE",  # the function asks for the hook's secret, which API Gateway cannot check
            Target=Sub(f"integrations/${{{integration.title}}}"),
        )
    )
    project.add(
        apigatewayv2.Stage(
            "PushApiStage",
            ApiId=api.ref(),
            StageName="$default",
            AutoDeploy=True,
            # Plenty for people who push, little for somebody who tries out secrets.
            DefaultRouteSettings=apigatewayv2.RouteSettings(ThrottlingBurstLimit=20, ThrottlingRateLimit=5),
        )
    )
    project.add(
        awslambda.Permission(
            "PushHookPermission",
            Action="lambda:InvokeFunction",
            FunctionName=hook.get_att("Arn"),
            Principal="apigateway.amazonaws.com",
            SourceArn=arn("execute-api", "${PushApi}/*/POST/push/{repository}"),
        )
    )
    return "${PushApi.ApiEndpoint}"
