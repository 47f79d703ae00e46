"""What pipelines need, reviewed by hand. Owns facts only."""

from __future__ import annotations

from generator.local.iam.permissions.review import Call, Reviewed, authorization, passes, tags_by

_PAGE = authorization("awscodepipeline")
_CONNECTION = "https://docs.aws.amazon.com/dtconsole/latest/userguide/security-iam.html#permissions-reference-connections-passconnection"
_SERVICE = "codepipeline.amazonaws.com"
_ACTIONS = "Stages[].Actions[]"


def _connection(prefix: str) -> Call:
    """The prefix of the action is the one of the ARN: connections made before the renaming keep theirs."""
    return Call(
        f"{prefix}:PassConnection",
        "cu",
        "{each}",
        each=f"{_ACTIONS}.Configuration.ConnectionArn",
        only=f":{prefix}:",
        changed=("Stages",),
        keys={f"{prefix}:PassedToService": _SERVICE},
        source=_CONNECTION,
    )


PIPELINE = Reviewed(
    "AWS::CodePipeline::Pipeline",
    "arn:{partition}:codepipeline:{region}:{account}:{name}",
    _PAGE,
    (
        Call("codepipeline:CreatePipeline", "c", tagging="sends"),
        Call("codepipeline:GetPipeline", "crud"),
        Call("codepipeline:UpdatePipeline", "u"),
        passes("RoleArn", _SERVICE, "cu"),
        passes(f"{_ACTIONS}.RoleArn", _SERVICE, "cu"),
        _connection("codeconnections"),
        _connection("codestar-connections"),
        Call("codepipeline:StartPipelineExecution", "u", when=("RestartExecutionOnUpdate=true",)),
        # Transitions are switched off one by one, each on its stage.
        Call(
            "codepipeline:DisableStageTransition",
            "cu",
            "{arn}/{each}",
            each="DisableInboundStageTransitions[].StageName",
            changed=("DisableInboundStageTransitions",),
        ),
        Call(
            "codepipeline:EnableStageTransition",
            "u",
            "{arn}/{each}",
            each="DisableInboundStageTransitions[].StageName",
            delta="went",
            changed=("DisableInboundStageTransitions",),
        ),
        Call("codepipeline:GetPipelineState", "r"),
        Call("codepipeline:DeletePipeline", "d"),
        *tags_by(
            "codepipeline:TagResource", "codepipeline:UntagResource", lists="codepipeline:ListTagsForResource"
        ),
    ),
    name="Name",
)

TYPES = (PIPELINE,)
