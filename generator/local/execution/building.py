"""One build carried out: its source fetched, the phases of its specification run in a real shell, its end told.

Every command has a process of its own, which takes on the environment and the folder that the one before left behind;
one that leaves its shell by `exit` leaves nothing behind. There is no container: what the image would bring has to be on
this machine. Repositories of CodeCommit and of connections are found at their usual addresses, so that AWS's credential
helper is not asked.
"""

from __future__ import annotations

import contextlib
import json
import logging
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from generator.local.execution.buildspec import PHASES, Buildspec, Phase, SpecError, read
from generator.local.execution.functions import write_lines
from generator.local.execution.role import RoleRefused, Session, assume
from generator.local.execution.sources import SourceError, fetch
from generator.local.git.http import rewriting

if TYPE_CHECKING:
    from generator.local.execution.runner import Runner

log = logging.getLogger("catalog.local")
_COMMAND: Final = """\
. "$CATALOG_STEP/environment"
export CODEBUILD_BUILD_SUCCEEDING="$(cat "$CATALOG_STEP/succeeding")"
cd "$(cat "$CATALOG_STEP/folder")" || exit
. "$CATALOG_STEP/command"
CATALOG_STATUS=$?
export -p > "$CATALOG_STEP/environment"
pwd > "$CATALOG_STEP/folder"
exit $CATALOG_STATUS
"""


@dataclass(frozen=True)
class Order:
    """A build that was started."""

    account: str
    region: str
    build: dict[str, Any]
    role: str
    source: Mapping[str, Any]
    version: str
    buildspec: str
    variables: Sequence[Mapping[str, str]]
    seconds: float


class _Failed(Exception):
    """A phase that failed; `status` is what the build then ends as."""

    def __init__(self, code: str, message: str, status: str = "FAILED") -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.phase = ""


@dataclass
class _Progress:
    """What is told of a build while it runs, and its log."""

    runner: Runner
    build: dict[str, Any]
    lines: list[str] = field(default_factory=list)

    @contextlib.contextmanager
    def phase(self, name: str) -> Any:
        began = time.time()
        entry: dict[str, Any] = {"phaseType": name, "startTime": began}
        self.build["phases"].append(entry)
        self.build["currentPhase"] = name
        self.write()
        self.lines.append(f"[Container] Entering phase {name}")
        try:
            yield
        except _Failed as error:
            entry |= {
                "phaseStatus": error.status,
                "contexts": [{"statusCode": error.code, "message": str(error)}],
            }
            raise
        else:
            entry |= {"phaseStatus": "SUCCEEDED", "contexts": []}
        finally:
            entry |= {"endTime": time.time(), "durationInSeconds": int(time.time() - began)}
            self.lines.append(
                f"[Container] Phase complete: {name} State: {entry.get('phaseStatus', 'FAULT')}"
            )
            self.lines += [
                f"[Container] Phase context status code: {each['statusCode']} Message: {each['message']}"
                for each in entry.get("contexts", [])
            ]

    def write(self) -> None:
        if self.stopped():
            self.build["stopping"] = True
        with self.runner.state.write() as tx:
            tx.execute("UPDATE build SET content = ? WHERE id = ?", json.dumps(self.build), self.build["id"])

    def stopped(self) -> bool:
        """Whether somebody has asked for the end of the build."""
        with self.runner.state.read() as tx:
            text = tx.value("SELECT content FROM build WHERE id = ?", self.build["id"])
        return text is None or '"stopping"' in text  # gone after a reset

    def end(self, status: str) -> None:
        now = time.time()
        self.build["phases"].append({"phaseType": "COMPLETED", "startTime": now})
        self.build |= {
            "buildStatus": status,
            "buildComplete": True,
            "endTime": now,
            "currentPhase": "COMPLETED",
        }
        with self.runner.state.write() as tx:
            tx.execute("UPDATE build SET content = ? WHERE id = ?", json.dumps(self.build), self.build["id"])
            tx.execute("DELETE FROM running WHERE subject = ?", f"build {self.build['id']}")


