"""What CodeBuild projects need, reviewed by hand. Owns facts only. Tags go with the project itself."""

from __future__ import annotations

from generator.local.iam.permissions.review import Call, Reviewed, authorization, passes

_PAGE = authorization("awscodebuild")
_SERVICE = "codebuild.amazonaws.com"

PROJECT = Reviewed(
    "AWS::CodeBuild::Project",
    "arn:{partition}:codebuild:{region}:{account}:project/{name}",
    _PAGE,
    (
        Call("codebuild:CreateProject", "c", tagging="sends"),
        Call("codebuild:UpdateProject", "u", tagging="sends"),
        passes("ServiceRole", _SERVICE, "cu"),
        passes("BuildBatchConfig.ServiceRole", _SERVICE, "cu"),
        Call("codebuild:BatchGetProjects", "r"),
        Call("codebuild:CreateWebhook", "cu", when=("Triggers.Webhook=true",), changed=("Triggers",)),
        Call("codebuild:DeleteWebhook", "u", when=("!Triggers.Webhook=true",), changed=("Triggers",)),
        Call("codebuild:UpdateProjectVisibility", "cu", when=("Visibility",), changed=("Visibility",)),
        Call("codebuild:DeleteProject", "d"),
    ),
    name="Name",
)

TYPES = (PROJECT,)
