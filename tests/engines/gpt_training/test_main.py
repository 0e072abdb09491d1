import zipfile

from engines.gpt_training.__main__ import main
from engines.running.run_files import load_run
from tests.engines.gpt_training.tiny import ENGLISH

SMALL = ["--data", "own", "--layers", "1", "--width", "16", "--batch", "4", "--context", "20", "--seed", "1"]


def test_a_text_is_learnt_without_the_app(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("AIGC_CACHE", str(tmp_path))
    monkeypatch.setattr("engines.device.tuning.SECONDS", 0.0)
    text = tmp_path / "own.txt"
    text.write_text(ENGLISH)
    out = tmp_path / "run.zip"
    assert main([*SMALL, "--text", str(text), "--steps", "20", "--out", str(out)]) == 0
    assert "step 20 of 20" in capsys.readouterr().out
    board = load_run(out)
    assert board.progress.step == 20
    assert board.weights.step == 20


def test_a_run_is_written_as_a_script_with_its_text(tmp_path):
    text = tmp_path / "own.txt"
    text.write_text(ENGLISH)
    asked = [*SMALL, "--text", str(text), "--steps", "20", "--script", str(tmp_path / "script.zip")]
    assert main(asked) == 0
    with zipfile.ZipFile(tmp_path / "script.zip") as archive:
        assert set(archive.namelist()) == {"train.py", "train.txt", "held_out.txt"}
        assert ENGLISH.startswith(archive.read("train.txt").decode())


def test_what_is_wrong_is_said(tmp_path, capsys):
    assert main([*SMALL, "--steps", "1"]) == 2
    assert "Steps must be" in capsys.readouterr().err
    assert main([*SMALL, "--steps", "20"]) == 1
    assert "Choose your own text first" in capsys.readouterr().err