def carry_out(runner: Runner, order: Order) -> None:
    """Run a build to its end, whatever that is."""
    progress = _Progress(runner, dict(order.build))
    status, session = "FAULT", None
    try:
        with progress.phase("QUEUED"):
            pass
        with progress.phase("PROVISIONING"):
            try:
                session = assume(
                    runner.state, runner.clients, order.role, "codebuild.amazonaws.com", _session(order)
                )
            except RoleRefused as error:
                message = f"CodeBuild is not authorized to perform: sts:AssumeRole on {order.role}. {error}"
                raise _Failed("ACCESS_DENIED", message) from error
        _run(runner, order, session, progress)
        status = "SUCCEEDED"
    except _Failed as error:
        status = error.status
    finally:
        if session is not None:
            logs, place = runner.clients("logs", order.region, session.identity), order.build["logs"]
            try:
                write_lines(logs, place["groupName"], place["streamName"], "\n".join(progress.lines))
            except ClientError as error:
                log.warning(
                    "%s writes no log: %s", order.build["id"], error.response["Error"].get("Message", "")
                )
        progress.end(status)


def _session(order: Order) -> str:
    return f"AWSCodeBuild-{order.build['id'].rpartition(':')[2]}"


def _run(runner: Runner, order: Order, session: Session, progress: _Progress) -> None:
    end = time.monotonic() + order.seconds
    with tempfile.TemporaryDirectory(prefix="catalog-build-") as folder:
        root, home = Path(folder, "src"), Path(folder, "home")
        home.mkdir()
        here = rewriting(runner.url, session.access_key, [order.region])
        base = _environment(runner, order, session, root, home) | here
        with progress.phase("DOWNLOAD_SOURCE"):
            resolved = _source(runner, order, session, root, base)
            if resolved:
                progress.build["resolvedSourceVersion"] = resolved
                base |= {"CODEBUILD_RESOLVED_SOURCE_VERSION": resolved}
            spec = _specification(order, root)
            variables = _variables(runner, order, session, spec)
        shell = _Shell(runner, spec.shell, Path(folder), root, {**base, **variables}, end, progress)
        failure: _Failed | None = None
        for name in PHASES:
            # After a failure of the build itself post_build still runs; after an earlier one nothing does.
            if name not in spec.phases or (failure is not None and failure.phase != "build"):
                continue
            try:
                with progress.phase(name.upper()):
                    shell.run(spec.phases[name], succeeding=failure is None)
            except _Failed as error:
                if spec.phases[name].on_failure != "CONTINUE":
                    failure = failure or error
                    failure.phase = failure.phase or name
                if error.status != "FAILED":
                    break
        if failure is not None:
            raise failure
        for name in ("UPLOAD_ARTIFACTS", "FINALIZING"):
            with progress.phase(name):
                pass


def _environment(runner: Runner, order: Order, session: Session, root: Path, home: Path) -> dict[str, str]:
    build = order.build
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(home),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "CI": "true",
        "AWS_REGION": order.region,
        "AWS_DEFAULT_REGION": order.region,
        "AWS_ENDPOINT_URL": runner.url,
        **session.environment(),
        "CODEBUILD_BUILD_ID": build["id"],
        "CODEBUILD_BUILD_ARN": build["arn"],
        "CODEBUILD_BUILD_NUMBER": str(build["buildNumber"]),
        "CODEBUILD_INITIATOR": build["initiator"],
        "CODEBUILD_LOG_PATH": build["logs"]["streamName"],
        "CODEBUILD_PROJECT_ARN": f"{build['arn'].partition(':build/')[0]}:project/{build['projectName']}",
        "CODEBUILD_SRC_DIR": str(root),
        "CODEBUILD_START_TIME": str(int(build["startTime"] * 1000)),
        "CODEBUILD_SOURCE_VERSION": order.version,
    }


def _source(
    runner: Runner, order: Order, session: Session, root: Path, environment: Mapping[str, str]
) -> str:
    """The source in its folder; which version of it that is."""
    kind, location = str(order.source.get("type")), str(order.source.get("location", ""))
    s3 = runner.clients("s3", order.region, session.identity)
    try:
        return fetch(kind, location, order.version, root, environment, s3)
    except SourceError as error:
        raise _Failed(error.code, str(error)) from error


