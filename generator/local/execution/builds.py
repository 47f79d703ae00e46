"""CodeBuild's builds: started, looked at, stopped. An overlay: projects are moto's, and running a build is `building.py`'s.

Without `--run-code` a build is refused rather than pretended.
"""

from __future__ import annotations

import copy
import json
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from generator.local.execution.building import Order, carry_out
from generator.local.execution.sources import KINDS
from generator.local.service import Call, Service, ServiceError
from generator.local.world import Content

SERVICE = Service("codebuild")
Answer = Mapping[str, Any]
OFF: Final = "The local AWS runs builds only where it was opened for that: --run-code, or CATALOG_RUN_CODE=1."
# Overrides that change what is run in ways that are not offered here.
_NOT_DONE: Final = (
    "secondarySourcesOverride",
    "artifactsOverride",
    "secondaryArtifactsOverride",
    "sourceTypeOverride",
    "sourceLocationOverride",
)
_TIMES: Final = frozenset({"startTime", "endTime"})


@SERVICE.operation("StartBuild")
def start_build(call: Call) -> Answer:
    params, runner = call.params, call.runner
    name = params["projectName"]
    project = _project(call, name)
    if runner is None:
        raise ServiceError("InvalidInputException", OFF)
    for override in _NOT_DONE:
        if params.get(override):
            raise ServiceError("InvalidInputException", f"The local AWS does not support {override}.")
    source = project.get("source", {})
    if source.get("type") not in KINDS:
        raise ServiceError(
            "InvalidInputException",
            f"The local AWS builds sources of type NO_SOURCE, CODECOMMIT and S3; {name} has {source.get('type')}.",
        )
    if project.get("artifacts", {}).get("type", "NO_ARTIFACTS") not in ("NO_ARTIFACTS", "CODEPIPELINE"):
        raise ServiceError(
            "InvalidInputException", "The local AWS keeps no artifacts of builds: use NO_ARTIFACTS."
        )
    token = params.get("idempotencyToken", "")
    if token:
        known = call.tx.value(
            "SELECT content FROM build WHERE account = ? AND region = ? AND project = ? AND token = ?",
            call.account,
            call.region,
            name,
            token,
        )
        if known:
            return {"build": shown(json.loads(known))}
    ident = f"{name}:{uuid.uuid4()}"
    number = 1 + (
        call.tx.value(
            "SELECT max(number) FROM build WHERE account = ? AND region = ? AND project = ?",
            call.account,
            call.region,
            name,
        )
        or 0
    )
    build = _begun(call, ident, number, project)
    row = {
        "id": ident,
        "account": call.account,
        "region": call.region,
        "project": name,
        "number": number,
        "token": token,
        "content": json.dumps(build),
    }
    call.tx.insert("build", row)
    call.tx.execute("INSERT INTO running VALUES (?, ?)", f"build {ident}", runner.owner)
    order = Order(
        account=call.account,
        region=call.region,
        build=build,
        role=project["serviceRole"],
        source=build["source"],
        version=build.get("sourceVersion", ""),
        buildspec=build["source"].get("buildspec", ""),
        variables=build["environment"]["environmentVariables"],
        seconds=60.0 * (params.get("timeoutInMinutesOverride") or project.get("timeoutInMinutes") or 60),
    )
    call.state.after_commit(lambda: runner.aside(lambda: carry_out(runner, order)))
    return {"build": shown(build)}


def _project(call: Call, name: str) -> dict[str, Any]:
    def read(content: Content) -> dict[str, Any] | None:
        backend = content.get("codebuild", ({}, {}))[0].get(call.account, {}).get(call.region)
        kept = backend.codebuild_projects.get(name) if backend else None
        return None if kept is None else copy.deepcopy(kept.project_metadata)

    found: dict[str, Any] | None = call.look(read)
    if found is None:
        raise ServiceError(
            "ResourceNotFoundException", f"Project cannot be found: {call.arn(f'project/{name}')}"
        )
    return found


