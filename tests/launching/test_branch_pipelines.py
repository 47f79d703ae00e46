"""A project with a pipeline for each branch: real pushes, the real function and real builds, to the branch's end and its pipeline's.

The branch's own buildspec makes the pipeline here by the AWS CLI: the seed's takes the SageMaker SDK, which is its own tests' matter.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from generator.local import LocalAws
from tests.local.running import log_text, until

from . import projects
from .conftest import Shelf
from .projects import client

PRODUCT = "mlops-branches"
BUILDSPEC = """\
version: 0.2
phases:
  build:
    commands:
      - echo "{what} of $BRANCH"
      - >-
        aws sagemaker create-pipeline --pipeline-name "$PIPELINE_NAME" --role-arn "$PIPELINE_ROLE_ARN"
        --pipeline-definition '{{"Version": "2020-12-01", "Steps": []}}' --query PipelineArn
"""
SLOW = "version: 0.2\nphases:\n  build:\n    commands:\n      - sleep 120\n"


def pipelines(aws: LocalAws) -> list[str]:
    found = client(aws, "sagemaker").list_pipelines()["PipelineSummaries"]
    return [each["PipelineName"] for each in found]


def builds(aws: LocalAws, status: str) -> list[dict[str, Any]]:
    codebuild = client(aws, "codebuild")
    ids = codebuild.list_builds()["ids"]
    found = codebuild.batch_get_builds(ids=ids)["builds"] if ids else []
    return [each for each in found if each["buildStatus"] == status]


def test_a_pushed_branch_gets_a_pipeline_which_goes_with_it(shelf: Shelf, tmp_path: Path) -> None:
    with projects.servers(tmp_path) as outside, projects.opened(shelf, tmp_path) as aws:
        project = projects.make(aws, shelf, PRODUCT, outside)
        assert aws.runner is not None
        remote = projects.remote(project, "model-build", aws.runner.url, tmp_path)
        (main,) = project.resources("AWS::CodePipeline::Pipeline")
        project.started()

        # The main branch has a pipeline of its own; a tag is no branch.
        remote.push("main", {"README.md": "# Ours\n"})
        work = remote.clone()
        remote.git("push", "--quiet", "origin", "HEAD:refs/tags/v1", at=work)
        assert project.started() == [main]
        assert builds(aws, "SUCCEEDED") == []

        commit = remote.push("try/more-trees", {"buildspec.yml": BUILDSPEC.format(what="Pipeline")})
        assert project.started() == []
        (build,) = builds(aws, "SUCCEEDED")
        assert build["resolvedSourceVersion"] == commit
        said = log_text(client(aws, "logs"), build["logs"]["groupName"]).splitlines()
        assert "Pipeline of try/more-trees" in said
        (made,) = pipelines(aws)
        assert made.startswith(f"{main}-try-more-trees-")

        # A build that would make the pipeline again is stopped before it is deleted.
        remote.push("try/more-trees", {"buildspec.yml": SLOW})
        until(lambda: builds(aws, "IN_PROGRESS"))
        remote.git("push", "--quiet", "origin", "--delete", "try/more-trees", at=remote.clone())
        assert project.started() == []
        assert pipelines(aws) == []
        assert len(builds(aws, "STOPPED")) == 1
