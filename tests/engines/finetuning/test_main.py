"""Fine-tuning from the command line: the same settings, run file and folder as in the app."""

import pytest

from engines.finetuning.__main__ import main
from engines.finetuning.classifier import Classifier
from engines.running.run_files import load_run
from tests.tiny_texts import save_encoder, save_table

SMALL = ["--epochs", "2", "--batch", "8", "--lr", "0.005", "--max-length", "24", "--seed", "1"]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A tiny encoder in the place of MiniLM."""
    monkeypatch.setenv("AIGC_CACHE", str(tmp_path / "cache"))
    save_encoder(tmp_path / "cache")


@pytest.mark.slow
def test_it_trains_and_leaves_a_run_file_and_a_classifier(tmp_path, capsys):
    table = save_table(tmp_path / "table.csv")
    own = ["--dataset", "own_texts", "--data", str(table)]
    assert main([*own, *SMALL, "--folder", str(tmp_path / "run"), "--out", str(tmp_path / "run.zip")]) == 0
    assert "Accuracy" in capsys.readouterr().out
    board = load_run(tmp_path / "run.zip")
    assert board.state == "finished"
    assert {"before", "test"} <= board.evaluations.keys()
    assert Classifier.load(tmp_path / "run").label_names == board.evaluations["test"].label_names
    assert main(["--resume", "--folder", str(tmp_path / "run")]) == 2
    assert "has ended already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--lr", "7"], "Learning rate must be a number from"),
        (["--dataset", "own_texts"], "Choose"),
        (["--dataset", "own_texts", "--data", "nothing-here.csv"], "nothing-here.csv"),
    ],
)
def test_what_is_wrong_is_told_in_one_sentence(arguments, says, capsys):
    assert main(arguments) in (1, 2)
    error = capsys.readouterr().err
    assert says in error
    assert "Traceback" not in error


def test_several_processes_are_refused(monkeypatch, capsys):
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert main(SMALL) == 2
    assert "without torchrun" in capsys.readouterr().err
