import builtins
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from engines.messages import EngineError
from engines.running import run_files
from engines.running.board import Board
from engines.running.run_files import load_run, save_run
from tests.fakes import FULL_DISK, full_board


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "run.zip"
    save_run(full_board(), path)
    return path


@pytest.fixture
def saved(kept, tmp_path):
    """A run file of the test's own."""
    return Path(shutil.copy(kept, tmp_path))


def test_a_run_file_replays_everything(saved):
    board, again = full_board(), load_run(saved)
    assert again.config == board.config
    assert again.state == "finished"
    assert again.progress == board.progress
    assert again.verdict == board.verdict
    assert again.shares == board.shares
    assert again.captions == board.captions
    assert list(again.exhibits) == ["Pairs", "Loss by noise level", "Map"]
    assert [each.about for each in again.exhibits.values()] == [each.about for each in board.exhibits.values()]
    assert again.exhibits["Pairs"].picture.data == board.exhibits["Pairs"].picture.data
    assert [f.step for f in again.frames()] == [f.step for f in board.frames()]
    assert again.frame_at(12).picture.data == board.frame_at(12).picture.data
    assert again.writings.history() == board.writings.history()
    assert again.reference.data == board.reference.data
    assert again.series["losses"].rows == board.series["losses"].rows
    assert again.series["scores"].names == ("Fréchet distance", "Diversity")
    assert np.array_equal(again.weights.tensors["w"], board.weights.tensors["w"])
    assert again.weights.facts == board.weights.facts


def test_it_holds_plain_files_that_anyone_can_read(saved):
    with zipfile.ZipFile(saved) as archive:
        names = archive.namelist()
        assert json.loads(archive.read("run.json"))["config"]["seed"] == 7
        assert archive.read("losses.csv").startswith(b"\xef\xbb\xbfstep,Loss_D,Loss_G")
    assert {"curves.png", "real.png", "model.safetensors", "grids/00000012.png"} <= set(names)


def test_a_file_of_a_program_that_knew_no_texts_still_opens(saved):
    with zipfile.ZipFile(saved) as archive:
        about = json.loads(archive.read("run.json"))
    del about["written"]
    again = load_run(rewritten(saved, **{"run.json": json.dumps(about), "written.json": None}))
    assert not again.writings


def test_an_empty_run_can_be_saved_too(tmp_path):
    board = Board("fake", {})
    board.set_state("stopped")
    save_run(board, tmp_path / "run.zip")
    assert load_run(tmp_path / "run.zip").state == "stopped"


def test_a_full_disk_is_one_sentence_and_leaves_no_half_file(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise FULL_DISK

    board = full_board()
    monkeypatch.setattr(run_files, "_write", refuse)
    with pytest.raises(EngineError, match=r"could not be saved: No space left on device\. The run is kept."):
        save_run(board, tmp_path / "run.zip")
    assert not (tmp_path / "run.zip").exists()
    assert board.weights is not None


def rewritten(path, **members):
    """The run file with some members replaced, or removed where None."""
    with zipfile.ZipFile(path) as archive:
        old = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {**old, **members}.items():
            if data is not None:
                archive.writestr(name, data)
    return path


def described(path, **changes):
    with zipfile.ZipFile(path) as archive:
        about = json.loads(archive.read("run.json"))
    return rewritten(path, **{"run.json": json.dumps({**about, **changes})})


BARS = {"name": "x", "kind": "bars", "labels": ["a", "b", "c"], "values": "1,2,3", "unit": ""}
SCATTER = {"name": "x", "kind": "scatter", "x": "1,2", "y": "1,2", "classes": "0,1", "class_names": ["a", "b"]}
SHEET = {"name": "x", "kind": "sheet", "step": 1, "width": 8, "height": 8, "count": 1, "note": None,
         "picture": "real.png"}  # fmt: skip
EVIL = {"template": "{a.__class__.__init__.__globals__}", "values": {"a": 1}}


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b"not a zip") and path,
        lambda path: path.write_bytes(path.read_bytes()[:400]) and path,
        lambda path: rewritten(path, **{"run.json": "[]"}),
        lambda path: rewritten(path, **{"run.json": None}),
        lambda path: rewritten(path, **{"losses.csv": "step,a\n1,2,3\n"}),
        lambda path: rewritten(path, **{"losses.csv": "step,a\none,two\n"}),
        lambda path: rewritten(path, **{"grids/00000012.png": b"<svg onload=alert(1)>"}),
        lambda path: rewritten(path, **{"grids/../../x.png": b""}),
        lambda path: rewritten(path, **{"model.safetensors": b"\x80\x04pickle"}),
        lambda path: rewritten(path, **{"written.json": None}),
        lambda path: rewritten(path, **{"written.json": '{"stride": 1, "history": [{"step": 1, "texts": [5]}]}'}),
        lambda path: described(path, format=99),
        lambda path: described(path, state="running"),
        lambda path: described(path, config=None),
        lambda path: described(path, error=EVIL),
        lambda path: described(path, widths={"../../etc/passwd": 1}),
        lambda path: described(path, progress={"step": "x", "total": 1, "counts": {}}),
        lambda path: described(path, shares={"name": "x", "labels": ["a"], "values": [None]}),
        lambda path: described(path, exhibits=[{"name": "x", "kind": "film"}]),
        lambda path: described(path, exhibits=[BARS | {"values": "1,2,x"}]),
        lambda path: described(path, exhibits=[BARS | {"values": "1,2"}]),
        lambda path: described(path, exhibits=[BARS | {"name": "x" * 5000}]),
        lambda path: described(path, exhibits=[SCATTER | {"x": "1,2,3"}]),
        lambda path: described(path, exhibits=[SCATTER | {"classes": ",".join(["0"] * 10**5)}]),
        lambda path: described(path, exhibits=[SHEET | {"picture": "../../secret.png"}]),
        lambda path: described(path, exhibits=[SHEET | {"picture": "run.json"}]),
        lambda path: described(path, exhibits=[SHEET | {"note": EVIL}]),
    ],
)
def test_a_damaged_or_made_up_file_is_refused_in_one_sentence(saved, damage):
    path = damage(saved)
    with pytest.raises(EngineError, match="This file is not a run file of the playground, or it is damaged"):
        load_run(path)


def test_a_bomb_is_refused_before_it_fills_the_memory(saved, monkeypatch):
    monkeypatch.setattr(run_files, "MAX_MEMBER_BYTES", 2000)
    with pytest.raises(EngineError, match="not a run file"):
        load_run(rewritten(saved, **{"run.json": b"0" * 10**6}))


def test_nothing_is_ever_unpickled(saved, monkeypatch):
    import pickle

    def refuse(*args, **kwargs):
        raise AssertionError("unpickled")

    monkeypatch.setattr(pickle, "load", refuse)
    monkeypatch.setattr(pickle, "loads", refuse)
    monkeypatch.setattr(builtins, "eval", refuse)
    assert load_run(saved).state == "finished"
