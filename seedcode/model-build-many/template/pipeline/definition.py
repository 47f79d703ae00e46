"""The pipeline: each model is prepared, trained, evaluated, and registered if it is good enough; all at the same time.

A model that is not good enough is not registered, and keeps no other from it. Building the pipeline calls no AWS
service; see __main__.py for what does.
"""

# ruff: noqa: E402
from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager


def prepare_sdk(region: str) -> None:
    """Tell the SDK what it otherwise finds out by itself.

    It makes clients without being asked, even while it is imported, and botocore does not read AWS_REGION. And it
    simulates the role's policies, which takes a call and a right that compiling need not have.
    """
    os.environ.setdefault("AWS_DEFAULT_REGION", region)
    os.environ.setdefault("SAGEMAKER_VALIDATE_ROLE", "false")


prepare_sdk(os.environ.get("AWS_REGION", "us-east-1"))

import boto3
from sagemaker.core import image_uris
from sagemaker.core.model_metrics import MetricsSource, ModelMetrics
from sagemaker.core.network import NetworkConfig
from sagemaker.core.processing import Processor
from sagemaker.core.shapes import ProcessingInput, ProcessingOutput, ProcessingS3Input, ProcessingS3Output
from sagemaker.core.training.configs import Compute, InputData, Networking, OutputDataConfig, StoppingCondition
from sagemaker.core.workflow.conditions import ConditionLessThanOrEqualTo
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join, JsonGet
from sagemaker.core.workflow.parameters import ParameterInteger, ParameterString
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow.condition_step import ConditionStep
from sagemaker.mlops.workflow.model_step import ModelStep
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.steps import CacheConfig, ProcessingStep, Step, TrainingStep
from sagemaker.serve.model_builder import ModelBuilder
from sagemaker.train.model_trainer import ModelTrainer

from pipeline.models import Model, read
from pipeline.settings import INSTANCE_TYPE, Settings
from pipeline.sources import CODE, DATA, Folder

# One image for all steps and the endpoint: Python 3.12 with XGBoost 3.2, numpy 2.1 and pandas 2.2, the versions
# that constraints.txt pins for the tests.
XGBOOST_IMAGE = "3.2-0"
HYPERPARAMETERS = {
    "num_round": "200",
    "early_stopping_rounds": "15",
    "max_depth": "4",
    "eta": "0.1",
    "min_child_weight": "6",
    "subsample": "0.8",
}
SERVING_INSTANCES = ["ml.m5.large", "ml.m5.xlarge", "ml.c5.large", "ml.c5.xlarge"]
# A step whose code, data and parameters are those of an earlier execution is not run again.
CACHE = CacheConfig(enable_caching=True, expire_after="P30D")
HOUR = 3600


UNREPORTED = {"SchemaVersion": "1.0", "SageMaker": {"PythonSDK": {"Modules": {"TelemetryOptOut": True}}}}


def session(settings: Settings) -> PipelineSession:
    """A session that records the steps' requests instead of sending them.

    Its configuration is given, so that no file of the machine's user adds to the definition.
    """
    recording = PipelineSession(
        boto_session=boto3.Session(region_name=settings.region),
        default_bucket=settings.bucket,
        sagemaker_config=UNREPORTED,
    )
    # At every look-up the SDK checks a configuration against its whole schema, a tenth of a second each: compiling
    # takes one second without and six with it.
    recording.sagemaker_config = {}
    return recording


@contextmanager
def unreported(recording: PipelineSession) -> Iterator[None]:
    """For the calls of which the SDK would tell AWS over the network."""
    recording.sagemaker_config = UNREPORTED
    try:
        yield
    finally:
        recording.sagemaker_config = {}


