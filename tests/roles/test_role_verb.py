"""`catalog role`: the policies, their reasons, what changed since the published role, and comparisons with files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from generator.lint import schemas
from tests.publish.conftest import Catalogue

Make = Callable[..., Catalogue]
ROLE = "catalog-launch-acme-store"
MORE = """\
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      KmsMasterKeyId: alias/aws/sns
"""


def told(made: Catalogue, *arguments: str) -> Any:
    ran = made.run("role", "store", *arguments, "--format", "json")
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def test_policies_fit_every_account_or_one_target(catalogue: Make) -> None:
    made = catalogue()
    anywhere = told(made)
    assert (anywhere["RoleName"], anywhere["PermissionsBoundary"]) == (ROLE, None)
    assert "${AWS::AccountId}" in json.dumps(anywhere["Policies"])
    here = told(made, "--target", "local")
    text = json.dumps([here["Policies"], here["Trust"]])
    assert "${AWS" not in text
    assert "arn:aws:cloudformation:us-east-1:123456789012:stack/SC-123456789012-pp-*/*" in text
    assert (
        json.dumps([anywhere["Policies"], anywhere["Trust"]])
        .replace("${AWS::Partition}", "aws")
        .replace("${AWS::AccountId}", "123456789012")
        == text
    )


def test_the_scoped_writes_are_counted_and_printed(catalogue: Make) -> None:
    made = catalogue()
    counted = told(made)["ScopedWrites"]
    assert counted["Writing"] == counted["Scoped"] + len(counted["NotScoped"])
    assert counted["Share"] >= 0.85
    share = f"scoped writes  {counted['Scoped']} of {counted['Writing']} ({counted['Share']:.0%})"
    assert share in made.run("role", "store").out


def test_what_changed_since_the_published_role_and_a_broadened_one_stands_out(catalogue: Make) -> None:
    made = catalogue()
    assert "  published      not yet\n" in made.run("role", "store").out
    assert made.run("publish").code == 0
    assert told(made)["SincePublished"] == {"Status": "unchanged", "Broadened": [], "NotAskedFor": []}
    made.edit("products/templates/store.yaml", "Resources:\n", f"Resources:\n{MORE}")
    made.edit("products/store.yaml", "1.0.0", "1.1.0")
    more = told(made)["SincePublished"]
    assert more["Status"] == "broadened"
    assert "sns:CreateTopic" in {grant["Action"] for grant in more["Broadened"]}
    assert not {grant["Action"] for grant in more["Broadened"]} & {"s3:CreateBucket"}
    text = made.run("role", "store").out
    assert f"  published      BROADENED by {len(more['Broadened'])} grants:\n    + " in text
    assert "    + sns:CreateTopic on arn:${AWS::Partition}:sns:" in text
    assert made.run("publish").code == 0
    made.edit("products/templates/store.yaml", MORE, "")
    made.edit("products/store.yaml", "1.1.0", "2.0.0")
    less = told(made)["SincePublished"]
    assert (less["Status"], less["Broadened"]) == ("unchanged", [])
    assert "sns:CreateTopic" in {grant["Action"] for grant in less["NotAskedFor"]}
    assert "no longer asked for, kept for published versions" in made.run("role", "store").out


def test_a_role_can_be_reviewed_without_a_way_to_its_account(
    catalogue: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    targets = "catalogue: acme\ndefault: local\nlocal: {}\nprod: {account: '111122223333'}\n"
    ran = catalogue({"products/targets.yaml": targets}).run("role", "store", "--target", "prod")
    assert ran.code == 0
    assert "  published      unknown: " in ran.out
    assert "no AWS credentials" in ran.out
    assert "arn:aws:cloudformation:us-east-1:111122223333:stack/" in ran.out


def test_every_action_has_its_reasons_and_the_date_of_the_schemas(catalogue: Make) -> None:
    made = catalogue()
    why = told(made, "--why")
    assert why["SchemaDate"] == schemas.date()
    granted = {
        (action, resource)
        for policy in told(made)["Policies"]
        for statement in policy["Statement"]
        for action in statement["Action"]
        for resource in statement["Resource"]
    }
    assert {(reason["Action"], reason["Resource"]) for reason in why["Reasons"]} == granted
    assert all(reason["Handler"] and reason["Because"] for reason in why["Reasons"])
    (encryption,) = [each for each in why["Reasons"] if each["Action"] == "s3:PutEncryptionConfiguration"][:1]
    assert (encryption["LogicalId"], encryption["Type"]) == ("Bucket", "AWS::S3::Bucket")
    assert "BucketEncryption" in encryption["Because"]
    text = made.run("role", "store", "--why").out
    assert f"resource schemas of {schemas.date()}" in text
    assert "\n  Bucket (AWS::S3::Bucket), create: " in text
    assert made.run("role", "store", "--why", "--compare", "x").code == 64


WIDE = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": ["iam:AttachUserPolicy", "s3:CreateBucket"], "Resource": "*"},
        {"Effect": "Allow", "Action": "sns:*", "Resource": "*"},
    ],
}


def cfn(document: Any) -> dict[str, Any]:
    properties = {
        "Policies": [{"PolicyName": "p", "PolicyDocument": document}],
        "AssumeRolePolicyDocument": {},
    }
    return {"Type": "AWS::IAM::Role", "Properties": properties}


SHAPES = {
    "document": WIDE,
    "list": [{**WIDE, "Statement": WIDE["Statement"][0]}, {**WIDE, "Statement": WIDE["Statement"][1]}],
    "resource": cfn(WIDE),
    "template": {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}, "Role": cfn(WIDE)}},
    "policy": {
        "Resources": {"P": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": WIDE}}}
    },
    "get-role-policy": {"RoleName": "r", "PolicyName": "p", "PolicyDocument": WIDE},
    "get-policy-version": {"PolicyVersion": {"Document": WIDE, "VersionId": "v1", "IsDefaultVersion": True}},
    "encoded": {"RoleName": "r", "PolicyName": "p", "PolicyDocument": quote(json.dumps(WIDE))},
    "details": {
        "RoleDetailList": [{"RoleName": "r", "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": WIDE}]}]
    },
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_file_of_any_common_shape_is_compared(shape: str, catalogue: Make, tmp_path: Path) -> None:
    file = tmp_path / "role.json"
    file.write_text(json.dumps(SHAPES[shape], indent=1))
    found = told(catalogue(), "--compare", str(file))
    too_much = {(each["Action"], each["Severity"]) for each in found["TooMuch"]["Differences"]}
    assert {
        ("iam:AttachUserPolicy", "high"),
        ("s3:CreateBucket", "medium"),
        ("sns:GetTopicAttributes", "low"),
    } <= too_much
    lacking = {each["Action"] for each in found["Lacking"]["Differences"]}
    assert "s3:PutEncryptionConfiguration" in lacking
    assert "s3:CreateBucket" not in lacking
    for side in ("TooMuch", "Lacking"):
        order = [
            (each["Service"], ["high", "medium", "low"].index(each["Severity"]))
            for each in found[side]["Differences"]
        ]
        assert order == sorted(order)
        assert sum(found[side]["Count"].values()) == len(order)


def test_cloudformation_yaml_is_read_with_its_intrinsics(catalogue: Make, tmp_path: Path) -> None:
    file = tmp_path / "role.yaml"
    file.write_text(
        """\
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      ManagedPolicyArns: [arn:aws:iam::aws:policy/AmazonS3FullAccess]
      Policies:
        - PolicyName: p
          PolicyDocument:
            Statement:
              - Effect: Allow
                Action: cloudformation:CreateStack
                Resource: !Sub arn:${AWS::Partition}:cloudformation:${AWS::Region}:${AWS::AccountId}:stack/SC-*
              - {Effect: Deny, Action: 's3:*', Resource: !Join ['', ['arn:aws:s3:::', !Ref Bucket]]}
