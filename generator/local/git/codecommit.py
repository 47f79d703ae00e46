"""CodeCommit's operations on content: branches, commits and files of repositories that moto keeps the names of.

An overlay: what is not here is moto's, or refused by it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from generator.local.git.bare import Author, Bare, Commit, GitFailed
from generator.local.identity import administrator
from generator.local.service import Call, Service, ServiceError

SERVICE = Service("codecommit")
Answer = Mapping[str, Any]


def repository(call: Call, name: str, region: str = "") -> dict[str, str]:
    """moto's facts of a repository of the caller's account; in any region where none is named."""
    found: list[dict[str, str]] = []

    def read(content: Any) -> None:
        regions = content.get("codecommit", ({}, {}))[0].get(call.account, {})
        for where in sorted(regions) if not region else [region]:
            kept = regions[where].repositories.get(name) if where in regions else None
            if kept is not None:
                found.append(dict(kept.repository_metadata))

    call.look(read)
    if not found:
        raise ServiceError("RepositoryDoesNotExistException", f"{name} does not exist")
    return found[0]


def _bare(call: Call) -> Bare:
    return Bare(
        call.state.folder, repository(call, call.params["repositoryName"], call.region)["repositoryId"]
    )


@SERVICE.operation("GetRepository")
def get_repository(call: Call) -> Answer:
    found = repository(call, call.params["repositoryName"], call.region)
    default = Bare(call.state.folder, found["repositoryId"]).default_branch()
    return {"repositoryMetadata": _metadata(found, default)}


def _metadata(found: Mapping[str, str], default: str) -> dict[str, Any]:
    metadata: dict[str, Any] = dict(found)
    for name in ("creationDate", "lastModifiedDate"):
        metadata[name] = datetime.fromisoformat(str(found[name]).replace("Z", "+00:00"))
    if "repositoryDescription" in metadata and metadata["repositoryDescription"] is None:
        del metadata["repositoryDescription"]
    return {**metadata, **({"defaultBranch": default} if default else {})}


def deleted(call: Call, _asked: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
    """A repository that moto forgot loses its content."""
    ident = answer.get("repositoryId")
    if ident:
        call.state.after_commit(Bare(call.state.folder, ident).remove)


@SERVICE.operation("UpdateRepositoryName")
def update_repository_name(call: Call) -> Answer:
    old, new = call.params["oldName"], call.params["newName"]
    found = repository(call, old, call.region)
    client = call.client("codecommit", identity=administrator(call.account))
    try:
        _taken_over(call, found, client, new, found["repositoryDescription"] or "")
    except client.exceptions.RepositoryNameExistsException as error:
        raise ServiceError("RepositoryNameExistsException", f"{new} already exists") from error
    client.delete_repository(repositoryName=old)
    return {}


@SERVICE.operation("UpdateRepositoryDescription")
def update_repository_description(call: Call) -> Answer:
    name = call.params["repositoryName"]
    found = repository(call, name, call.region)
    client = call.client("codecommit", identity=administrator(call.account))
    client.delete_repository(repositoryName=name)
    _taken_over(call, found, client, name, call.params.get("repositoryDescription", ""))
    return {}


def _taken_over(call: Call, old: Mapping[str, str], client: Any, name: str, description: str) -> None:
    """moto changes no repository: a new one takes over the content, and has another id than before."""
    made = client.create_repository(repositoryName=name, repositoryDescription=description)[
        "repositoryMetadata"
    ]
    kept, fresh = (Bare(call.state.folder, each["repositoryId"]) for each in (old, made))
    if kept.path.exists():
        kept.path.rename(fresh.path)


@SERVICE.operation("ListBranches")
def list_branches(call: Call) -> Answer:
    return {"branches": sorted(_bare(call).branches())}


@SERVICE.operation("GetBranch")
def get_branch(call: Call) -> Answer:
    name = call.params["branchName"]
    return {"branch": {"branchName": name, "commitId": _tip(_bare(call), name)}}


def _tip(bare: Bare, branch: str) -> str:
    found = bare.branches().get(branch)
    if found is None:
        raise ServiceError("BranchDoesNotExistException", f"{branch} does not exist")
    return found


@SERVICE.operation("CreateBranch")
def create_branch(call: Call) -> Answer:
    bare, name = _bare(call), call.params["branchName"]
    if name in bare.branches():
        raise ServiceError("BranchNameExistsException", f"{name} already exists")
    before = bare.references()
    bare.git("update-ref", f"refs/heads/{name}", _commit(bare, call.params["commitId"]).id)
    _changed(call, before, bare)
    return {}


@SERVICE.operation("DeleteBranch")
def delete_branch(call: Call) -> Answer:
    bare, name = _bare(call), call.params["branchName"]
    before = bare.references()
    if name not in bare.branches():
        return {}
    if name == bare.default_branch():
        raise ServiceError("DefaultBranchCannotBeDeletedException", f"{name} is the default branch")
    commit = _tip(bare, name)
    bare.git("update-ref", "-d", f"refs/heads/{name}")
    _changed(call, before, bare)
    return {"deletedBranch": {"branchName": name, "commitId": commit}}


@SERVICE.operation("UpdateDefaultBranch")
def update_default_branch(call: Call) -> Answer:
    bare, name = _bare(call), call.params["defaultBranchName"]
    _tip(bare, name)
    bare.git("symbolic-ref", "HEAD", f"refs/heads/{name}")
    return {}


@SERVICE.operation("GetCommit")
def get_commit(call: Call) -> Answer:
    found = _commit(_bare(call), call.params["commitId"])
    return {
        "commit": {
            "commitId": found.id,
            "treeId": found.tree,
            "parents": list(found.parents),
            "message": found.message,
            "author": {"name": found.author.name, "email": found.author.email, "date": found.written},
            "committer": {
                "name": found.committer.name,
                "email": found.committer.email,
                "date": found.committed,
            },
            "additionalData": "",
        }
    }


def _commit(bare: Bare, ident: str) -> Commit:
    if not re.fullmatch(r"[0-9a-f]{40}", ident):
        raise ServiceError("InvalidCommitIdException", f"{ident} is no full id of a commit")
    try:
        return bare.commit(ident)
    except GitFailed as error:
        raise ServiceError("CommitIdDoesNotExistException", f"{ident} does not exist") from error


@SERVICE.operation("GetFile")
def get_file(call: Call) -> Answer:
    bare, path = _bare(call), call.params["filePath"].lstrip("/")
    given = call.params.get("commitSpecifier") or bare.default_branch()
    commit = bare.branches().get(given.removeprefix("refs/heads/")) or given
    try:
        commit = bare.commit(commit).id
        blob, mode, content = bare.blob(commit, path)
    except GitFailed as error:
        raise ServiceError("FileDoesNotExistException", f"{path} does not exist in {given}") from error
    return {
        "commitId": commit,
        "blobId": blob,
        "filePath": path,
        "fileMode": "EXECUTABLE" if mode == "100755" else "NORMAL",
        "fileSize": len(content),
        "fileContent": content,
    }


@SERVICE.operation("CreateCommit")
def create_commit(call: Call) -> Answer:
    files: dict[str, tuple[bytes, bool] | None] = {}
    for each in call.params.get("putFiles", []):
        if "fileContent" not in each:
            raise ServiceError(
                "SourceFileOrContentRequiredException", "The local AWS takes files by their content only."
            )
        files[_path(each["filePath"])] = (each["fileContent"], each.get("fileMode") == "EXECUTABLE")
    for each in call.params.get("deleteFiles", []):
        files[_path(each["filePath"])] = None
    commit, tree = _written(call, files, call.params.get("authorName", ""))
    return {"commitId": commit, "treeId": tree, "filesAdded": [], "filesUpdated": [], "filesDeleted": []}


@SERVICE.operation("PutFile")
def put_file(call: Call) -> Answer:
    path = _path(call.params["filePath"])
    content = (call.params["fileContent"], call.params.get("fileMode") == "EXECUTABLE")
    commit, tree = _written(call, {path: content}, call.params.get("name", ""))
    blob, _, _ = _bare(call).blob(commit, path)
    return {"commitId": commit, "blobId": blob, "treeId": tree}


def _path(given: str) -> str:
    path = given.lstrip("/")
    if not path or ".." in path.split("/"):
        raise ServiceError("InvalidPathException", f"{given} is no path of a file")
    return path


def _written(call: Call, files: Mapping[str, tuple[bytes, bool] | None], author: str) -> tuple[str, str]:
    params, bare = call.params, _bare(call)
    branch, parent = params["branchName"], params.get("parentCommitId", "")
    before = bare.references()
    tip = bare.branches().get(branch, "")
    if tip and not parent:
        raise ServiceError(
            "ParentCommitIdRequiredException", f"{branch} exists: give its commit as the parent"
        )
    if tip and parent != tip:
        raise ServiceError("ParentCommitIdOutdatedException", f"{branch} has moved on to {tip}")
    who = Author(author or call.identity.arn.rpartition("/")[2], params.get("email", ""))
    try:
        made = bare.add_commit(
            branch, files, parent=parent, author=who, message=params.get("commitMessage", "")
        )
    except GitFailed as error:
        code = "NoChangeException" if "nothing would change" in str(error) else "InvalidPathException"
        raise ServiceError(code, str(error)) from error
    bare.default_branch()
    _changed(call, before, bare)
    return made


def _changed(call: Call, before: Mapping[str, str], bare: Bare) -> None:
    found = repository(call, call.params["repositoryName"], call.region)
    announce(call, call.region, found["repositoryName"], found["Arn"], before, bare.references())


def announce(
    call: Call, region: str, name: str, arn: str, before: Mapping[str, str], after: Mapping[str, str]
) -> None:
    """The events of references that came, moved and went; the commit that one went with is the old one.

    https://docs.aws.amazon.com/codecommit/latest/userguide/monitoring-events.html
    """
    from generator.local.execution.events import emit

    for reference in sorted({*before, *after}):
        old, new = before.get(reference), after.get(reference)
        if old == new:
            continue
        kind = "branch" if reference.startswith("refs/heads/") else "tag"
        detail = {
            "event": "referenceCreated" if old is None else "referenceUpdated" if new else "referenceDeleted",
            "repositoryName": name,
            "repositoryId": repository(call, name, region)["repositoryId"],
            "referenceType": kind,
            "referenceName": reference.split("/", 2)[2],
            "referenceFullName": reference,
            "callerUserArn": call.identity.arn,
            **({"commitId": new} if new else {}),
            **({"oldCommitId": old} if old else {}),
        }
        emit(call, region, "aws.codecommit", "CodeCommit Repository State Change", [arn], detail)
