"""YAML in: plain scalars, places, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.errors import InputError
from costmodel.scenario.yamlfile import (
    MOST_CHARACTERS,
    parse_yaml,
    path_text,
    read_yaml_file,
    write_yaml,
)


def test_numbers_and_words_as_people_mean_them():
    text = "a: 1e6\nb: no\nc: 12:30\nd: .5\ne: 1_000\nf: -2.5E-3\ng: ~\nh: true\ni: 007x"
    assert parse_yaml(text)[0] == {
        "a": 1e6, "b": "no", "c": "12:30", "d": 0.5, "e": 1000, "f": -0.0025, "g": None,
        "h": True, "i": "007x",
    }  # fmt: skip


def test_places_are_those_of_the_file():
    _, origin = parse_yaml("a:\n  - x: 1\n    y: 2\n", "s.yaml")
    assert origin.locate(("a", 0, "y")) == (3, 5)
    assert origin.locate(("a", 0, "missing", "deeper")) == (2, 5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3", "s.yaml:3:1: the key 'a' stands here a second time"),
        ("a: &x [1]\nb: *x", "aliases"),
        ("a: [1", "s.yaml:2:1: not YAML"),
        ("a: !!python/object:os.system x", "not YAML"),
        ("- " * 50_000, "nested too deeply"),
        ("x" * (MOST_CHARACTERS + 1), "longer than"),
        ("a: 2026-13-45", "month"),
        ("a: 1\n---\nb: 2", "not YAML"),
        ("\x00", "not YAML"),
    ],
)
def test_refused(text, said):
    with pytest.raises(InputError, match=r"s\.yaml") as error:
        parse_yaml(text, "s.yaml")
    assert said in str(error.value)


def test_every_duplicate_is_named_at_once():
    with pytest.raises(InputError) as error:
        parse_yaml("a: 1\na: 2\nb: {c: 1, c: 2}", "s.yaml")
    assert [(p.line, p.column) for p in error.value.problems] == [(2, 1), (3, 11)]


def test_a_bomb_of_aliases_is_refused_at_once():
    lines = ["a0: &a0 [x, x]"] + [f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 60)]
    with pytest.raises(InputError, match="aliases"):
        parse_yaml("\n".join(lines))


def test_files(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_yaml_file(tmp_path / "none.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="cannot be read as text"):
        read_yaml_file(tmp_path / "binary.yaml")
    with pytest.raises(InputError, match="cannot be read"):
        read_yaml_file(tmp_path)


def test_paths_use_names():
    data = {"options": [{"name": "a.b", "selfhost": {"offers": [{}]}}]}
    assert (
        path_text(("options", 0, "selfhost", "offers", 0), data) == "options.a.b.selfhost.offers[0]"
    )


@pytest.mark.parametrize(
    "text", ["1e6", "1_000", ".5", "no", "yes", "12:30", "2026-11-23", "~", ""]
)
def test_text_that_looks_like_something_else_stays_text(text):
    assert parse_yaml(write_yaml({"a": text}))[0] == {"a": text}


_scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**12), 10**12),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text("aB1 :#-[]{}\"'é中=@é~.eE+\n\t", max_size=12),
)


@given(
    st.dictionaries(
        st.text("abcxyz_ ", min_size=1),
        st.recursive(
            _scalars,
            lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text("abc"), x, max_size=3),
            max_leaves=8,
        ),
        max_size=4,
    )
)
def test_what_is_written_reads_back(data):
    assert parse_yaml(write_yaml(data))[0] == data