"""
    )
    made = catalogue()
    found = told(made, "--compare", str(file))
    assert found["Notes"] == [
        "Deny statements are not subtracted: what they deny still shows as allowed",
        "the attached policy arn:aws:iam::aws:policy/AmazonS3FullAccess is not in the file and not weighed",
    ]
    (wider,) = found["TooMuch"]["Differences"]
    assert wider["Resource"] == "arn:aws:cloudformation:${AWS::Region}:123456789012:stack/SC-*"
    text = made.run("role", "store", "--compare", str(file)).out
    assert text.startswith(f"{file} against {ROLE}\nnote: Deny statements")
    assert "Too much: 1 (0 high, 1 medium, 0 low)\n  cloudformation\n    medium CreateStack on arn:" in text


def test_the_role_itself_has_neither_too_much_nor_too_little(catalogue: Make, tmp_path: Path) -> None:
    made = catalogue()
    file = tmp_path / "same.json"
    file.write_text(json.dumps(told(made, "--target", "local")["Policies"]))
    text = made.run("role", "store", "--compare", str(file)).out
    assert text == f"{file} against {ROLE}\n\nToo much: nothing\n\nLacking: nothing\n"


BAD = [
    ('{"Statement": [\n  {"Effect": "Allow",}\n]}', ":2:", "broken JSON"),
    (
        '{"Statement": [\n {"Effect": "allow", "Action": "*", "Resource": "*"}]}',
        ":2:3: Effect is neither Allow nor Deny",
        "",
    ),
    (
        '{"Statement": [\n {"Effect": "Allow", "Resource": "*"}]}',
        ":2:2: a statement has exactly one of Action",
        "",
    ),
    (
        '{"Statement": {"Effect": "Allow", "Action": 5, "Resource": "*"}}',
        ":1:35: Action is a text or a list",
        "",
    ),
    ('{"Statement": []}', ":1:2: Statement holds no statements", ""),
    ('{"Statement": ["x"]}', ":1:16: a statement is a mapping", ""),
    (
        '{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}}',
        "the policy of a resource or a trust policy",
        "",
    ),
    ('{"Role": {"RoleName": "r"}}', "describes a role without its policies", "get-role-policy"),
    ('{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}', "holds no policy", ""),
    (
        '{"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": {"ManagedPolicyArns": ["arn:x"]}}}}',
        "arn:x",
        "",
    ),
    ('{"RoleName": "r", "PolicyDocument": "%7Bx"}', ":1:19: is no policy: broken JSON", ""),
    ("[]", "holds no policy", ""),
    ('"text"', "is neither a policy nor something that holds policies", ""),
    ("Statement:\n  - Effect: Allow\n    Action: [\n", ":4:", "broken YAML"),
    ("", "the file is empty", ""),
]


@pytest.mark.parametrize(("text", "message", "more"), BAD)
def test_a_bad_file_is_told_at_its_line(
    text: str, message: str, more: str, catalogue: Make, tmp_path: Path
) -> None:
    file = tmp_path / "role.json"
    file.write_text(text)
    ran = catalogue().run("role", "store", "--compare", str(file))
    assert ran.code == 1
    assert message in ran.err
    assert more in ran.err
    assert "Traceback" not in ran.err


def test_no_such_file(catalogue: Make) -> None:
    ran = catalogue().run("role", "store", "--compare", "nowhere.json")
    assert (ran.code, ran.err) == (
        1,
        "nowhere.json: cannot be read (No such file or directory). Name a file with policies.\n",
    )