def build(settings: Settings) -> Pipeline:
    """The pipeline for these settings; its code and data lie at addresses made from their content."""
    prepare_sdk(settings.region)
    recording = session(settings)
    image = image_uris.retrieve("xgboost", region=settings.region, version=XGBOOST_IMAGE)
    code = Folder.read(CODE).uri(settings.prefix)

    input_data = ParameterString("InputDataUri", default_value=Folder.read(DATA).uri(settings.prefix))
    instance_type = ParameterString("InstanceType", default_value=INSTANCE_TYPE)
    approval = ParameterString(
        "ModelApprovalStatus",
        default_value="PendingManualApproval",
        enum_values=["PendingManualApproval", "Approved", "Rejected"],
    )
    seed = ParameterInteger("Seed", default_value=7)

    def output(model: Model, *names: str) -> Join:
        """An address of its own for each execution and model."""
        execution = ExecutionVariables.PIPELINE_EXECUTION_ID
        return Join(on="/", values=[settings.prefix, "executions", execution, model.name, *names])

    def processor(script: str) -> Processor:
        return Processor(
            image_uri=image,
            entrypoint=["python3", f"/opt/ml/processing/code/{script}"],
            role=settings.role_arn,
            instance_count=1,
            instance_type=instance_type,
            volume_kms_key=settings.kms_key,
            output_kms_key=settings.kms_key,
            max_runtime_in_seconds=HOUR,
            sagemaker_session=recording,
            tags=settings.tags,
            network_config=NetworkConfig(
                encrypt_inter_container_traffic=True,
                subnets=list(settings.subnets) or None,
                security_group_ids=list(settings.security_groups) or None,
            ),
        )

    def chain(model: Model) -> list[Step]:
        """The steps of one model."""
        preprocess = ProcessingStep(
            f"Preprocess-{model.name}",
            description="Clean the raw data and split it into train, validation and test features.",
            step_args=processor("preprocess.py").run(
                inputs=[
                    mounted("code", code, "/opt/ml/processing/code"),
                    mounted("raw", input_data, "/opt/ml/processing/input"),
                ],
                outputs=[
                    collected(name, f"/opt/ml/processing/output/{name}", output(model, "preprocess", name))
                    for name in ("train", "validation", "test")
                ],
                arguments=["--rows", json.dumps(model.rows), "--seed", seed.to_string()],
            ),
            cache_config=CACHE,
        )
        prepared = preprocess.properties.ProcessingOutputConfig.Outputs

        trainer = ModelTrainer(
            training_image=image,
            role=settings.role_arn,
            sagemaker_session=recording,
            base_job_name=f"{settings.pipeline_name}-{model.name}",
            # The image's script mode: it runs this program of the folder that the code channel mounts.
            hyperparameters=HYPERPARAMETERS
            | {"sagemaker_program": "train.py", "sagemaker_submit_directory": "/opt/ml/input/data/code"},
            compute=Compute(
                instance_type=instance_type,
                instance_count=1,
                volume_size_in_gb=30,
                volume_kms_key_id=settings.kms_key,
            ),
            networking=Networking(
                subnets=list(settings.subnets) or None,
                security_group_ids=list(settings.security_groups) or None,
                enable_inter_container_traffic_encryption=True,
            ),
            output_data_config=OutputDataConfig(s3_output_path=output(model, "train"), kms_key_id=settings.kms_key),
            stopping_condition=StoppingCondition(max_runtime_in_seconds=HOUR),
            tags=[{"key": tag["Key"], "value": tag["Value"]} for tag in settings.tags] or None,
        )
        with unreported(recording):
            training = trainer.train(
                input_data_config=[
                    InputData(channel_name="code", data_source=code),
                    *(
                        InputData(channel_name=name, data_source=prepared[name].S3Output.S3Uri, content_type="text/csv")
                        for name in ("train", "validation")
                    ),
                ]
            )
        train = TrainingStep(
            f"Train-{model.name}",
            description="Train XGBoost and pack the model with its serving code.",
            step_args=training,
            cache_config=CACHE,
        )
        archive = train.properties.ModelArtifacts.S3ModelArtifacts

        report = PropertyFile(name=f"Evaluation-{model.name}", output_name="evaluation", path="evaluation.json")
        evaluate = ProcessingStep(
            f"Evaluate-{model.name}",
            description="Measure the model on the test data.",
            step_args=processor("evaluate.py").run(
                inputs=[
                    mounted("code", code, "/opt/ml/processing/code"),
                    mounted("model", archive, "/opt/ml/processing/model"),
                    mounted("test", prepared["test"].S3Output.S3Uri, "/opt/ml/processing/test"),
                ],
                outputs=[collected("evaluation", "/opt/ml/processing/evaluation", output(model, "evaluate"))],
            ),
            property_files=[report],
            cache_config=CACHE,
        )

        # The step's own word, not output(model, "evaluate"): a cached step's report lies with an earlier execution.
        evaluated = evaluate.properties.ProcessingOutputConfig.Outputs["evaluation"].S3Output.S3Uri

        builder = ModelBuilder(
            image_uri=image,
            s3_model_data_url=archive,
            role_arn=settings.role_arn,
            sagemaker_session=recording,
            # The image's script mode again, with the code that training packed into model.tar.gz.
            env_vars={"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"},
            dependencies={},  # the default asks the SDK to pack and upload code of its own
        )
        with unreported(recording):
            registration = builder.register(
                model_package_group_name=settings.model_package_group(model.name),
                approval_status=approval,
                content_types=["text/csv", "application/json"],
                response_types=["text/csv", "application/json"],
                inference_instances=SERVING_INSTANCES,
                transform_instances=SERVING_INSTANCES,
                model_metrics=ModelMetrics(
                    model_statistics=MetricsSource(
                        content_type="application/json",
                        s3_uri=Join(on="/", values=[evaluated, report.path]),
                    )
                ),
            )
        register = ModelStep(
            f"Register-{model.name}",
            description="Put the model into the registry, to be approved.",
            step_args=registration,
        )

        rmse = JsonGet(step_name=evaluate.name, property_file=report, json_path="regression_metrics.rmse.value")
        condition = ConditionStep(
            f"IsAccurateEnough-{model.name}",
            conditions=[ConditionLessThanOrEqualTo(left=rmse, right=model.max_rmse)],
            if_steps=[register],
            else_steps=[],
        )
        return [preprocess, train, evaluate, condition]

    return Pipeline(
        name=settings.pipeline_name,
        parameters=[input_data, instance_type, approval, seed],
        pipeline_experiment_config=None,
        steps=[step for model in read() for step in chain(model)],
        sagemaker_session=recording,
    )


def mounted(name: str, uri: object, path: str) -> ProcessingInput:
    """An S3 prefix as a folder of a processing job."""
    return ProcessingInput(
        input_name=name,
        s3_input=ProcessingS3Input(s3_uri=uri, local_path=path, s3_data_type="S3Prefix", s3_input_mode="File"),
    )


def collected(name: str, path: str, uri: object) -> ProcessingOutput:
    """A folder of a processing job, uploaded when it ends."""
    return ProcessingOutput(
        output_name=name,
        s3_output=ProcessingS3Output(s3_uri=uri, local_path=path, s3_upload_mode="EndOfJob"),
    )
