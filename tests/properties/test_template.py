"""Laws of the canonical template: it says what was meant, to every reader, in one way only."""

from __future__ import annotations

import random
from copy import deepcopy
from typing import Any

import pytest
import yaml
from cfnlint.decode import cfn_yaml
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from generator.blueprint import CATALOG
from generator.errors import Where
from generator.template import canonical, dump, find_all, fingerprint, parse
from tests.properties.templates import NASTY, templates, values

laws = settings(max_examples=60)
HERE = Where("template.yaml")
Template = dict[str, Any]


def holding(value: Any) -> Template:
    return {"Resources": {"A": {"Type": "Custom::A", "Properties": {"P": value}}}}


def shuffled(value: Any, random: random.Random) -> Any:
    """The same with the keys of every mapping in another order; entries of a section keep theirs."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda _: random.random())
        return {key: shuffled(value[key], random) for key in keys}
    return [shuffled(item, random) for item in value] if isinstance(value, list) else value


def plain(value: Any) -> Any:
    """cfn-lint's nodes as the types they stand for, so that 1, 1.0 and True are told apart by `typed`."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, str) else value


def typed(value: Any) -> Any:
    """With the type of each scalar, because 1 == True == 1.0."""
    if isinstance(value, dict):
        return {key: typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [typed(item) for item in value]
    return (type(value).__name__, value)


def same(left: Any, right: Any) -> None:
    assert typed(left) == typed(right)


@laws
@given(templates)
def test_what_is_written_is_read_again(template: Template) -> None:
    wanted = canonical(template)
    same(parse(dump(wanted), HERE), wanted)


@pytest.mark.parametrize("text", NASTY, ids=ascii)
def test_each_nasty_string_is_read_again_wherever_it_stands(text: str) -> None:
    for value in (text, [text], {text: text}, {"Ref": text}, {"Fn::Sub": text}, {"Fn::Join": [text, [text]]}):
        wanted = canonical(holding(value))
        same(parse(dump(wanted), HERE), wanted)


@laws
@given(templates)
def test_cfn_lint_reads_the_same(template: Template) -> None:
    wanted = canonical(template)
    same(plain(cfn_yaml.loads(dump(wanted))), wanted)


@pytest.mark.parametrize("text", NASTY, ids=ascii)
def test_cfn_lint_reads_each_nasty_string(text: str) -> None:
    wanted = canonical(holding([text, {text: text}, {"Fn::Sub": text}]))
    same(plain(cfn_yaml.loads(dump(wanted))), wanted)


@pytest.mark.parametrize("text", [text for text in NASTY if text.strip()], ids=ascii)
def test_a_yaml_12_reader_takes_no_string_for_a_number(text: str) -> None:
    """Where YAML 1.2 and 1.1 differ (0o17, 1e3, 08), no scalar of ours stands bare."""
    core = yaml.SafeLoader(dump(holding(text)))
    core.yaml_implicit_resolvers = _CORE
    try:
        assert core.get_data()["Resources"]["A"]["Properties"]["P"] == text
    finally:
        core.dispose()


def _core() -> dict[str, list[tuple[str, Any]]]:
    """YAML 1.2's core schema, as far as it says what is not a string."""
    import re

    number = re.compile(
        r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)$"
    )
    word = re.compile(
        r"^(?:null|Null|NULL|~|true|True|TRUE|false|False|FALSE|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
    )
    first = {*"-+0123456789.nNtTfF~"}
    return {each: [("!number", number), ("!word", word)] for each in first}


_CORE = _core()


@laws
@given(templates, st.integers(0, 10**6))
def test_the_order_of_keys_does_not_show(template: Template, seed: int) -> None:
    """Except that of parameters, resources and outputs, which is the author's."""
    order = random.Random(seed)
    other = {
        name: {key: shuffled(entry, order) for key, entry in section.items()}
        if name in ("Parameters", "Resources", "Outputs")
        else shuffled(section, order)
        for name, section in template.items()
    }
    other = {name: other[name] for name in sorted(other, key=lambda _: order.random())}
    assert dump(canonical(other)) == dump(canonical(template))


@laws
@given(templates)
def test_canonical_once_is_canonical_for_ever(template: Template) -> None:
    once = canonical(template)
    assert dump(canonical(once)) == dump(once)
    assert dump(canonical(parse(dump(once), HERE))) == dump(once)


@laws
@given(
    templates, st.dictionaries(st.sampled_from(["us-east-1", "eu-west-1"]), st.just({"Key": "v"}), min_size=1)
)
def test_the_target_enters_through_its_mapping_only_and_where_it_is_asked_for(
    template: Template, mapping: dict[str, dict[str, str]]
) -> None:
    assume(
        not any(
            CATALOG in argument
            for argument in find_all(template, "Fn::FindInMap")
            if isinstance(argument, list)
        )
    )
    assert canonical(template, mapping) == canonical(template)
    asking = deepcopy(template)
    asking.setdefault("Outputs", {})["Asked"] = {
        "Value": {"Fn::FindInMap": [CATALOG, {"Ref": "AWS::Region"}, "Key"]}
    }
    with_it = canonical(asking, mapping)
    assert with_it["Mappings"].pop(CATALOG) == mapping
    without = canonical(asking)
    assert {**with_it, "Mappings": with_it["Mappings"]} == {
        **without,
        "Mappings": without.get("Mappings", {}),
    }


@laws
@given(
    templates, st.dictionaries(st.text(max_size=5), st.dictionaries(st.text(max_size=3), st.text(max_size=3)))
)
def test_the_fingerprint_leaves_out_what_the_target_says(template: Template, mapping: dict[str, Any]) -> None:
    with_it = {**template, "Mappings": {**template.get("Mappings", {}), CATALOG: mapping}}
    without = {
        **template,
        "Mappings": {k: v for k, v in template.get("Mappings", {}).items() if k != CATALOG},
    }
    assert fingerprint(with_it) == fingerprint(without)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all scalars."""
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    found = [place for key, child in children for place in places(child, (*path, key))]
    return found if isinstance(value, dict | list) else [path]


@laws
@given(templates, st.data())
@example(holding("012"), None)
def test_the_fingerprint_leaves_out_nothing_else(template: Template, data: Any) -> None:
    """Another value anywhere, another type of the same value included, is another version."""
    before = canonical(template)
    found = [p for p in places(before) if p[:2] != ("Mappings", CATALOG)]
    for place in found if data is None else [data.draw(st.sampled_from(found))]:
        after = deepcopy(before)
        holder: Any = after
        for key in place[:-1]:
            holder = holder[key]
        old = holder[place[-1]]
        holder[place[-1]] = f"{old} " if isinstance(old, str) else str(old)
        assert fingerprint(after) != fingerprint(before), place


@laws
@given(values, st.sampled_from(["Ref", "Condition", "Fn::Sub", "Fn::If", "Fn::Transform", "Fn::ForEach::A"]))
def test_any_key_may_hold_any_value(value: Any, name: str) -> None:
    """Short forms exist for some shapes only; the others keep their long form."""
    wanted = canonical(holding({name: value}))
    same(parse(dump(wanted), HERE), wanted)
