"""What EventBridge Scheduler's schedules need, reviewed by hand. Owns facts only."""

from __future__ import annotations

from generator.local.iam.permissions.review import Call, Reviewed, authorization, passes

SCHEDULE = Reviewed(
    "AWS::Scheduler::Schedule",
    "arn:{partition}:scheduler:{region}:{account}:schedule/{GroupName|default}/{name}",
    authorization("amazoneventbridgescheduler"),
    (
        Call("scheduler:CreateSchedule", "c"),
        passes("Target.RoleArn", "scheduler.amazonaws.com", "cu"),
        Call("scheduler:GetSchedule", "crud"),
        Call("scheduler:UpdateSchedule", "u"),
        Call("scheduler:DeleteSchedule", "d"),
    ),
    name="Name",
    tags="",
)

TYPES = (SCHEDULE,)
