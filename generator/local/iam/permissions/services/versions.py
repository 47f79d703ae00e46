"""What versions, aliases, layers, URLs and asynchronous settings of Lambda functions need, reviewed by hand.

Owns facts only. All but layers are asked about on their function.
"""

from __future__ import annotations

from generator.local.iam.permissions.review import Call, Reviewed, authorization, function_arn

_PAGE = authorization("awslambda")
_ARN = "arn:{partition}:lambda:{region}:{account}:"


def _on_function(action: str, at: str, path: str = "FunctionName", **more: str) -> Call:
    return Call(f"lambda:{action}", at, "{each}", each=path, to=function_arn, keys=more)


EVENT_INVOKE_CONFIG = Reviewed(
    "AWS::Lambda::EventInvokeConfig",
    "{FunctionName}",
    _PAGE,
    (
        _on_function("PutFunctionEventInvokeConfig", "c"),
        _on_function("GetFunctionEventInvokeConfig", "r"),
        _on_function("UpdateFunctionEventInvokeConfig", "u"),
        _on_function("DeleteFunctionEventInvokeConfig", "d"),
    ),
    name="FunctionName",
    tags="",
)

VERSION = Reviewed(
    "AWS::Lambda::Version",
    "{FunctionName}",
    _PAGE,
    (
        _on_function("PublishVersion", "c"),
        _on_function("GetFunctionConfiguration", "cr"),
        _on_function("DeleteFunction", "d"),
    ),
    name="FunctionName",
    tags="",
)

ALIAS = Reviewed(
    "AWS::Lambda::Alias",
    "{FunctionName}",
    _PAGE,
    (
        _on_function("CreateAlias", "c"),
        _on_function("GetAlias", "crud"),
        _on_function("UpdateAlias", "u"),
        _on_function("DeleteAlias", "d"),
    ),
    name="FunctionName",
    tags="",
)

_AUTH = {"lambda:FunctionUrlAuthType": "{AuthType}"}
URL = Reviewed(
    "AWS::Lambda::Url",
    "{TargetFunctionArn}",
    _PAGE,
    (
        _on_function("CreateFunctionUrlConfig", "c", "TargetFunctionArn", **_AUTH),
        _on_function("GetFunctionUrlConfig", "rud", "TargetFunctionArn", **_AUTH),
        _on_function("UpdateFunctionUrlConfig", "u", "TargetFunctionArn", **_AUTH),
        _on_function("DeleteFunctionUrlConfig", "d", "TargetFunctionArn", **_AUTH),
    ),
    tags="",
)

LAYER = Reviewed(
    "AWS::Lambda::LayerVersion",
    _ARN + "layer:{LayerName}:*",
    _PAGE,
    (
        Call("lambda:PublishLayerVersion", "c", _ARN + "layer:{LayerName}"),
        Call("s3:GetObject", "c", "arn:{partition}:s3:::{Content.S3Bucket}/{Content.S3Key}"),
        Call("lambda:GetLayerVersion", "cr"),
        Call("lambda:DeleteLayerVersion", "d"),
    ),
    tags="",
)

TYPES = (EVENT_INVOKE_CONFIG, VERSION, ALIAS, URL, LAYER)
