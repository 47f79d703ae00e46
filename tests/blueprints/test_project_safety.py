"""What one half of a project may not do to the other, and whoever launches it not to others."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from typing import Any, get_args

import pytest
import yaml

from blueprints.parts.project_options import ProjectOptions
from blueprints.parts.seeds import seed
from generator.errors import Where
from generator.seed import render
from tests.blueprints.building import ROOT, build, findings, granted, refusal, resources, statements

KIND = "sagemaker-project"
BOTH: dict[str, Any] = {"repositories": ["build", "deploy"]}
PROJECTS: dict[str, dict[str, Any]] = {
    "codepipeline": BOTH,
    "external": {**BOTH, "git": "external"},
    "per-branch": {**BOTH, "branches": "per-branch"},
    "jenkins": {**BOTH, "ci": "jenkins", "git": "external"},
    "promoted": {"pipelines": "promoted"},
}
# The shortest project has least of its name in what CodePipeline cuts to twenty characters.
SHORTEST = {"${SageMakerProjectName}": "a", "${SageMakerProjectId}": "p"}
OF_TRAINING = ("PipelineRole", "ModelBuildBuildRole", "ModelBuildBranchRole", "ModelBuildJobRole")


def written(template: dict[str, Any], title: str) -> list[str]:
    """Which objects of the bucket a role may write, for the shortest project."""
    texts = granted(resources(template, "AWS::IAM::Role")[title], "s3:PutObject")
    for placeholder, value in SHORTEST.items():
        texts = [text.replace(placeholder, value) for text in texts]
    return [text.removeprefix("${ArtifactBucket.Arn}/") for text in texts]


@pytest.mark.parametrize("name", PROJECTS)
def test_what_trains_cannot_replace_what_is_deployed(name: str) -> None:
    template = build(KIND, **PROJECTS[name])
    found = [title for title in OF_TRAINING if title in template["Resources"]]
    assert len(found) > 1
    pipeline = "sagemaker-a-p-model-"
    for title in found:
        patterns = written(template, title)
        for key in (
            "sources/model-build.zip",
            "sources/model-deploy.zip",
            f"{pipeline[:20]}/Source/AbCdEf1",
            f"{pipeline[:20]}/Release/AbCdEf1.zip",
        ):
            assert not any(fnmatchcase(key, pattern) for pattern in patterns), (title, key)
        for key in (f"{pipeline}build/code/0/train.py", f"{pipeline}build-stage/executions/1/model.tar.gz"):
            assert any(fnmatchcase(key, pattern) for pattern in patterns), (title, key)


def test_a_build_leaves_its_artifact_where_it_may_not_write_everywhere() -> None:
    patterns = written(build(KIND, **PROJECTS["promoted"]), "ModelBuildBuildRole")
    assert any(fnmatchcase("sagemaker-a-p-model-/Definition/AbCdEf1", pattern) for pattern in patterns)
    assert written(build(KIND, **BOTH), "ModelDeployBuildRole") == ["*"]


HOST = "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos"
BUCKETS: dict[str, Any] = {"seed_buckets": [{"name": "acme-seeds"}]}
REPOSITORIES: dict[str, Any] = {"seed_repositories": ["acme-seed-*", "starter"]}


@pytest.mark.parametrize(
    ("address", "taken"),
    [
        ("", {"buckets", "repositories", "both"}),
        ("s3://acme-seeds/mlops/1.zip", {"buckets", "both"}),
        (f"{HOST}/acme-seed-tabular", {"repositories", "both"}),
        (f"{HOST}/starter#v1.2", {"repositories", "both"}),
        ("https://git-codecommit.cn-north-1.amazonaws.com.cn/v1/repos/starter", {"repositories", "both"}),
        (f"{HOST}/starters", set()),
        (f"{HOST}/starter/../elsewhere", set()),
        ("https://github.com/someone/evil", set()),
        ("https://git-codecommit.eu-west-1.amazonaws.com.evil.example/v1/repos/starter", set()),
        (f"https://evil.example/#{HOST}/starter", set()),
        (f"https://name:password@{HOST.removeprefix('https://')}/starter", set()),
    ],
)
def test_a_seed_is_one_of_those_that_the_catalogue_names(address: str, taken: set[str]) -> None:
    choices: dict[str, dict[str, Any]] = {
        "buckets": BUCKETS,
        "repositories": REPOSITORIES,
        "both": BUCKETS | REPOSITORIES,
    }
    found = set()
    for name, places in choices.items():
        parameter = build(KIND, seed="launch", **places)["Parameters"]["ModelBuildSeedAddress"]
        if re.search(parameter["AllowedPattern"], address):
            found.add(name)
    assert found == taken


@pytest.mark.parametrize(
    ("options", "title", "secret", "server"),
    [
        ({"git": "external"}, "GitSeedRole", "GitSecretArn", "GitServerUrl"),
        ({"git": "external"}, "PushSourceRole", "GitSecretArn", "GitServerUrl"),
        ({**BOTH, "ci": "jenkins"}, "ModelDeployStartRole", "JenkinsSecretArn", "JenkinsUrl"),
    ],
)
def test_a_secret_is_read_for_the_server_that_its_tag_names(
    options: dict[str, Any], title: str, secret: str, server: str
) -> None:
    template = build(KIND, **options)
    role = resources(template, "AWS::IAM::Role")[title]
    (read,) = (one for one in statements(role) if one["Resource"] == [{"Ref": secret}])
    assert read["Action"] == ["secretsmanager:GetSecretValue"]
    tag = {"aws:ResourceTag/catalog:server": {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": server}]}]}}
    assert read["Condition"] == {"StringEquals": tag}
    assert "catalog:server" in template["Parameters"][secret]["Description"]
    for url, host in (("https://a.example", "a.example"), ("https://a.example:8443/scm", "a.example:8443")):
        assert re.fullmatch(template["Parameters"][server]["AllowedPattern"], url)
        assert url.split("/")[2] == host


def stages(*types: str) -> dict[str, Any]:
    return {"stages": [{"name": f"s{number}", "instance_type": one} for number, one in enumerate(types)]}


KEYLESS: dict[str, Any] = {"encryption": "service-managed"}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (
            {**BOTH, "hosting_instance_types": ["ml.c5.xlarge"], **stages("ml.m5.4xlarge")},
            "stage 's0' runs on ml.m5.4xlarge, which is not among hosting_instance_types",
        ),
        ({**BOTH, "hosting_instance_types": ["ml.c5.*"], **stages("ml.c5.xlarge")}, "add one without *"),
        ({"instance_types": ["ml.c5.*"]}, "instance_types takes neither ml.m5.large"),
        ({"instance_types": ["ml.c5.*", "ml.c5.xlarge"]}, ""),
        ({**BOTH, "hosting_instance_types": ["ml.m5.*"], **stages("ml.m5.4xlarge")}, ""),
        ({"instance_types": ["ml.m5.*", "ml.g5.xlarge"]}, "SageMaker takes no key for it"),
        ({"instance_types": ["ml.m5.*", "ml.g4dn.*"]}, "SageMaker takes no key for it"),
        (
            {**BOTH, "hosting_instance_types": ["ml.m5.large", "ml.c5d.large"]},
            "names ml.c5d.large, whose own",
        ),
        ({**BOTH, **stages("ml.m5.large", "ml.p4d.24xlarge")}, "stage 's1' names ml.p4d.24xlarge"),
        ({**BOTH, "thing_groups": ["line-*"]}, "thing_groups has no meaning with hosting: endpoint"),
        ({"ci": "jenkins", "branch": "trunk"}, "with ci: jenkins the branch cannot be trunk"),
        ({**BOTH, **stages("ml.g5.xlarge"), **KEYLESS, "instance_types": ["ml.m5.*", "ml.g5.xlarge"]}, ""),
    ],
)
def test_what_no_run_could_do_is_refused_here(options: dict[str, Any], reason: str) -> None:
    assert (reason in refusal(KIND, **options)) if reason else refusal(KIND, **options) == ""


@pytest.mark.parametrize(
    ("listed", "begun"), [([], None), (["ml.m5.*"], None), (["ml.c5.xlarge"], "ml.c5.xlarge")]
)
def test_seeds_begin_with_instances_that_are_allowed(listed: list[str], begun: str | None) -> None:
    for options in (
        {**BOTH, "instance_types": listed, "hosting_instance_types": listed},
        {
            **BOTH,
            "pipelines": "many",
            "hosting": "multi-model",
            "instance_types": listed,
            "hosting_instance_types": listed,
        },
    ):
        for half in ("model-build", "model-deploy"):
            made = seed(ProjectOptions.model_validate(options), half)
            assert made.answers.get("instance_type") == begun
            questions = yaml.safe_load((ROOT / "seedcode" / made.seed / "copier.yml").read_text("utf-8"))
            assert questions["instance_type"]["default"] == "ml.m5.large"


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        ({}, None),
        (
            {"log_retention_days": 30},
            {"staging": {"LogRetentionDays": 30}, "production": {"LogRetentionDays": 30}},
        ),
        ({"log_retention_days": 30, "hosting": "batch"}, None),
    ],
)
def test_endpoints_logs_are_kept_as_long_as_others(
    options: dict[str, Any], settings: dict[str, Any] | None
) -> None:
    made = seed(ProjectOptions.model_validate({"repositories": ["deploy"], **options}), "model-deploy")
    assert made.answers.get("stage_settings") == settings
    days = get_args(ProjectOptions.model_fields["log_retention_days"].annotation)
    tree = render(ROOT / "seedcode" / "model-deploy", {}, where=Where("test"))
    code = next(content.decode() for name, content, _ in tree.files if name == "deployment/stages.py")
    assert '"' + "|".join(map(str, days)) + '"' in code
    assert (
        json.loads(next(content for name, content, _ in tree.files if name == "stages/staging.json"))[
            "LogRetentionDays"
        ]
        == 90
    )


def test_policies_stay_within_their_limits_or_lint_says_so() -> None:
    buckets = [
        {"name": f"acme-curated-{one}-${{AWS::AccountId}}", "access": "read-write", "prefix": f"{one}/churn/"}
        for one in range(10)
    ]
    assert findings(KIND, data_buckets=buckets, network="vpc-only") == []
    units = [
        {"name": f"stage-number-{one}", "where": "organizational-units", "approval": []} for one in range(20)
    ]
    found = findings(KIND, repositories=["deploy"], stages=units)
    assert [one.partition(" ")[0] for one in found] == ["E9012"]
    assert "the limit is 20,480" in found[0]


@pytest.mark.parametrize(("groups", "reached"), [([], ["*"]), (["line-*", "gates"], ["line-*", "gates"])])
def test_a_model_at_the_edge_reaches_the_groups_that_are_named(groups: list[str], reached: list[str]) -> None:
    template = build(KIND, repositories=["deploy"], hosting="edge", thing_groups=groups)
    role = resources(template, "AWS::IAM::Role")["DeployRole"]
    there = "arn:${AWS::Partition}:iot:${AWS::Region}:${AWS::AccountId}"
    assert granted(role, "iot:CreateJob") == [
        f"{there}:job/*",
        *(f"{there}:thinggroup/{one}" for one in reached),
    ]
    actions = {action for statement in statements(role) for action in statement["Action"]}
    assert not {one for one in actions if one.startswith("iot:") and "Thing" in one} - {
        "iot:DescribeThingGroup"
    }
