"""YAML that is refused before it costs memory or time, and what is read."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from reidtrack.config.load import load
from reidtrack.config.run import RunConfig
from reidtrack.corrections.apply import read_corrections
from reidtrack.errors import ConfigError, shortened
from reidtrack.plain_file import read_plain, read_plain_text
from reidtrack.plain_yaml import MOST_BYTES, MOST_DEPTH, PlainYamlError, compose_plain, load_plain, read_plain_yaml
from reidtrack.spacetime.site_yaml import read_site

BOMB = "a: &a [x, x]\n" + "".join(
    f"{name}: &{name} [*{before}, *{before}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
REFUSED = {
    "aliases that multiply": (BOMB, "alias"),
    "one alias": ("a: &x 1\nb: *x\n", "alias"),
    "a value that holds itself": ("a: &x [*x]\n", "alias"),
    "a merge from an alias": ("a: &x {k: 1}\nb:\n  <<: *x\n", "alias"),
    "lists in lists": ("a: " + "[" * 100_000, "nested"),
    "sections in sections": ("\n".join(" " * i + "a:" for i in range(100)), "nested"),
    "closed brackets": ("[" * 5000 + "]" * 5000, "nested"),
    "a key twice": ("a: 1\nb: 2\na: 3\n", "'a' stands twice, again at line 3"),
    "a section twice": ("t:\n  k: 1\nd: {}\nt:\n  m: 2\n", "'t' stands twice, again at line 4"),
    "a key twice inside": ("t: {k: 1, k: 1}\n", "'k' stands twice, again at line 1"),
    "a number of a million digits": ("a: " + "9" * 1_000_000, "letters"),
    "a number in base 60": ("a: 1" + ":1" * 500_000, "letters"),
    "a number of too many digits": ("a: " + "9" * 5000, "not valid YAML"),
    "320,000 values": ("- a\n" * 320_000, "values"),
    "too long": ("#" * (MOST_BYTES + 1), "longer than 8 MB"),
    "no YAML": ("a: b: c", "not valid YAML at line 1"),
    "a date that is none": ("a: 2024-13-45", "not valid YAML"),
    "an object of Python": ("a: !!python/object/apply:os.system [true]", "not valid YAML at line 1"),
    "a zero byte": ("a: \0", "not valid YAML"),
    "half a surrogate": ("a: \ud800", "not valid YAML"),
    "a list as a key": ("? [a, b]\n: 1\n", "not valid YAML"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str) -> None:
    text, said = REFUSED[case]
    with pytest.raises(PlainYamlError) as caught:
        load_plain(text)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 200


TAKEN = {
    "nothing": ("", None),
    "a comment": ("# nothing", None),
    "sections": ("a: {b: 1}\nc: [x, 2.5, null, true]\n", {"a": {"b": 1}, "c": ["x", 2.5, None, True]}),
    "one key in two sections": ("a: {k: 1}\nb: {k: 2}\n", {"a": {"k": 1}, "b": {"k": 2}}),
    "a number and its text": ("1: a\n'1': b\n", {1: "a", "1": "b"}),
    "an anchor that nobody uses": ("a: &x 1\n", {"a": 1}),
    "as deep as is read": ("[" * MOST_DEPTH + "]" * MOST_DEPTH, None),
}


@pytest.mark.parametrize("case", TAKEN)
def test_taken(case: str) -> None:
    text, value = TAKEN[case]
    found = load_plain(text)
    assert value is None or found == value


def test_nodes_know_their_lines() -> None:
    node, data = compose_plain("- a\n- b\n")
    assert data == ["a", "b"]
    assert node is not None
    assert [item.start_mark.line for item in node.value] == [0, 1]


@pytest.fixture(params=["pipe", "socket", "zeros", "link to zeros", "folder", "absent", "zero byte"])
def no_file(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "x.yaml"
    match request.param:
        case "pipe":
            os.mkfifo(path)
        case "socket":
            monkeypatch.chdir(tmp_path)  # the name of a socket is short
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind("x.yaml")
        case "zeros":
            path = Path("/dev/zero")
        case "link to zeros":
            path.symlink_to("/dev/zero")
        case "folder":
            path.mkdir()
        case "zero byte":
            path = tmp_path / "a\0b"
    return path


def test_what_is_no_file_is_not_waited_for(no_file: Path) -> None:
    for read in (read_plain, read_plain_text, read_plain_yaml):
        with pytest.raises(OSError, match=r".") as caught:
            read(no_file)
        assert caught.value.strerror
    with pytest.raises(ConfigError):
        load(RunConfig, no_file)
    with pytest.raises(ConfigError):
        read_corrections(no_file, wanted=True)
    with pytest.raises(ConfigError):
        read_site(no_file, ["hall"])


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"four\r\n")
    assert read_plain(path, 6) == b"four\r\n"
    assert read_plain_text(path) == "four\n"
    with pytest.raises(OSError, match="larger than 5 bytes"):
        read_plain(path, 5)


@pytest.mark.parametrize("text", [BOMB, "track: " + "[" * 50_000, "track:\n  max_age: 1\ntrack:\n  method: sort\n"])
def test_everything_that_reads_yaml_says_so_in_a_line(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text)
    for read in (
        lambda: load(RunConfig, path),
        lambda: read_corrections(path, wanted=True),
        lambda: read_site(path, ["hall"]),
    ):
        with pytest.raises(ConfigError) as caught:
            read()
        assert len(str(caught.value)) < 500
    with pytest.raises(ConfigError):
        load(RunConfig, overrides=[f"detect.conf={text}"])


def test_a_key_of_many_parts() -> None:
    with pytest.raises(ConfigError, match="parts"):
        load(RunConfig, overrides=[".".join("a" * 100_000) + "=1"])


def test_a_long_value_becomes_a_short_message() -> None:
    error = ConfigError("x" * 10_000_000, where="y" * 10_000, expected="z" * 10_000, hint="h" * 10_000)
    assert len(str(error)) < 3000
    assert shortened("abc", 3) == "abc"
    assert shortened("a" * 50 + "end!", 20) == "aaaaaaaaaa ... aend!"
