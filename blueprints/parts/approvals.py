"""People who approve: a topic for each that tells them, and the pipeline's action that waits.

Owns the topics and the question for an address. Who may approve is IAM's to say: `codepipeline:PutApprovalResult` on the
action, whose ARN ends in the names of stage and action.
"""

from __future__ import annotations

from troposphere import Sub, codepipeline, sns

from .access import allow
from .codepipeline import Action
from .encryption import Encryption
from .form import ask, given, or_empty
from .project import Project
from .stage_options import StageOptions, title

GROUP = "Approval"
SERVICE_KEY = "alias/aws/sns"


def person(
    project: Project, encryption: Encryption, *, half: str, stage: StageOptions, name: str, order: int
) -> Action:
    """The action that waits for `name` after the deployment to `stage`, and the permission to tell them."""
    topic = _topic(project, encryption, name)
    return Action(
        codepipeline.Actions(
            Name=f"Approve-{name}",
            ActionTypeId=codepipeline.ActionTypeId(
                Category="Approval", Owner="AWS", Provider="Manual", Version="1"
            ),
            Configuration={
                "NotificationArn": topic.ref(),
                "CustomData": Sub(
                    f"${{SageMakerProjectName}}: {stage.name} is deployed. Approved by {name}, the {half} pipeline goes on."
                ),
            },
            RunOrder=order,
        ),
        (allow(["sns:Publish"], [topic.ref()]),),
    )


def _topic(project: Project, encryption: Encryption, name: str) -> sns.Topic:
    """One topic for a person, however many stages wait for them; it is where an address given at launch subscribes."""
    logical = f"Approver{title(name)}"
    known = project.template.resources.get(logical)
    if known is not None:
        return known
    topic = project.add(
        sns.Topic(
            logical,
            TopicName=project.named(f"approver-{name}", limit=256),
            DisplayName="Approval",
            # The role of the pipeline publishes; AWS's own key of SNS lets roles of the account do so.
            KmsMasterKeyId=encryption.key_arn or SERVICE_KEY,
        )
    )
    address = ask(
        project.template,
        f"{logical}Address",
        group=GROUP,
        label=f"Address of {name}",
        description=f"The e-mail address that is told when something waits for {name}; it has to confirm once.",
        default="",
        pattern=or_empty(r"^[^@\s]+@[^@\s]+\.[^@\s]+$"),
        constraint="An e-mail address, or nothing.",
    )
    project.add(
        sns.SubscriptionResource(
            f"{logical}Subscription",
            TopicArn=topic.ref(),
            Protocol="email",
            Endpoint=address,
            Condition=given(project.template, f"{logical}Address"),
        )
    )
    return topic