def _begun(call: Call, ident: str, number: int, project: Mapping[str, Any]) -> dict[str, Any]:
    now = time.time()
    stream = ident.rpartition(":")[2]
    group = (
        project.get("logsConfig", {}).get("cloudWatchLogs", {}).get("groupName")
        or f"/aws/codebuild/{project['name']}"
    )
    arn = call.arn(f"log-group:{group}:log-stream:{stream}", service="logs")
    params, environment = call.params, project.get("environment", {})
    given = [*environment.get("environmentVariables", []), *params.get("environmentVariablesOverride", [])]
    version = params.get("sourceVersion") or project.get("sourceVersion", "")
    buildspec = params.get("buildspecOverride")
    return {
        "id": ident,
        "arn": call.arn(f"build/{ident}"),
        "buildNumber": number,
        "startTime": now,
        "currentPhase": "QUEUED",
        "buildStatus": "IN_PROGRESS",
        "buildComplete": False,
        "projectName": project["name"],
        "phases": [
            {
                "phaseType": "SUBMITTED",
                "phaseStatus": "SUCCEEDED",
                "startTime": now,
                "endTime": now,
                "durationInSeconds": 0,
            }
        ],
        **({"sourceVersion": version} if version else {}),
        "source": {**project.get("source", {}), **({"buildspec": buildspec} if buildspec else {})},
        "environment": {
            **environment,
            "environmentVariables": list({each["name"]: each for each in given}.values()),
        },
        "serviceRole": project["serviceRole"],
        "initiator": call.identity.arn.rpartition(":")[2].removeprefix("assumed-role/").removeprefix("user/"),
        "logs": {
            "groupName": group,
            "streamName": stream,
            "deepLink": f"https://console.aws.amazon.com/cloudwatch/home?region={call.region}#logsV2:log-groups/log-group/{group}/log-events/{stream}",
            "cloudWatchLogsArn": arn,
        },
        "timeoutInMinutes": params.get("timeoutInMinutesOverride") or project.get("timeoutInMinutes") or 60,
    }


def shown(value: Any) -> Any:
    """A build as an answer has it: times are times."""
    if isinstance(value, Mapping):
        return {
            name: datetime.fromtimestamp(item, UTC) if name in _TIMES else shown(item)
            for name, item in value.items()
            if name != "stopping"
        }
    return [shown(item) for item in value] if isinstance(value, list) else value


@SERVICE.operation("BatchGetBuilds", mode="read")
def batch_get_builds(call: Call) -> Answer:
    found, missing = [], []
    for ident in call.params["ids"]:
        short = ident.rpartition("/")[2]
        text = _content(call, short)
        if text is None:
            missing.append(ident)
        else:
            found.append(shown(json.loads(text)))
    return {"builds": found, "buildsNotFound": missing}


def _content(call: Call, ident: str) -> str | None:
    text: str | None = call.tx.value(
        "SELECT content FROM build WHERE id = ? AND account = ? AND region = ?",
        ident,
        call.account,
        call.region,
    )
    return text


@SERVICE.operation("ListBuildsForProject")
def list_builds_for_project(call: Call) -> Answer:
    _project(call, call.params["projectName"])
    return _listed(call, "AND project = ?", call.params["projectName"])


@SERVICE.operation("ListBuilds")
def list_builds(call: Call) -> Answer:
    return _listed(call, "")


def _listed(call: Call, condition: str, *values: str) -> Answer:
    way = "ASC" if call.params.get("sortOrder") == "ASCENDING" else "DESC"
    rows = call.tx.all(
        f"SELECT id FROM build WHERE account = ? AND region = ? {condition} ORDER BY number {way}, id",  # noqa: S608 - our own words
        call.account,
        call.region,
        *values,
    )
    start = int(call.params.get("nextToken") or 0)
    page = [row["id"] for row in rows[start : start + 100]]
    return {"ids": page, **({"nextToken": str(start + 100)} if len(rows) > start + 100 else {})}


@SERVICE.operation("StopBuild")
def stop_build(call: Call) -> Answer:
    text = _content(call, call.params["id"].rpartition("/")[2])
    if text is None:
        raise ServiceError("ResourceNotFoundException", f"Build {call.params['id']} cannot be found")
    build = json.loads(text)
    if build["buildStatus"] == "IN_PROGRESS":
        build["stopping"] = True
        call.tx.execute("UPDATE build SET content = ? WHERE id = ?", json.dumps(build), build["id"])
    return {"build": shown(build)}
