"""Each project of the family with its functions running: its seed becomes the first commit, and nobody's work is touched after.

Who commits it differs: CodeCommit itself when CloudFormation makes a repository with code; a build that a custom resource
starts, where there is a connection or where the seed is chosen at launch; a function by git over https, at a server that
AWS knows nothing of. What is asserted is the same for all.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from generator.local import ACCOUNT, LocalAws
from generator.local.git.http import rewriting
from tests.local.running import archive

from . import projects
from .conftest import REGION, Shelf
from .projects import ID, PROJECTS, Project, Remote, client
from .shop import reasons

# CodeCommit and a build; a function seeds GitLab in `test_servers`.
SAMPLE = ["mlops-build-train", "mlops-github-jenkins"]
# What commits the seed, by the first resource type that a project has.
WAYS = {
    "Custom::RepositorySeed": ID,
    "Custom::SeedCheckin": ID,
    "AWS::CodeCommit::Repository": "AWS CodeCommit",
}
NEWER = "newer.zip"


@pytest.mark.parametrize("product", SAMPLE)
def test_the_seed_is_the_first_commit_of_a_repository_that_is_then_left_alone(
    product: str, shelf: Shelf, tmp_path: Path
) -> None:
    live(product, shelf, tmp_path)


@pytest.mark.proof
@pytest.mark.parametrize("product", PROJECTS)
def test_the_seed_of_every_project(product: str, shelf: Shelf, tmp_path: Path) -> None:
    live(product, shelf, tmp_path)


def live(product: str, shelf: Shelf, folder: Path) -> None:
    """Launch, push, update to the same, update to a version with another seed, terminate."""
    with projects.servers(folder) as outside, projects.opened(shelf, folder) as aws:
        project = projects.make(aws, shelf, product, outside)
        author = next(who for kind, who in WAYS.items() if project.resources(kind))
        remotes = reached(project, folder)
        for half, remote in remotes.items():
            work = remote.clone()
            assert projects.files(work) == projects.seed(shelf.bundles[product], half)
            assert remote.git("log", "--format=%an", at=work) == f"{author}\n"
        builds = count(aws)

        project.started()
        tips = {}
        for half, remote in remotes.items():
            tips[half] = remote.push("main", {"README.md": "# Ours\n"})
            assert project.started() == pushed(project, half)
        project.update()
        assert {half: remote.tip() for half, remote in remotes.items()} == tips
        project.update(with_other_seeds(project, shelf, product))
        assert NEWER in template(project)
        assert {half: remote.tip() for half, remote in remotes.items()} == tips
        assert count(aws) == builds

        project.terminate()
        for half, remote in remotes.items():
            assert remote.tip() == tips[half]
        assert [outside.gitlab.hooks_of(path) for path in outside.gitlab.projects if "churn" in path] == [
            [] for _ in outside.gitlab.projects
        ]


@pytest.mark.proof
@pytest.mark.parametrize("product", ["mlops-github-codepipeline", "mlops-gitlab"])
def test_another_repository_is_seeded_too_and_the_former_one_stays(
    product: str, shelf: Shelf, tmp_path: Path
) -> None:
    with projects.servers(tmp_path) as outside, projects.opened(shelf, tmp_path) as aws:
        project = projects.make(aws, shelf, product, outside)
        former = reached(project, tmp_path)["model-build"]
        tip = former.push("main", {"README.md": "# Ours\n"})
        project.update(ModelBuildRepositoryName="acme/other-build")
        other = replace(
            former, address=former.address.replace("acme/models/churn-model-build", "acme/other-build")
        )
        assert projects.files(other.clone()) == projects.seed(shelf.bundles[product], "model-build")
        assert former.tip() == tip
        if product == "mlops-gitlab":
            assert outside.gitlab.hooks_of("acme/models/churn-model-build") == []
            assert len(outside.gitlab.hooks_of("acme/other-build")) == 1


def reached(project: Project, folder: Path) -> dict[str, Remote]:
    """The repositories of a project, at the address where code that runs finds the local AWS."""
    assert project.aws.runner is not None
    url = project.aws.runner.url
    return {half: projects.remote(project, half, url, folder) for half in project.halves}


def pushed(project: Project, half: str) -> list[str]:
    """What a push to the main branch starts by an event; a connection, a server and Jenkins tell of it by themselves."""
    pipelines = project.resources("AWS::CodePipeline::Pipeline")
    if not project.resources("AWS::CodeCommit::Repository"):
        return []
    return [name for name in pipelines if name.endswith(half)]


def template(project: Project) -> str:
    stack = project.outputs["CloudformationStackARN"]
    return str(client(project.aws, "cloudformation").get_template(StackName=stack)["TemplateBody"])


def count(aws: LocalAws) -> int:
    return len(client(aws, "codebuild").list_builds()["ids"])


def with_other_seeds(project: Project, shelf: Shelf, product: str) -> str:
    """A version of the product whose seeds hold a file more."""
    s3, bucket = client(project.aws, "s3"), f"catalog-{ACCOUNT}-{REGION}"
    text = shelf.bundles[product].draft.content.decode()
    for asset in shelf.bundles[product].draft.assets:
        if asset.name.startswith("seed-"):
            content = io.BytesIO(asset.content)
            with zipfile.ZipFile(content, "a") as packed:
                packed.writestr("NEWS.md", "A file more.\n")
            key = f"assets/{asset.name}/{NEWER}"
            s3.put_object(Bucket=bucket, Key=key, Body=content.getvalue())
            assert asset.key in text
            text = text.replace(asset.key, key)
    s3.put_object(Bucket=bucket, Key="newer.yaml", Body=text.encode())
    address = f"https://{bucket}.s3.{REGION}.amazonaws.com/newer.yaml"
    made = client(project.aws, "servicecatalog").create_provisioning_artifact(
        ProductId=project.someone.product,
        Parameters={
            "Name": "99.0.0",
            "Type": "CLOUD_FORMATION_TEMPLATE",
            "Info": {"LoadTemplateFromURL": address},
        },
    )
    return str(made["ProvisioningArtifactDetail"]["Id"])


def test_seeds_of_the_organisation_are_chosen_at_launch(shelf: Shelf, tmp_path: Path) -> None:
    with projects.servers(tmp_path) as outside, projects.opened(shelf, tmp_path) as aws:
        of_the_bucket = {"README.md": "# Of the bucket\n", "src/train.py": "x = 1\n"}
        bucket, key = f"acme-seeds-{ACCOUNT}-{REGION}", "mlops/churn/train.zip"
        client(aws, "s3").create_bucket(Bucket=bucket)
        client(aws, "s3").put_object(Bucket=bucket, Key=key, Body=archive(of_the_bucket))
        address, tagged = seed_repository(aws, "acme-seed-serving", tmp_path)

        project = projects.make(
            aws,
            shelf,
            "mlops-custom-seed",
            outside,
            ModelBuildSeedAddress=f"s3://{bucket}/{key}",
            ModelDeploySeedAddress=f"{address}#v1.0.0",
        )
        wanted = {
            "model-build": {name: (text.encode(), False) for name, text in of_the_bucket.items()},
            "model-deploy": tagged,
        }
        for half, remote in reached(project, tmp_path).items():
            work = remote.clone()
            assert projects.files(work) == wanted[half]
            # Its files, not its history.
            assert remote.git("log", "--format=%an %s", at=work) == f"{ID} Seed code of the project\n"


@pytest.mark.proof
@pytest.mark.parametrize(
    "seed",
    [
        f"s3://acme-seeds-{ACCOUNT}-{REGION}/others/train.zip",
        "s3://somebody-s-seeds/mlops/train.zip",
    ],
)
def test_a_seed_from_elsewhere_is_refused_and_leaves_nothing(seed: str, shelf: Shelf, tmp_path: Path) -> None:
    with projects.opened(shelf, tmp_path) as aws:
        s3 = client(aws, "s3")
        for bucket, key in (
            (f"acme-seeds-{ACCOUNT}-{REGION}", "others/train.zip"),
            ("somebody-s-seeds", "mlops/train.zip"),
        ):
            s3.create_bucket(Bucket=bucket)
            s3.put_object(Bucket=bucket, Key=key, Body=archive({"README.md": "# Theirs\n"}))
        someone = projects.person(aws, shelf, "mlops-custom-seed")
        form = projects.asked(someone, ModelBuildSeedAddress=seed)
        record = projects.ended(someone, someone.launch("it", **form))
        assert "The seed was not committed" in reasons(record)
        assert "the build's log says more" in reasons(record)
        left = {each["Name"] for each in s3.list_buckets()["Buckets"]}
        assert not any(ID in name for name in left)


def seed_repository(aws: LocalAws, name: str, folder: Path) -> tuple[str, projects.Files]:
    """A repository of CodeCommit whose tag v1.0.0 is not its newest commit; its address, and what the tag holds."""
    made = client(aws, "codecommit").create_repository(repositoryName=name)["repositoryMetadata"]
    assert aws.runner is not None
    remote = Remote(made["cloneUrlHttp"], rewriting(aws.runner.url, ACCOUNT, [REGION]), folder)
    remote.push("main", {"serve.py": "x = 1\n", "README.md": "# Of the repository\n"})
    work = remote.clone()
    remote.git("push", "--quiet", "origin", "HEAD:refs/tags/v1.0.0", at=work)
    remote.push("main", {"serve.py": "x = 2\n"})
    return str(made["cloneUrlHttp"]), projects.files(work)
