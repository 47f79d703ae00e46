"""A model as a product: an endpoint that serves one containerised model, on instances or serverless.

The options say which model and within which limits; the form asks for a name and, on instances, for their size and number.
Where the product comes with a container project, the model's image is built from code in a repository of its own, and the
endpoint appears once the form names the first image.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator
from troposphere import GetAtt, Output, Ref, Sub, Template
from troposphere.logs import LogGroup

from generator.blueprint import Context, Guide, PerTarget, Seed

from .parts import customer_key, form, model_options, model_role
from .parts.container_project import REPOSITORY, SEED, container_project
from .parts.deciding import decided, decided_list, missing
from .parts.endpoint_alarms import endpoint_alarms
from .parts.endpoint_scaling import instances_by_requests, provisioned_concurrency_by_use
from .parts.hosting_options import HostingOptions, runs_on
from .parts.instance_types import LOCAL_DISKS
from .parts.locations import s3_place
from .parts.logs import Days
from .parts.model_hosting import Hosting, Instances, Serverless, hosted
from .parts.model_options import KEY_ARN, ModelOptions

LONGEST_NAME = 63  # of an endpoint (SageMaker API)

ENDPOINT = "Endpoint"
NETWORK = "Network"
DATA = "Data and encryption"
OPERATIONS = "Operations"


class Params(ModelOptions, HostingOptions):
    """Which model is served, and what the platform team has decided about serving it."""

    content_type: str = Field(
        "text/csv",
        pattern=r"^[a-z]+/[a-zA-Z0-9.+-]+$",
        description="What the model takes, for the example of a call.",
    )
    sample_request: str = Field(
        "",
        max_length=500,
        pattern=r"^[^'\n$]*$",
        description="A request, one line, for the example of a call.",
        examples=["34,2,129.5,0"],
    )
    network: Literal["none", "launch", "target"] = Field(
        "none",
        description="Connects the container to a VPC. launch: subnets and security groups are asked for; target: "
        "subnet_ids and security_group_ids of the target.",
    )
    subnet_ids: PerTarget = Field(
        "",
        pattern=r"^$|^subnet-[0-9a-f]{8,17}(,subnet-[0-9a-f]{8,17}){0,15}$",
        description="Subnets with network: target, separated by commas.",
        examples=["subnet-0123456789abcdef0,subnet-0fedcba9876543210"],
    )
    security_group_ids: PerTarget = Field(
        "",
        pattern=r"^$|^sg-[0-9a-f]{8,17}(,sg-[0-9a-f]{8,17}){0,4}$",
        description="Security groups with network: target, separated by commas.",
        examples=["sg-0123456789abcdef0"],
    )
    network_isolation: bool = Field(
        False,
        description="No network at all for the container: it sees its requests and its model, nothing else.",
    )
    key: Literal["none", "create", "launch", "target"] = Field(
        "none",
        description="The key for the instances' volumes and captured data; none: a key of the service. create: one of "
        "the endpoint's own; launch: asked for; target: key_arn.",
    )
    key_arn: PerTarget = Field(
        "",
        pattern=KEY_ARN,
        description="The key, with key: target.",
        examples=["arn:aws:kms:{region}:{account}:key/1234abcd-12ab-34cd-56ef-1234567890ab"],
    )
    capture_percent: int = Field(
        0, ge=0, le=100, description="How many of a hundred requests and answers are stored. 0: none."
    )
    capture_to: str = Field(
        "",
        description="Where they are stored, a prefix ending in a slash.",
        examples=["s3://acme-captures-${AWS::AccountId}-${AWS::Region}/churn/"],
    )
    max_errors: int = Field(5, ge=0, le=100_000, description="Alarm: more errors than this in five minutes.")
    max_latency_ms: int = Field(
        1000, ge=1, le=60_000, description="Alarm: the model takes longer than this, in 5 % of the requests."
    )
    notify: Literal["none", "launch", "target"] = Field(
        "none",
        description="Who is told of alarms. launch: an SNS topic is asked for; target: topic_arn.",
    )
    topic_arn: PerTarget = Field(
        "",
        pattern=r"^$|^arn:\S+:sns:\S+:\S+:\S+$",
        description="The SNS topic, with notify: target.",
        examples=["arn:aws:sns:{region}:{account}:ml-alarms"],
    )
    log_days: Days = Field(90, description="How long the container's logs are kept.")

    @field_validator("capture_to")
    @classmethod
    def _capture_place(cls, text: str) -> str:
        if text:
            s3_place(text)
        return text

    @model_validator(mode="after")
    def _consistent(self) -> Params:
        for check in (self._serverless, self._volumes, self._capture, self._deciders):
            problem = check()
            if problem:
                raise ValueError(problem)
        return self

    def _serverless(self) -> str:
        if self.hosting == "serverless":
            for name, given in (
                ("network", self.network != "none"),
                ("network_isolation", self.network_isolation),
                ("capture_percent", self.capture_percent),
                ("key", self.key != "none"),
            ):
                if given:
                    return f"SageMaker has no {name} for serverless endpoints"
        return ""

    def _volumes(self) -> str:
        if self.key != "none" and self.hosting == "instances":
            for instance_type in self.instance_types:
                if LOCAL_DISKS.match(instance_type):
                    return (
                        f"SageMaker takes no key for {instance_type}, whose own disks the hardware encrypts"
                    )
        return ""

    def _capture(self) -> str:
        if bool(self.capture_percent) != bool(self.capture_to):
            return "capture_percent and capture_to go together"
        if self.capture_to and not self.capture_to.endswith("/"):
            return f"capture_to '{self.capture_to}' must be a prefix, ending in a slash"
        return ""

    def _deciders(self) -> str:
        needed = [
            *missing(self.network, subnet_ids=self.subnet_ids, security_group_ids=self.security_group_ids),
            *missing(self.key, key_arn=self.key_arn),
            *missing(self.notify, topic_arn=self.topic_arn),
        ]
        if needed:
            return f"{' and '.join(needed)} must be set where the target decides; each target may set its own"
        return ""


def guide(params: Params) -> Guide:
    serverless = params.hosting == "serverless"
    costs = [
        "A serverless endpoint costs while it answers, and for its warm capacity if it keeps any."
        if serverless
        else f"The instances cost day and night, up to {params.instances_max} of them."
    ]
    clean_up = [
        "The endpoint, its models and its logs go; what was trained, and the image, stay where they were."
    ]
    if params.capture_to:
        costs.append(f"{params.capture_percent} of a hundred requests are stored in S3 with their answers.")
        clean_up.append(f"What was captured stays below {params.capture_to}.")
    if params.built:
        clean_up = [
            "The endpoint, its models, its logs and the images that were built go; the repository of the container's code "
            "stays, with its name: delete it by hand when nobody needs it."
        ]
    before = [
        "The quota of SageMaker for the concurrency of serverless endpoints."
        if serverless
        else f"Quotas of SageMaker for endpoints on {', '.join(params.instance_types)}: new accounts have none for some of them."
    ]
    if params.model_package:
        before.append("The registered version of the model, approved, and its archive and image.")
    elif params.built:
        before.append(
            "Nothing else: the first launch makes the repository and builds its image; an update that names the image's digest "
            "makes the endpoint."
        )
    else:
        before.append("The image with its digest in the registry, and the model's archive if one is named.")
    return Guide(tuple(costs), tuple(clean_up), tuple(before))


def assets(params: Params) -> tuple[Seed, ...]:
    return (Seed(REPOSITORY, SEED, {"ci": "codebuild"}),) if params.built else ()


def build(params: Params, context: Context) -> Template:
    template = Template(context.description[:1024])
    name = _name(template, params, context)
    condition = _condition(template, params)
    only: dict[str, Any] = {"Condition": condition} if condition else {}
    group = template.add_resource(
        LogGroup(
            "EndpointLogs",
            LogGroupName=Sub(f"/aws/sagemaker/Endpoints/{name.data['Fn::Sub']}"),
            RetentionInDays=params.log_days,
            DeletionPolicy="Delete",
            UpdateReplacePolicy="Delete",
        )
    )
    on = runs_on(template, params)
    network = _vpc(template, params, context)
    key = _key(template, params, context)
    statements = [
        *model_role.logs_and_metrics(group),
        *model_options.permissions(template, params, context),
        *(model_role.network_interfaces() if network else []),
    ]
    container = model_options.container(template, params)
    if params.capture_to:
        statements += model_role.capture(s3_place(params.capture_to), key)
    role = model_role.model_role(
        template, f"What the model behind {name.data['Fn::Sub']} may do.", statements
    )
    alarms = endpoint_alarms(
        template,
        name,
        max_errors=params.max_errors,
        max_latency_ms=params.max_latency_ms,
        topic=_topic(template, params, context),
        condition=condition,
    )
    hosting = Hosting(
        on,
        key=key,
        isolated=params.network_isolation,
        capture_percent=params.capture_percent,
        capture_to=s3_place(params.capture_to).uri() if params.capture_to else "",
        alarms=alarms,
        condition=condition,
        **network,
    )
    hosted(template, name, role, container, hosting)
    if isinstance(on, Instances) and on.scales:
        instances_by_requests(
            template,
            least=on.count,
            most=params.instances_max,
            per_minute=params.requests_per_instance,
            condition=condition,
        )
    if isinstance(on, Serverless) and on.scales:
        provisioned_concurrency_by_use(
            template, least=on.provisioned, most=params.provisioned_concurrency_max, condition=condition
        )
    if params.built:
        container_project(template, context, name)
    _outputs(template, params, name, only)
    return template


def _name(template: Template, params: Params, context: Context) -> Sub:
    """The endpoint's name, known before it exists: alarms name it, and it the alarms."""
    most = min(30, LONGEST_NAME - len(context.product) - 1)
    besides = (
        " The repositories of its code and images are called the same; the code's stays when the product is "
        "terminated, so choose another name then."
        if params.built
        else ""
    )
    form.ask(
        template,
        "EndpointName",
        group=ENDPOINT,
        label="Name",
        description=f"Tells this endpoint from others; it is called {context.product}-NAME.{besides}",
        # Lower case, because SageMaker lower-cases names in ARNs and registries have no other.
        pattern=r"^[a-z0-9](-*[a-z0-9])*$" if not params.built else r"^[a-z0-9](-?[a-z0-9])*$",
        length=(1, most),
        constraint=f"1 to {most} lower-case letters, digits and inner hyphens.",
    )
    return Sub(f"{context.product}-${{EndpointName}}")


