"""Which model an endpoint serves: an image with its data, a version in the registry, or the product's own build.

Owns the options that name the model, the questions that go with them, the container definition and the permissions to
pull and read just that.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field, field_validator, model_validator
from troposphere import GetAtt, If, Join, Ref, Sub, Template

from generator.blueprint import BlueprintParams, Context, PerTarget

from . import customer_key, form, model_role
from .access import Statement
from .deciding import decided, missing
from .locations import S3Place, check_image, check_model_package, repository, s3_place, substituted

GROUP = "Endpoint"
DATA = "Data and encryption"
KEY_ARN = r"^$|^arn:\S+:kms:\S+:\S+:key/\S+$"


IMAGE = (
    "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/churn"
    "@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
)


class ModelOptions(BlueprintParams):
    """The options that name the model."""

    # No single option is required, but one of three is: a new product starts from this one.
    model_config = ConfigDict(json_schema_extra={"examples": [{"image": IMAGE}]})

    image: str = Field(
        "",
        description="The image by digest; one of image, model_package and container_project names the model.",
        examples=[IMAGE],
    )
    model_package: str = Field(
        "",
        description="The ARN of a version in the model registry.",
        examples=[
            "arn:${AWS::Partition}:sagemaker:${AWS::Region}:${AWS::AccountId}:model-package/demand-forecast/7"
        ],
    )
    package_repository: str = Field(
        "",
        description="The repository of the package's image; with model_package, for the permission to pull it.",
        examples=["${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/demand-forecast"],
    )
    container_project: Literal["none", "codecommit"] = Field(
        "none",
        description="codecommit: the product comes with a repository for the container's code, made from the seed "
        "model-container, and with builds that push its image. The form then asks which image to serve.",
    )
    model_data: str = Field(
        "",
        description="Where the trained model lies. With image: the archive, s3://BUCKET/….tar.gz, or nothing when the "
        "image holds the model. With model_package and container_project: the prefix it lies below, s3://BUCKET/…/.",
        examples=["s3://acme-models-${AWS::AccountId}-${AWS::Region}/churn/2026-01-31/model.tar.gz"],
    )
    environment: dict[str, str] = Field(
        {},
        max_length=100,
        description="Environment variables of the container. Nothing secret: everyone who sees the endpoint sees them.",
        examples=[{"WORKERS": "2"}],
    )
    data_key: Literal["none", "launch", "target"] = Field(
        "none",
        description="The customer key that encrypts the model data in S3, if one does. launch: asked for; target: "
        "data_key_arn.",
    )
    data_key_arn: PerTarget = Field(
        "",
        pattern=KEY_ARN,
        description="The model data's key, with data_key: target.",
        examples=["arn:aws:kms:{region}:{account}:key/1234abcd-12ab-34cd-56ef-1234567890ab"],
    )
    _image = field_validator("image")(lambda text: text and check_image(text))
    _package = field_validator("model_package")(lambda text: text and check_model_package(text))

    @field_validator("package_repository")
    @classmethod
    def _repository(cls, text: str) -> str:
        if text:
            repository(text)
        return text

    @field_validator("model_data")
    @classmethod
    def _data_place(cls, text: str) -> str:
        if text:
            s3_place(text)
        return text

    @property
    def built(self) -> bool:
        """Whether the image comes out of the product's own container project."""
        return self.container_project != "none"

    @model_validator(mode="after")
    def _one_model(self) -> ModelOptions:
        problem = self._problem_with_model()
        if problem:
            raise ValueError(problem)
        return self

    def _problem_with_model(self) -> str:
        named = [
            name
            for name, given in (
                ("image", self.image),
                ("model_package", self.model_package),
                ("container_project", self.built),
            )
            if given
        ]
        if len(named) != 1:
            said = f"{' and '.join(named)} are" if named else "none is"
            return f"exactly one of image, model_package and container_project names the model; {said} given"
        if bool(self.package_repository) != bool(self.model_package):
            return (
                "model_package and package_repository go together: the role must be allowed to pull the image"
            )
        if self.image and self.model_data and not self.model_data.endswith(".tar.gz"):
            return (
                f"model_data '{self.model_data}' must be an archive, .tar.gz, where image names the container"
            )
        if not self.image and self.model_data and not self.model_data.endswith("/"):
            return f"model_data '{self.model_data}' must be a prefix, ending in a slash, with {named[0]}"
        if self.model_package and not self.model_data:
            return "model_package needs model_data, the prefix its models lie below: the role must be allowed to read"
        if self.data_key != "none" and not self.model_data:
            return "data_key is of no use without model_data"
        if missing(self.data_key, data_key_arn=self.data_key_arn):
            return "data_key_arn must be set where the target decides; each target may set its own"
        return ""


def permissions(template: Template, params: ModelOptions, context: Context) -> list[Statement]:
    """To pull the image and read the model data."""
    return [*_images(params), *_data(template, params, context)]


def _images(params: ModelOptions) -> list[Statement]:
    if params.built:
        return model_role.pull(GetAtt("ImageRepository", "Arn"))
    return model_role.pull(repository(params.image or params.package_repository).arn())


def _data(template: Template, params: ModelOptions, context: Context) -> list[Statement]:
    if not params.model_data:
        return []
    statements = model_role.read(s3_place(params.model_data))
    if params.data_key != "none":
        key = decided(
            template,
            context,
            params.data_key,
            "data_key_arn",
            "DataKeyArn",
            group=DATA,
            label="Model data key",
            description="ARN of the KMS key that encrypts the model data in S3.",
            pattern=form.KMS_KEY_ARN,
            constraint="The ARN of a KMS key, not of an alias.",
        )
        statements.append(customer_key.use_through(key, "s3", write=False))
    return statements


def container(template: Template, params: ModelOptions) -> dict[str, Any]:
    """The container definition: exactly one of the three ways to name a model."""
    definition: dict[str, Any] = {}
    if params.environment:
        definition["Environment"] = {key: params.environment[key] for key in sorted(params.environment)}
    if params.model_package:
        return {"ModelPackageName": substituted(params.model_package), **definition}
    if params.image:
        if params.model_data:
            definition["ModelDataUrl"] = s3_place(params.model_data).uri()
        return {"Image": substituted(params.image), **definition}
    if params.model_data:
        definition["ModelDataUrl"] = _chosen_data(template, s3_place(params.model_data))
    uri = Join("@", [GetAtt("ImageRepository", "RepositoryUri"), Ref("ImageDigest")])
    return {"Image": uri, **definition}


def _chosen_data(template: Template, prefix: S3Place) -> If:
    form.ask(
        template,
        "ModelData",
        group=GROUP,
        label="Model data",
        description=f"The archive of the trained model, as its name below {prefix.key or 'the bucket'}; empty when the "
        "image holds the model.",
        default="",
        pattern=form.or_empty(r"^([\w=-][\w.=-]*/)*[\w=-][\w.=-]*\.tar\.gz$"),
        length=(0, 400),
        constraint="A key ending in .tar.gz, such as 2026-01-31/model.tar.gz, or empty.",
    )
    return If(
        form.given(template, "ModelData"),
        Sub(f"{prefix}${{ModelData}}"),
        Ref("AWS::NoValue"),
    )
