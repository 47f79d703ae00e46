"""What API Gateway's REST, HTTP and WebSocket APIs need, reviewed by hand.

Owns facts only. The actions are the verbs of HTTP, asked on the path of the request: an API's ARN has no account, and
what is made is asked about by the list that it will be in.
"""

from __future__ import annotations

from generator.local.iam.permissions.review import Call, Reviewed, authorization, passes

_PAGE = authorization("amazonapigatewaymanagement")
_V2 = authorization("amazonapigatewaymanagementv2")
_ROOT = "arn:{partition}:apigateway:{region}::"
_TAGS = _ROOT + "/tags/*"
_SERVICE = "apigateway.amazonaws.com"
_LOGGING = "https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html"


def _tags() -> tuple[Call, ...]:
    """The ARN of what is tagged is part of the path, encoded."""
    return (
        Call("apigateway:PUT", "cu", _TAGS, tagging="adds"),
        Call("apigateway:DELETE", "u", _TAGS, tagging="removes"),
    )


def _in_list(list_arn: str, *, item: str = "{arn}") -> tuple[Call, ...]:
    """The calls for one thing of a list."""
    return (
        Call("apigateway:POST", "c", list_arn),
        Call("apigateway:GET", "r", item),
        Call("apigateway:PATCH", "u", item),
        Call("apigateway:DELETE", "d", item),
    )


REST_API = Reviewed(
    "AWS::ApiGateway::RestApi",
    _ROOT + "/restapis/{name}",
    _PAGE,
    (
        *_in_list(_ROOT + "/restapis"),
        # A definition is put over the API that was made.
        Call("apigateway:PUT", "cu", when=("Body",), changed=("Body",)),
        Call("apigateway:PUT", "cu", when=("BodyS3Location",), changed=("BodyS3Location",)),
        Call(
            "s3:GetObject",
            "cu",
            "arn:{partition}:s3:::{BodyS3Location.Bucket}/{BodyS3Location.Key}",
            when=("BodyS3Location",),
            changed=("BodyS3Location",),
        ),
        Call("apigateway:UpdateRestApiPolicy", "c", _ROOT + "/restapis", when=("Policy",)),
        Call("apigateway:UpdateRestApiPolicy", "u", changed=("Policy",)),
        *_tags(),
    ),
)

_REST = _ROOT + "/restapis/{RestApiId}"

RESOURCE = Reviewed(
    "AWS::ApiGateway::Resource",
    _REST + "/resources/{name}",
    _PAGE,
    _in_list(_REST + "/resources"),
    tags="",
)

_METHOD = _REST + "/resources/{ResourceId}/methods/{HttpMethod}"
METHOD = Reviewed(
    "AWS::ApiGateway::Method",
    _METHOD,
    _PAGE,
    (
        Call("apigateway:PUT", "cu"),
        Call(
            "apigateway:PUT", "cu", _METHOD + "/integration", when=("Integration",), changed=("Integration",)
        ),
        Call("apigateway:GET", "r"),
        Call("apigateway:DELETE", "d"),
        passes("Integration.Credentials", _SERVICE, "cu", changed=("Integration",)),
    ),
    name="HttpMethod",
    tags="",
)

DEPLOYMENT = Reviewed(
    "AWS::ApiGateway::Deployment",
    _REST + "/deployments/{name}",
    _PAGE,
    _in_list(_REST + "/deployments"),
    tags="",
)

STAGE = Reviewed(
    "AWS::ApiGateway::Stage",
    _REST + "/stages/{name}",
    _PAGE,
    (*_in_list(_REST + "/stages"), *_tags()),
    name="StageName",
)

ACCOUNT = Reviewed(
    "AWS::ApiGateway::Account",
    _ROOT + "/account",
    _PAGE,
    (
        Call("apigateway:PATCH", "cu"),
        Call("apigateway:GET", "r"),
        passes("CloudWatchRoleArn", _SERVICE, "cu", changed=("CloudWatchRoleArn",)),
    ),
    tags="",
)

API = Reviewed(
    "AWS::ApiGatewayV2::Api",
    _ROOT + "/apis/{name}",
    _V2,
    (
        *_in_list(_ROOT + "/apis"),
        passes("CredentialsArn", _SERVICE, "cu", changed=("CredentialsArn",)),
        *_tags(),
    ),
)

_API = _ROOT + "/apis/{ApiId}"

INTEGRATION = Reviewed(
    "AWS::ApiGatewayV2::Integration",
    _API + "/integrations/{name}",
    _V2,
    (
        *_in_list(_API + "/integrations"),
        passes("CredentialsArn", _SERVICE, "cu", changed=("CredentialsArn",)),
    ),
    tags="",
)

ROUTE = Reviewed(
    "AWS::ApiGatewayV2::Route",
    _API + "/routes/{name}",
    _V2,
    _in_list(_API + "/routes"),
    tags="",
)

_LOGS = ("AccessLogSettings",)
V2_STAGE = Reviewed(
    "AWS::ApiGatewayV2::Stage",
    _API + "/stages/{name}",
    _V2,
    (
        *_in_list(_API + "/stages"),
        # Access logs are delivered under a resource policy of CloudWatch Logs that the caller extends.
        *(
            Call(f"logs:{name}", "cu", "*", when=_LOGS, changed=_LOGS, source=_LOGGING)
            for name in ("CreateLogDelivery", "PutResourcePolicy", "DescribeResourcePolicies")
        ),
        Call("logs:UpdateLogDelivery", "u", "*", when=_LOGS, changed=_LOGS, source=_LOGGING),
        Call("logs:DeleteLogDelivery", "d", "*", when=_LOGS, source=_LOGGING),
        *_tags(),
    ),
    name="StageName",
)

TYPES = (REST_API, RESOURCE, METHOD, DEPLOYMENT, STAGE, ACCOUNT, API, INTEGRATION, ROUTE, V2_STAGE)
