"""The operations on templates: what is in one, and whether it is one."""

from __future__ import annotations

import json
from collections.abc import Mapping

from generator.local.service import Call, ServiceError

from . import answers, document
from .account import parsed
from .api import SERVICE, Answer
from .change_set_api import named
from .operation import Operations
from .parameters import declared
from .prepare import summary_of
from .wanted import template_text


@SERVICE.operation("GetTemplate")
def get_template(call: Call) -> Answer:
    operations, params = Operations(call), call.params
    stack = operations.existing(params.get("StackName") or params.get("ChangeSetName", ""))
    original, processed = stack.template, stack.processed
    if name := params.get("ChangeSetName"):
        change_set = named(operations, name, params.get("StackName", ""))
        original, processed = change_set.template, change_set.processed
    body = processed if params.get("TemplateStage") == "Processed" and processed else original
    return {"TemplateBody": body, "StagesAvailable": ["Original", "Processed"]}


@SERVICE.operation("GetTemplateSummary")
def get_template_summary(call: Call) -> Answer:
    operations, params = Operations(call), call.params
    if "StackSetName" in params:
        raise ServiceError("StackSetNotFoundException", f"StackSet {params['StackSetName']} not found", 404)
    text = (
        operations.existing(params["StackName"]).template
        if "StackName" in params
        else template_text(call, operations.store, params)
    )
    source = parsed(text)
    template = summary_of(source)
    resources = template.get("Resources", {})
    types = list(
        dict.fromkeys(r["Type"] for r in resources.values() if isinstance(r, Mapping) and "Type" in r)
    )
    return {
        "Parameters": [answers.declaration(parameter) for parameter in declared(source).values()],
        "ResourceTypes": types,
        **(
            {"Version": str(source["AWSTemplateFormatVersion"])}
            if "AWSTemplateFormatVersion" in source
            else {}
        ),
        **({"Metadata": json.dumps(source["Metadata"])} if "Metadata" in source else {}),
        "ResourceIdentifierSummaries": [
            {
                "ResourceType": kind,
                "LogicalResourceIds": [n for n, r in resources.items() if r.get("Type") == kind],
            }
            for kind in types
        ],
        **answers.template(source),
    }


@SERVICE.operation("ValidateTemplate")
def validate_template(call: Call) -> Answer:
    operations = Operations(call)
    source = parsed(template_text(call, operations.store, call.params))
    parameters = declared(source)
    if not document.transforms(source):
        document.check(source, operations.knows)
    return {
        "Parameters": [answers.template_parameter(parameter) for parameter in parameters.values()],
        **answers.template(source),
    }
