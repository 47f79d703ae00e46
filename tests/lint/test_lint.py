"""Linting whole templates: places, regions, suppressions, and that one template leaves nothing behind for the next."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Sequence

import pytest

from generator.errors import FactoryError
from generator.lint import Finding, Job, Suppression, lint, lint_many
from tests.lint import samples


def findings(text: str, *regions: str, exceptions: Sequence[Suppression] = ()) -> tuple[Finding, ...]:
    return lint(
        {}, text=text, product="p", blueprint="b", regions=regions or ("us-east-1",), exceptions=exceptions
    )


def brief(found: Sequence[Finding]) -> list[tuple[str, str]]:
    return [(finding.place, finding.rule) for finding in found]


def test_a_clean_template_has_no_findings() -> None:
    assert findings(samples.CLEAN, "eu-west-1", "us-east-1") == ()


def test_a_finding_knows_whose_it_is_and_where() -> None:
    found = findings(samples.FAULTY)
    assert brief(found) == samples.FAULTS
    volume = found[-1]
    assert (volume.product, volume.blueprint, volume.level, volume.regions) == (
        "p",
        "b",
        "error",
        ("us-east-1",),
    )
    assert "Encrypted" in volume.message
    assert volume.source.startswith("https://")
    assert samples.FAULTY.splitlines()[volume.line - 1] == "    Properties:"
    name = found[2]
    assert samples.FAULTY.splitlines()[name.line - 1][name.column - 1 :].startswith("Name:")


def test_a_template_without_text_has_no_lines() -> None:
    template = {
        "Resources": {
            "Volume": {"Type": "AWS::EC2::Volume", "Properties": {"AvailabilityZone": "x", "Size": 8}}
        }
    }
    found = lint(template, text="", product="p", blueprint="b", regions=["us-east-1"])
    assert "E9004" in {finding.rule for finding in found}
    assert {(finding.line, finding.column) for finding in found} == {(0, 0)}


def test_json_text_is_read_too() -> None:
    (found,) = findings(
        '{"Resources": {"Volume": {"Type": "AWS::EC2::Volume",\n "Properties": {"AvailabilityZone": {"Ref": "AWS::Region"}, "Size": 8}}}}'
    )
    assert found.rule == "E9004"


def test_findings_are_merged_over_regions() -> None:
    text = (
        samples.FAULTY
        + "  Project:\n    Type: AWS::SageMaker::Device\n    Properties: {DeviceFleetName: fleet}\n"
    )
    found = {
        (finding.place, finding.rule): finding.regions
        for finding in findings(text, "us-east-1", "ap-southeast-7")
    }
    assert found["Resources/Volume/Properties", "E9004"] == ("ap-southeast-7", "us-east-1")
    assert found["Resources/Project/Type", "E3006"] == ("ap-southeast-7",)
    assert found["Resources/Project/Type", "E9001"] == ("ap-southeast-7", "us-east-1")


def test_a_message_that_names_the_region_does_not_split_a_finding() -> None:
    text = samples.CLEAN + "      ModelPackageGroupDescription: !GetAtt Group.NoSuchAttribute\n"
    (one,) = [one for one in findings(text, "eu-west-1", "us-east-1") if one.rule == "E1010"]
    assert one.regions == ("eu-west-1", "us-east-1")
    assert "eu-west-1" not in one.message


@pytest.mark.parametrize(
    "text", [samples.CLEAN, samples.FAULTY, samples.LOOP, samples.SERVERLESS, samples.SILENCED]
)
def test_several_regions_find_what_each_of_them_does(text: str) -> None:
    regions = ("ap-southeast-7", "eu-west-1", "us-east-1")
    apart = {(one.place, one.rule, one.message) for region in regions for one in findings(text, region)}
    assert {(one.place, one.rule, one.message) for one in findings(text, *regions)} == apart


def test_an_unknown_region_is_an_error() -> None:
    with pytest.raises(FactoryError, match="Did you mean 'eu-west-1'"):
        findings(samples.CLEAN, "eu-wset-1")


def test_no_region_at_all_is_an_error_and_not_the_environments() -> None:
    with pytest.raises(FactoryError, match="Name at least one region"):
        lint({}, text=samples.CLEAN, product="p", blueprint="b", regions=[])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: [",
        "- a",
        "just text",
        "Resources: []",
        "Resources: {A: [], B: {Type: []}, C: {Type: AWS::S3::Bucket, Properties: []}}",
        "Metadata: [1]\nResources: {A: {Type: AWS::SNS::Topic, Metadata: [2]}}",
        "Resources: {A: {Type: AWS::IAM::Role, Properties: {Policies: {Fn::If: [x]}, RoleName: {Fn::Sub: []}}}}",
        "Parameters: [1]\nTransform: {a: b}\nMappings: 3\nResources: {A: {Type: AWS::EC2::SecurityGroup, Properties: {SecurityGroupIngress: 4}}}",
        "Resources: {A: {Type: AWS::S3::Bucket, Properties: {BucketName: {Fn::Join: [{Ref: x}, {Fn::Split: [1]}]}, Tags: !Ref X}}}",
    ],
)  # fmt: skip
def test_a_malformed_template_has_findings_and_breaks_no_house_rule(text: str) -> None:
    found = findings(text or "\n")
    assert found
    assert [finding.message for finding in found if "processing rule E9" in finding.message] == []
    assert [finding.message for finding in found if "processing rule W9" in finding.message] == []


def test_a_templates_own_settings_silence_nothing() -> None:
    assert brief(findings(samples.SILENCED)) == samples.FAULTS


def test_a_loop_cannot_silence_its_resources_either() -> None:
    silence = "        Metadata: {cfn-lint: {config: {ignore_checks: [E3002]}}}\n        Properties:\n          NoSuch"
    silenced = samples.LOOP.replace("        Properties:\n          NoSuch", silence)
    assert silenced != samples.LOOP
    assert [one for one in brief(findings(silenced)) if one[1] == "E3002"]


def test_macros_are_seen_although_cfn_lint_applies_transforms_first() -> None:
    text = samples.SERVERLESS.replace("AWS::Serverless-2016-10-31", "[AWS::Serverless-2016-10-31, Standards]")
    assert ("Transform/1", "E9008") in brief(findings(text))
    assert ("Resources/Handler/Properties/Runtime", "E9002") in brief(findings(samples.SERVERLESS))


def test_the_order_of_templates_does_not_matter() -> None:
    texts = [samples.LOOP, samples.OTHER_LOOP, samples.SERVERLESS, samples.FAULTY, samples.SILENCED]
    orders = (texts, texts[::-1], texts[1:] + texts[:1])
    found = [
        dict(
            zip(
                order,
                lint_many([Job(text, "p", "b", ("us-east-1",)) for text in order], processes=1),
                strict=True,
            )
        )
        for order in orders
    ]
    assert found[0] == found[1] == found[2]
    # A stored parameter cannot be read here, and what stands in for it is drawn by chance.
    assert [one for one in found[0][samples.LOOP] if one.place.startswith("Resources/Stream")]
    assert [one.place for one in found[0][samples.LOOP]] == [
        one.place for one in found[0][samples.OTHER_LOOP]
    ]


def test_the_callers_random_numbers_are_left_alone() -> None:
    random.seed(7)
    expected = random.random()
    random.seed(7)
    findings(samples.LOOP)
    assert random.random() == expected


def test_another_process_with_other_hashes_finds_the_same() -> None:
    script = (
        "import sys; from generator.lint import lint; from generator.lint.formats import as_json; from tests.lint import samples;"
        "sys.stdout.write(''.join(as_json(lint({}, text=t, product='p', blueprint='b', regions=['us-east-1']))"
        " for t in (samples.LOOP, samples.FAULTY, samples.SERVERLESS)))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert b"E9004" in outputs.pop()


def test_importing_the_package_is_cheap() -> None:
    script = "import sys, generator.lint, generator.lint.formats; sys.exit('cfnlint' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_a_suppression_sets_a_rule_aside_in_its_part_of_the_template() -> None:
    one = Suppression("E9004", "Resources/Volume", "Scratch space of a benchmark.")
    assert brief(findings(samples.FAULTY, exceptions=[one])) == samples.FAULTS[:-1]


def test_a_suppression_that_sets_nothing_aside_is_a_finding() -> None:
    other = Suppression("E9004", "Resources/Group", "It was a volume once.")
    (unused,) = findings(samples.CLEAN, "us-east-1", exceptions=[other])
    assert (unused.rule, unused.level, unused.place) == ("E9000", "error", "Resources/Group")
    assert "E9004" in unused.message
    # A longer name that begins the same is another resource.
    assert ("Resources/Vol", "E9000") in brief(
        findings(samples.FAULTY, exceptions=[Suppression("E9004", "Resources/Vol", "x")])
    )


@pytest.mark.parametrize(("path", "reason"), [("Resources/Volume", "  "), ("Resources", "All of it.")])
def test_a_suppression_needs_a_reason_and_a_place(path: str, reason: str) -> None:
    with pytest.raises(FactoryError, match=r"no reason|too much"):
        Suppression("E9004", path, reason)


def test_findings_sort_by_place_even_where_lists_and_maps_mix() -> None:
    base = findings(samples.FAULTY)[0]
    paths: list[tuple[str | int, ...]] = [("A", "b"), ("A", 10), ("A", 2), ("A",)]
    made = sorted(Finding(**{**vars(base), "path": path}) for path in paths)
    assert [one.path for one in made] == [("A",), ("A", "b"), ("A", 2), ("A", 10)]
