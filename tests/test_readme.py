"""What the README shows works as it stands there."""

import re

import pytest

from tests import ROOT
from tests.served import served

README = (ROOT / "README.md").read_text("utf-8")


@pytest.fixture
def url():
    with served() as (address, _):
        yield address


@pytest.mark.slow
def test_the_script_runs_as_it_stands(url, capsys):
    [script] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    exec(compile(script.replace("http://127.0.0.1:7860", url), "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert ".zip" in printed
    assert "red-apple-1.png" in printed
    assert "'prompt': 'red apple'" in printed


def test_the_files_it_names_are_there():
    root = ROOT
    for name in re.findall(r"\]\(([\w./]+)\)", README):
        assert (root / name).exists(), name
    for name in re.findall(r"`((?:engines|tabs|assets|tests)/[\w./]+)`", README):
        assert (root / name).exists(), name