def _condition(template: Template, params: Params) -> str:
    """The condition of what waits for the first image."""
    if not params.built:
        return ""
    form.ask(
        template,
        "ImageDigest",
        group=ENDPOINT,
        label="Image",
        description="Digest of the image to serve. Leave it empty at first: the repository and its builds are made, and "
        "the output ShowImageDigest tells how to find the digest of what they have built. Then update the product with it.",
        default="",
        pattern=form.or_empty(r"^sha256:[0-9a-f]{64}$"),
        constraint="sha256: and 64 hexadecimal digits, or empty.",
    )
    return form.given(template, "ImageDigest")


def _vpc(template: Template, params: Params, context: Context) -> dict[str, Any]:
    if params.network == "none":
        return {}
    subnets = decided_list(
        template,
        context,
        params.network,
        "subnet_ids",
        "SubnetIds",
        group=NETWORK,
        label="Subnets",
        description="Subnets that the container is connected to, in two zones or more; S3 must be reachable.",
        type="List<AWS::EC2::Subnet::Id>",
    )
    groups = decided_list(
        template,
        context,
        params.network,
        "security_group_ids",
        "SecurityGroupIds",
        group=NETWORK,
        label="Security groups",
        description="Security groups of the container, at most five.",
        type="List<AWS::EC2::SecurityGroup::Id>",
    )
    return {"subnets": subnets, "security_groups": groups}


