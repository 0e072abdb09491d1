"""Where the app keeps its runs."""

import pytest

import app as playground
from engines import weights
from engines.limits import Limits
from engines.messages import EngineError


@pytest.fixture(autouse=True)
def machine(monkeypatch, tmp_path):
    """One on which nothing is set, and whose cache is empty."""
    for name in ("AIGC_RUNS", "SPACE_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AIGC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(weights, "SPACE_STORAGE", tmp_path / "data")


def test_runs_survive_beside_the_models_unless_told_otherwise(tmp_path, monkeypatch):
    assert playground.open_runs().durable
    assert (tmp_path / "cache" / "runs").stat().st_mode & 0o777 == 0o700, "nobody else may read them"
    monkeypatch.setenv("AIGC_RUNS", str(tmp_path / "mine"))
    assert playground.open_runs(limits=Limits(kept_runs=3)).limits.kept == 3
    assert (tmp_path / "mine").is_dir()
    playground.open_runs(str(tmp_path / "named"))
    assert (tmp_path / "named").is_dir()
    assert not playground.open_runs("").durable
    monkeypatch.setenv("AIGC_RUNS", "")
    assert not playground.open_runs().durable


def test_a_space_keeps_runs_and_models_in_its_storage_if_it_has_some(tmp_path, monkeypatch):
    monkeypatch.setenv("SPACE_ID", "someone/playground")
    (tmp_path / "data").mkdir()
    assert weights.cache_folder() == tmp_path / "cache", "a folder that was named goes before"
    monkeypatch.delenv("AIGC_CACHE")
    assert weights.cache_folder().parent == tmp_path / "data"
    playground.open_runs()
    assert (tmp_path / "data" / "aigc-playground" / "runs").is_dir()
    (tmp_path / "data").rename(tmp_path / "gone")
    assert weights.cache_folder().name == "aigc-playground"
    assert weights.cache_folder().parent.name == ".cache"


def test_a_folder_that_was_named_must_work_and_the_usual_one_may_fail(tmp_path, capsys):
    (tmp_path / "cache").write_text("in the way", "utf-8")
    with pytest.raises(EngineError, match="can't be used"):
        playground.open_runs(str(tmp_path / "cache" / "runs"))
    assert not playground.open_runs().durable
    assert "can't be used" in capsys.readouterr().out
