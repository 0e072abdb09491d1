"""Benchmarks are run by hand and seldom: what they use must still be there."""

import importlib

import pytest

from tests import ROOT


@pytest.mark.parametrize("name", [path.stem for path in sorted((ROOT / "tests" / "benchmarks").glob("[a-z]*.py"))])
def test_a_benchmark_finds_what_it_uses(name):
    assert importlib.import_module(f"tests.benchmarks.{name}").__doc__
