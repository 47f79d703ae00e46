"""Lambda, Step Functions, CloudWatch Logs and Secrets Manager, whose resources take more than one call.

Functions are kept as what they are configured to be; nothing here runs code.
"""

from __future__ import annotations

import io
import json
import string
import zipfile
from collections.abc import Mapping
from typing import Any, Final

from .. import names
from ..intrinsics import text
from .fitting import fit
from .provider import Made, Request, ResourceError, tag_list


def _shape(client: Any, operation: str) -> Any:
    return client.meta.service_model.operation_model(operation).input_shape


def _tag_changes(request: Request) -> tuple[dict[str, str], list[str]]:
    before = {tag["Key"]: tag["Value"] for tag in tag_list(request.previous.get(request.kind.tag_property))}
    after = {tag["Key"]: tag["Value"] for tag in request.tags()}
    return (
        {key: value for key, value in after.items() if before.get(key) != value},
        [key for key in before if key not in after],
    )


class Function:
    simulated = False

    def create(self, request: Request) -> Made:
        client, properties = request.client("lambda"), dict(request.properties)
        arguments = fit({**properties, "Code": None}, _shape(client, "CreateFunction"))
        arguments["Code"] = self._code(properties)
        arguments["Tags"] = {tag["Key"]: tag["Value"] for tag in request.tags()}
        answer = client.create_function(**arguments)
        if "ReservedConcurrentExecutions" in properties:
            client.put_function_concurrency(
                FunctionName=properties["FunctionName"],
                ReservedConcurrentExecutions=int(properties["ReservedConcurrentExecutions"]),
            )
        return Made(properties["FunctionName"], {"Arn": answer["FunctionArn"]})

    def update(self, request: Request) -> Made:
        client, name = request.client("lambda"), request.physical_id
        if request.changed("Code"):
            code = self._code(request.properties)
            client.update_function_code(FunctionName=name, **code)
        rest = {
            key: value
            for key, value in request.properties.items()
            if key not in {"Code", "Tags", "FunctionName"}
        }
        if request.changed(*{*rest, *request.previous} - {"Code", "Tags", "FunctionName"}):
            client.update_function_configuration(
                **{**fit(rest, _shape(client, "UpdateFunctionConfiguration")), "FunctionName": name}
            )
        fresh, gone = _tag_changes(request)
        if fresh:
            client.tag_resource(Resource=request.attributes["Arn"], Tags=fresh)
        if gone:
            client.untag_resource(Resource=request.attributes["Arn"], TagKeys=gone)
        return Made(name, dict(request.attributes))

    def delete(self, request: Request) -> None:
        request.client("lambda").delete_function(FunctionName=request.physical_id)

    def _code(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        """The code as the API takes it: inline source is zipped as CloudFormation does, as index.<suffix>."""
        code = properties["Code"]
        if "ZipFile" not in code:
            return {
                name: code[name]
                for name in ("ImageUri", "S3Bucket", "S3Key", "S3ObjectVersion")
                if name in code
            }
        runtime = str(properties.get("Runtime", ""))
        if not runtime.startswith(("nodejs", "python")):
            raise ResourceError(
                f"ZipFile can only be used when Runtime is set to either of nodejs or python, not {runtime}"
            )
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            entry = zipfile.ZipInfo(
                "index.js" if runtime.startswith("nodejs") else "index.py", (1980, 1, 1, 0, 0, 0)
            )
            file.writestr(entry, code["ZipFile"])
        return {"ZipFile": archive.getvalue()}


class Permission:
    simulated = False

    def create(self, request: Request) -> Made:
        client = request.client("lambda")
        statement = request.name(limit=100)
        arguments = fit(request.properties, _shape(client, "AddPermission"))
        client.add_permission(**arguments, StatementId=statement)
        return Made(statement, {"Id": statement})

    def update(self, request: Request) -> Made:
        return Made(request.physical_id, dict(request.attributes))

    def delete(self, request: Request) -> None:
        request.client("lambda").remove_permission(
            FunctionName=request.properties["FunctionName"], StatementId=request.physical_id
        )


class EventSourceMapping:
    simulated = False

    def create(self, request: Request) -> Made:
        client = request.client("lambda")
        arguments = fit(request.properties, _shape(client, "CreateEventSourceMapping"))
        answer = client.create_event_source_mapping(**arguments)
        return Made(
            answer["UUID"], {"Id": answer["UUID"], "EventSourceMappingArn": answer["EventSourceMappingArn"]}
        )

    def update(self, request: Request) -> Made:
        client = request.client("lambda")
        arguments = fit(request.properties, _shape(client, "UpdateEventSourceMapping"))
        client.update_event_source_mapping(**{**arguments, "UUID": request.physical_id})
        return Made(request.physical_id, dict(request.attributes))

    def delete(self, request: Request) -> None:
        request.client("lambda").delete_event_source_mapping(UUID=request.physical_id)


class EventInvokeConfig:
    simulated = False

    def create(self, request: Request) -> Made:
        client = request.client("lambda")
        client.put_function_event_invoke_config(
            **fit(request.properties, _shape(client, "PutFunctionEventInvokeConfig"))
        )
        name, qualifier = request.properties["FunctionName"], request.properties["Qualifier"]
        return Made(f"{name}|{qualifier}", {})

    def update(self, request: Request) -> Made:
        return self.create(request)

    def delete(self, request: Request) -> None:
        request.client("lambda").delete_function_event_invoke_config(
            FunctionName=request.properties["FunctionName"], Qualifier=request.properties["Qualifier"]
        )


class StateMachine:
    simulated = False

    def create(self, request: Request) -> Made:
        client, properties = request.client("stepfunctions"), request.properties
        shape = _shape(client, "CreateStateMachine")
        rename = {"StateMachineName": "name", "StateMachineType": "type", "Tags": ""}
        kept = {k: v for k, v in properties.items() if k not in {"Definition", "DefinitionString"}}
        arguments = fit(kept, shape, rename) | {"definition": self._definition(request)}
        tags = [{"key": tag["Key"], "value": tag["Value"]} for tag in request.tags()]
        answer = client.create_state_machine(**arguments, tags=tags)
        arn, name = answer["stateMachineArn"], properties["StateMachineName"]
        return Made(arn, {"Arn": arn, "Name": name, "StateMachineRevisionId": "INITIAL"})

    def update(self, request: Request) -> Made:
        client, arn = request.client("stepfunctions"), request.physical_id
        client.update_state_machine(
            stateMachineArn=arn, definition=self._definition(request), roleArn=request.properties["RoleArn"]
        )
        fresh, gone = _tag_changes(request)
        if fresh:
            client.tag_resource(resourceArn=arn, tags=[{"key": k, "value": v} for k, v in fresh.items()])
        if gone:
            client.untag_resource(resourceArn=arn, tagKeys=gone)
        return Made(arn, dict(request.attributes))

    def delete(self, request: Request) -> None:
        request.client("stepfunctions").delete_state_machine(stateMachineArn=request.physical_id)

    def _definition(self, request: Request) -> str:
        properties = request.properties
        if "DefinitionString" in properties:
            definition = str(properties["DefinitionString"])
        elif "Definition" in properties:
            definition = json.dumps(properties["Definition"])
        elif "DefinitionS3Location" in properties:
            place = properties["DefinitionS3Location"]
            answer = request.client("s3").get_object(Bucket=place["Bucket"], Key=place["Key"])
            definition = answer["Body"].read().decode()
        else:
            raise ResourceError("One of Definition, DefinitionString and DefinitionS3Location is required")
        for name, value in properties.get("DefinitionSubstitutions", {}).items():
            definition = definition.replace(f"${{{name}}}", text(value))
        return definition


class LogGroup:
    simulated = False

    def create(self, request: Request) -> Made:
        logs, name = request.client("logs"), request.properties["LogGroupName"]
        tags = {tag["Key"]: tag["Value"] for tag in request.tags()}
        key = {"kmsKeyId": request.properties["KmsKeyId"]} if "KmsKeyId" in request.properties else {}
        logs.create_log_group(logGroupName=name, **key, **({"tags": tags} if tags else {}))
        self._retain(request, name)
        return Made(name, {"Arn": request.arn("logs", f"log-group:{name}:*")})

    def update(self, request: Request) -> Made:
        self._retain(request, request.physical_id)
        fresh, gone = _tag_changes(request)
        arn = request.attributes["Arn"].removesuffix(":*")
        if fresh:
            request.client("logs").tag_resource(resourceArn=arn, tags=fresh)
        if gone:
            request.client("logs").untag_resource(resourceArn=arn, tagKeys=gone)
        return Made(request.physical_id, dict(request.attributes))

    def delete(self, request: Request) -> None:
        request.client("logs").delete_log_group(logGroupName=request.physical_id)

    def _retain(self, request: Request, name: str) -> None:
        if not request.changed("RetentionInDays"):
            return
        logs, days = request.client("logs"), request.properties.get("RetentionInDays")
        if days is None:
            logs.delete_retention_policy(logGroupName=name)
        else:
            logs.put_retention_policy(logGroupName=name, retentionInDays=int(days))


_PUNCTUATION: Final = string.punctuation


class Secret:
    """A secret; a generated one is derived from the stack, so that a rebuilt state has the same."""

    simulated = False

    def create(self, request: Request) -> Made:
        client, properties = request.client("secretsmanager"), request.properties
        given = {name: properties[name] for name in ("Name", "Description", "KmsKeyId") if name in properties}
        answer = client.create_secret(**given, SecretString=self._value(request), Tags=request.tags())
        return Made(answer["ARN"], {"Id": answer["ARN"]})

    def update(self, request: Request) -> Made:
        client, arn = request.client("secretsmanager"), request.physical_id
        given = {
            name: request.properties[name]
            for name in ("Description", "KmsKeyId")
            if name in request.properties
        }
        if request.changed("SecretString", "GenerateSecretString"):
            given["SecretString"] = self._value(request)
        if given and request.changed("Description", "KmsKeyId", "SecretString", "GenerateSecretString"):
            client.update_secret(SecretId=arn, **given)
        fresh, gone = _tag_changes(request)
        if fresh:
            client.tag_resource(SecretId=arn, Tags=[{"Key": k, "Value": v} for k, v in fresh.items()])
        if gone:
            client.untag_resource(SecretId=arn, TagKeys=gone)
        return Made(arn, dict(request.attributes))

    def delete(self, request: Request) -> None:
        request.client("secretsmanager").delete_secret(
            SecretId=request.physical_id, ForceDeleteWithoutRecovery=True
        )

    def _value(self, request: Request) -> str:
        properties = request.properties
        if "GenerateSecretString" not in properties:
            return str(properties.get("SecretString", ""))
        wanted = properties["GenerateSecretString"]
        excluded = set(str(wanted.get("ExcludeCharacters", "")))
        alphabet = string.ascii_lowercase
        for flag, letters in (
            ("ExcludeUppercase", string.ascii_uppercase),
            ("ExcludeNumbers", string.digits),
            ("ExcludePunctuation", _PUNCTUATION),
        ):
            if str(wanted.get(flag, False)).lower() != "true":
                alphabet += letters
        alphabet = "".join(letter for letter in alphabet if letter not in excluded)
        length = int(wanted.get("PasswordLength", 32))
        password = "".join(
            names.token(request.stack_id, request.logical_id, str(place), length=1, alphabet=alphabet)
            for place in range(length)
        )
        if "GenerateStringKey" not in wanted:
            return password
        return json.dumps(
            {**json.loads(wanted.get("SecretStringTemplate", "{}")), wanted["GenerateStringKey"]: password}
        )
