"""CodeCommit repositories, whose first commit is the content of a zip: read once, when the repository is made."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from .called import TABLE, Called
from .provider import Made, Request, ResourceError


class Repository(Called):
    def __init__(self) -> None:
        super().__init__(TABLE["AWS::CodeCommit::Repository"])

    def create(self, request: Request) -> Made:
        code = request.properties.get("Code") or {}
        files = self._files(request, code["S3"]) if code else []
        made = super().create(request)
        if files:
            request.client("codecommit").create_commit(
                repositoryName=request.properties["RepositoryName"],
                branchName=code.get("BranchName", "main"),
                putFiles=files,
                authorName="AWS CodeCommit",
                commitMessage="Initial commit",
            )
        return made

    def update(self, request: Request) -> Made:
        name = request.properties["RepositoryName"]
        if request.changed("RepositoryName"):
            client = request.client("codecommit")
            client.update_repository_name(oldName=request.previous["RepositoryName"], newName=name)
        if request.changed("RepositoryDescription"):
            request.client("codecommit").update_repository_description(
                repositoryName=name, repositoryDescription=request.properties.get("RepositoryDescription", "")
            )
        answer = self._call(request, "GetRepository", {"repositoryName": name})
        return self._made(request, str(answer["repositoryMetadata"]["repositoryId"]), answer)

    def _files(self, request: Request, place: dict[str, Any]) -> list[dict[str, Any]]:
        version = {"VersionId": place["ObjectVersion"]} if place.get("ObjectVersion") else {}
        answer = request.client("s3").get_object(Bucket=place["Bucket"], Key=place["Key"], **version)
        try:
            with zipfile.ZipFile(io.BytesIO(answer["Body"].read())) as packed:
                return [
                    {
                        "filePath": entry.filename,
                        "fileMode": "EXECUTABLE" if entry.external_attr >> 16 & 0o100 else "NORMAL",
                        "fileContent": packed.read(entry),
                    }
                    for entry in packed.infolist()
                    if not entry.is_dir()
                ]
        except zipfile.BadZipFile as error:
            raise ResourceError(f"{place['Key']} is no zip of code: {error}") from error
