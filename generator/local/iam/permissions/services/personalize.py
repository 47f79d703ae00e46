"""What Personalize's dataset groups and what is in them need, reviewed by hand. Owns facts only."""

from __future__ import annotations

from generator.local.iam.permissions.review import Call, Reviewed, authorization, key_arn, passes, tags_by

_PAGE = authorization("amazonpersonalize")
_ARN = "arn:{partition}:personalize:{region}:{account}:"
_SERVICE = "personalize.amazonaws.com"
_KEYS = "https://docs.aws.amazon.com/personalize/latest/dg/data-encryption.html"
_TAGS = tags_by(
    "personalize:TagResource", "personalize:UntagResource", lists="personalize:ListTagsForResource"
)

SCHEMA = Reviewed(
    "AWS::Personalize::Schema",
    _ARN + "schema/{name}",
    _PAGE,
    (
        Call("personalize:CreateSchema", "c"),
        Call("personalize:DescribeSchema", "crd"),
        Call("personalize:DeleteSchema", "d"),
    ),
    name="Name",
    tags="",
)

DATASET_GROUP = Reviewed(
    "AWS::Personalize::DatasetGroup",
    _ARN + "dataset-group/{name}",
    _PAGE,
    (
        Call("personalize:CreateDatasetGroup", "c", tagging="sends"),
        Call("personalize:DescribeDatasetGroup", "crd"),
        passes("RoleArn", _SERVICE, "c"),
        Call("kms:DescribeKey", "c", "{each}", each="KmsKeyArn", to=key_arn, source=_KEYS),
        Call(
            "kms:CreateGrant",
            "c",
            "{each}",
            each="KmsKeyArn",
            to=key_arn,
            source=_KEYS,
            keys={"kms:ViaService": "personalize.{region}.amazonaws.com"},
        ),
        Call("personalize:DeleteDatasetGroup", "d"),
        *_TAGS,
    ),
    name="Name",
)


def _in_group(
    kind: str, path: str, *, updated: bool, tagged: bool = True, more: tuple[Call, ...] = ()
) -> Reviewed:
    """Something that is made in a dataset group, which is asked about too."""
    calls = (
        Call(f"personalize:Create{kind}", "c", tagging="sends" if tagged else ""),
        Call(f"personalize:Create{kind}", "c", "{DatasetGroupArn}"),
        Call(f"personalize:Describe{kind}", "crd"),
        *more,
        *((Call(f"personalize:Update{kind}", "u"),) if updated else ()),
        Call(f"personalize:Delete{kind}", "d"),
        *(_TAGS if tagged else ()),
    )
    name = "" if kind == "Dataset" else "Name"
    return Reviewed(f"AWS::Personalize::{kind}", f"{_ARN}{path}/{{name}}", _PAGE, calls, name=name)


_IMPORT = ("DatasetImportJob",)
DATASET = _in_group(
    "Dataset",
    "dataset",
    updated=False,
    more=(
        Call("personalize:CreateDatasetImportJob", "cu", when=_IMPORT, changed=_IMPORT),
        Call(
            "personalize:CreateDatasetImportJob",
            "cu",
            _ARN + "dataset-import-job/{DatasetImportJob.JobName}",
            when=_IMPORT,
            changed=_IMPORT,
        ),
        passes("DatasetImportJob.RoleArn", _SERVICE, "cu", changed=_IMPORT),
    ),
)

TYPES = (
    SCHEMA,
    DATASET_GROUP,
    DATASET,
    _in_group("Solution", "solution", updated=False),
    _in_group("EventTracker", "event-tracker", updated=False),
    _in_group("Filter", "filter", updated=False),
)
