"""What Organizations brings along: the policies it attaches by itself, and the services that RCPs bind.

Owns these facts only; how they weigh is in `evaluation`.
"""

from __future__ import annotations

from generator.local.iam.policy import CURRENT_VERSION, Policy, Principals, Statement

# Organizations attaches these by itself; with them alone nothing is restricted.
FULL_ACCESS = Policy(
    (Statement("Allow", 1, actions=("*",), resources=("*",)),), CURRENT_VERSION, name="FullAWSAccess"
)
RESOURCE_FULL_ACCESS = Policy(
    (Statement("Allow", 1, actions=("*",), resources=("*",), principals=Principals(anyone=True)),),
    CURRENT_VERSION,
    name="RCPFullAWSAccess",
)

# The services whose resources RCPs bind; the list grows.
# https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
RESOURCE_CONTROLLED = frozenset(
    [
        "aoss",
        "appconfig",
        "appstream",
        "autoscaling",
        "autoscaling-plans",
        "budgets",
        "clouddirectory",
        "cloudfront",
        "cloudsearch",
        "cloudtrail-data",
        "codeartifact",
        "codebuild",
        "codecommit",
        "codepipeline",
        "cognito-identity",
        "cognito-idp",
        "comprehend",
        "comprehendmedical",
        "compute-optimizer",
        "cost-optimization-hub",
        "dax",
        "dsql",
        "dynamodb",
        "ecr",
        "ecr-public",
        "events",
        "firehose",
        "fis",
        "fms",
        "gamelift",
        "health",
        "inspector-scan",
        "kendra",
        "kinesisvideo",
        "kms",
        "logs",
        "memorydb",
        "networkmonitor",
        "notifications",
        "opensearch",
        "pca-connector-ad",
        "personalize",
        "polly",
        "pricing",
        "resource-groups",
        "rolesanywhere",
        "s3",
        "secretsmanager",
        "servicediscovery",
        "signin",
        "sqs",
        "sts",
        "support",
        "swf",
        "textract",
        "timestream-influxdb",
        "transcribe",
        "transfer",
        "translate",
        "wafv2",
        "workspaces",
        "xray",
    ]
)
