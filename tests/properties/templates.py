"""Templates as hypothesis makes them: intrinsics in every place, and the strings that YAML readers take for something else."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

NASTY = [
    "", " ", "  leading", "trailing  ", "\n", "\nstarts with a line", "two\nlines", "two\nlines\n", "three\n\n\nlines",
    " indented\nfirst line", "tab\there", "tab at the end of a line\t\nnext", "space at the end \nnext", "crlf\r\nline", "cr\rline",
    "012345678901", "0123", "0o17", "0x1F", "0b101", "1e3", "1E5", "1_000", "1.0", "1.", ".5", "-1", "+1", "12:30:45", "190:20:30",
    ".inf", "-.inf", ".nan", "nan", "inf", "2010-09-09", "2010-09-09T01:02:03Z", "2010-9-9", "true", "True", "yes", "No",
    "on", "OFF", "y", "n", "null", "Null", "~", "=", "<<", "-", "--", "---", "...", "--- a", "? a", "a: b", "a:b", ": a", "a:", "# a",
    "a # b", "a#b", "!Ref A", "!", "&a", "*a", "%a", "@a", "`a", "|", ">", "|-\n a", "'", "''", '"', "'a'", '"a"', "{", "}", "{a}", "[", "[]",
    "a, b", ",", "\\", "\\n", "${AWS::Region}", "${!Literal}", "arn:aws:s3:::b/*", "*", "ü", "日本語", "\u2028", "\u2029", "\x85", "\xa0",
    "\ufeff", "\x7f", "\x00", "\x1b[0m", "😀", "a\u2028b\nc", "é\nü\n", "x" * 300, "word " * 60, "- a\n- b\n", "key: value\n", "#!/bin/sh\nset -e\n",
]  # fmt: skip

texts = st.one_of(
    st.sampled_from(NASTY),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.text("0123456789.-+eE_:xob ", max_size=8),
    st.lists(st.sampled_from([*NASTY[:12], "a", "- b", "c: d", " e"]), max_size=4).map("\n".join),
)
names = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,8}", fullmatch=True)
scalars = st.one_of(
    texts,
    st.integers(-(10**15), 10**15),
    st.booleans(),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
)
_CALLS = ["Base64", "Cidr", "FindInMap", "GetAZs", "If", "ImportValue", "Join", "Select", "Split", "Sub", "Or", "Not", "Equals"]  # fmt: skip


def _around(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(names, texts), inner, max_size=3),
        st.tuples(st.sampled_from(_CALLS), st.lists(inner, min_size=1, max_size=3)).map(_call),
        st.tuples(st.sampled_from(_CALLS), inner).map(_call),
        st.fixed_dictionaries({"Effect": st.just("Allow"), "Action": inner, "Sid": inner}),
    )


def _call(parts: tuple[str, Any]) -> dict[str, Any]:
    return {f"Fn::{parts[0]}": parts[1]}


_leaves = st.one_of(
    scalars,
    st.one_of(names, texts).map(lambda name: {"Ref": name}),
    names.map(lambda name: {"Condition": name}),
    st.tuples(names, texts).map(lambda parts: {"Fn::GetAtt": list(parts)}),
    texts.map(lambda text: {"Fn::Sub": text}),
)
values = st.recursive(_leaves, _around, max_leaves=8)
resources = st.fixed_dictionaries(
    {"Type": st.sampled_from(["AWS::SNS::Topic", "AWS::S3::Bucket", "Custom::Thing"])},
    optional={
        "Properties": st.dictionaries(st.one_of(names, texts), values, max_size=4),
        "DependsOn": st.lists(names, max_size=2),
        "Metadata": st.dictionaries(names, values, max_size=2),
        "Condition": names,
    },
)
templates = st.fixed_dictionaries(
    {"Resources": st.dictionaries(names, resources, min_size=1, max_size=3)},
    optional={
        "Description": texts,
        "Metadata": st.dictionaries(st.one_of(names, texts), values, max_size=2),
        "Parameters": st.dictionaries(
            names, st.fixed_dictionaries({"Type": st.just("String"), "Default": scalars}), max_size=2
        ),
        "Conditions": st.dictionaries(names, values, max_size=2),
        "Mappings": st.dictionaries(
            names, st.dictionaries(texts, st.dictionaries(names, scalars, max_size=2), max_size=2), max_size=2
        ),
        "Outputs": st.dictionaries(names, st.fixed_dictionaries({"Value": values}), max_size=2),
    },
)