def _specification(order: Order, root: Path) -> Buildspec:
    """The build specification: a file of the source, or what was given instead."""
    text = order.buildspec
    named = root / (text or "buildspec.yml")
    if "\n" not in text:
        if not named.is_file():
            raise _Failed("YAML_FILE_ERROR", f"stat {named.name}: no such file or directory")
        text = named.read_text("utf-8")
    file = root.parent / "buildspec.yml"
    file.write_text(text, "utf-8")
    try:
        return read(file)
    except SpecError as error:
        code, _, message = str(error).partition(": ")
        raise _Failed(code, message) from error


def _variables(runner: Runner, order: Order, session: Session, spec: Buildspec) -> dict[str, str]:
    """The variables of the specification under those of the project and of whoever started the build."""
    found: dict[str, tuple[str, str]] = {name: ("PLAINTEXT", value) for name, value in spec.variables.items()}
    found |= {name: ("PARAMETER_STORE", value) for name, value in spec.parameters.items()}
    found |= {name: ("SECRETS_MANAGER", value) for name, value in spec.secrets.items()}
    found |= {each["name"]: (each.get("type", "PLAINTEXT"), each["value"]) for each in order.variables}
    values: dict[str, str] = {}
    for name, (kind, value) in found.items():
        try:
            values[name] = _value(runner, order, session, kind, value)
        except ClientError as error:
            raise _Failed("CLIENT_ERROR", f"{name}: {error}") from error
    return values


def _value(runner: Runner, order: Order, session: Session, kind: str, value: str) -> str:
    if kind == "PARAMETER_STORE":
        ssm = runner.clients("ssm", order.region, session.identity)
        return str(ssm.get_parameter(Name=value, WithDecryption=True)["Parameter"]["Value"])
    if kind == "SECRETS_MANAGER":
        parts = value.split(":")
        ident, rest = (":".join(parts[:7]), parts[7:]) if value.startswith("arn:") else (parts[0], parts[1:])
        client = runner.clients("secretsmanager", order.region, session.identity)
        text = str(client.get_secret_value(SecretId=ident)["SecretString"])
        return str(json.loads(text)[rest[0]]) if rest and rest[0] else text
    return value


class _Shell:
    """The shell of a build: commands one after the other, each going on where the last one ended."""

    def __init__(
        self,
        runner: Runner,
        shell: str,
        folder: Path,
        root: Path,
        environment: Mapping[str, str],
        end: float,
        progress: _Progress,
    ) -> None:
        self._runner, self._shell, self._end, self._progress = runner, shell, end, progress
        self._step = folder / "step"
        self._step.mkdir()
        (self._step / "environment").write_text("")
        (self._step / "folder").write_text(f"{root}\n")
        self._environment = {**environment, "CATALOG_STEP": str(self._step)}

    def run(self, phase: Phase, *, succeeding: bool) -> None:
        """A phase; raises _Failed with its first command that failed, after those that always run."""
        succeeded = self._step / "succeeding"
        succeeded.write_text("1" if succeeding else "0")
        try:
            for command in phase.commands:
                self._command(command)
        except _Failed:
            succeeded.write_text("0")
            raise
        finally:
            for command in phase.always:
                self._command(command)

    def _command(self, command: str) -> None:
        (self._step / "command").write_text(command, "utf-8")
        self._progress.lines.append(f"[Container] Running command {command.strip()}")
        with tempfile.TemporaryFile() as output:
            child = self._runner.children.start(
                [self._shell, "-c", _COMMAND],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            ended = self._wait(child)
            self._runner.children.stop(child)
            output.seek(0)
            self._progress.lines += output.read().decode("utf-8", "replace").splitlines()
        if ended:
            raise _Failed(*ended)
        if child.returncode:
            message = (
                f"Error while executing command: {command.strip()}. Reason: exit status {child.returncode}"
            )
            raise _Failed("COMMAND_EXECUTION_ERROR", message)

    def _wait(self, child: subprocess.Popen[bytes]) -> tuple[str, str, str] | None:
        """Until a command has ended; what has ended it from outside, if anything did."""
        while True:
            try:
                child.wait(timeout=0.5)
            except subprocess.TimeoutExpired:
                if self._runner.closing.is_set():
                    return "INTERNAL_SERVICE_ERROR", "the local AWS was closed", "FAULT"
                if time.monotonic() > self._end:
                    return "BUILD_TIMED_OUT", "Build has timed out.", "TIMED_OUT"
                if self._progress.stopped():
                    return "BUILD_STOPPED", "Build was stopped.", "STOPPED"
            else:
                return None