def _key(template: Template, params: Params, context: Context) -> Any:
    if params.key == "none":
        return None
    if params.key == "create":
        return customer_key.customer_key(
            template,
            "EndpointKey",
            "Encrypts the volumes and the captured data of an endpoint.",
            services=["sagemaker", "s3"],
            kept=bool(
                params.capture_percent
            ),  # captured data outlives the endpoint, and would be lost with its key
        )
    return decided(
        template,
        context,
        params.key,
        "key_arn",
        "EndpointKeyArn",
        group=DATA,
        label="Key",
        description="ARN of the KMS key for the instances' volumes and captured data.",
        pattern=form.KMS_KEY_ARN,
        constraint="The ARN of a KMS key, not of an alias.",
    )


def _topic(template: Template, params: Params, context: Context) -> Any:
    if params.notify == "none":
        return None
    return decided(
        template,
        context,
        params.notify,
        "topic_arn",
        "AlarmTopicArn",
        group=OPERATIONS,
        label="Alarm topic",
        description="ARN of the SNS topic that is told when the endpoint is in trouble, and when it is over.",
        pattern=form.SNS_TOPIC_ARN,
        constraint="The ARN of an SNS topic.",
    )


def _outputs(template: Template, params: Params, name: Sub, only: dict[str, Any]) -> None:
    called = name.data["Fn::Sub"]
    example = (
        "aws sagemaker-runtime invoke-endpoint --region ${AWS::Region} --endpoint-name "
        f"{called} --content-type {params.content_type} --body fileb://request answer && cat answer"
    )
    if params.sample_request:
        example = f"printf '%s' '{params.sample_request}' > request && {example}"
    for title, description, value in (
        ("EndpointName", "Name of the endpoint.", GetAtt("Endpoint", "EndpointName")),
        ("EndpointArn", "For policies: allow sagemaker:InvokeEndpoint on it.", Ref("Endpoint")),
        ("InvokeExample", "Calls the endpoint; the answer is in the file 'answer'.", Sub(example)),
    ):
        template.add_output(Output(title, Description=description, Value=value, **only))
    template.add_output(
        Output("RoleArn", Description="The role that the model acts as.", Value=GetAtt("ModelRole", "Arn"))
    )
