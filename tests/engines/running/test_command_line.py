"""Engines from the command line: the same settings, run file and folder as in the app."""

import runpy
import signal
import subprocess
import sys

import pytest

from engines.gan_training.__main__ import main
from engines.gan_training.config import GanConfig
from engines.knobs import Preset
from engines.messages import ConfigError
from engines.running.command_line import carry_out, make_parser, prepare, tracking_of
from engines.running.run_files import load_run
from engines.running.run_store import CHECKPOINT, read_record
from engines.running.runs import Runs
from tests import ROOT
from tests.fakes import REFUSED, FakeConfig, counting, failing, wait_until

RECIPES = {"long": Preset("Long", "Many.", {"steps": 99, "rate": 0.5})}
SMALL = ["--dataset", "mnist", "--architecture", "mlp", "--features", "8", "--batch", "16", "--seed", "1"]


def parsed(*arguments):
    return make_parser("test", "A test.", FakeConfig, RECIPES).parse_args(arguments)


def settings(*arguments):
    return prepare(parsed(*arguments), "fake", FakeConfig, RECIPES)[0]


def test_every_knob_is_an_option():
    every = ["--steps", "7", "--rate", "0.25", "--mode", "b", "--size", "64", "--name", "x", "--loud", "--seed", "5"]
    assert settings(*every) == FakeConfig(7, 0.25, "b", 64, "x", True, 5)
    assert settings("--seed", "5") == FakeConfig(seed=5)
    assert settings("--recipe", "long", "--rate", "0.75", "--seed", "1") == FakeConfig(99, 0.75, seed=1)
    assert settings().seed >= 0, "a random seed is fixed before it runs"


def test_trackers_are_named_and_checked_before_anything_runs(tmp_path, capsys):
    assert tracking_of(parsed()) is None
    pytest.importorskip("tensorboard")
    tracking = tracking_of(parsed("--track", "tensorboard", "--track-folder", str(tmp_path)))
    code = carry_out("fake", FakeConfig(steps=3, seed=1), lambda own: counting(3), None, None, tracking)
    assert code == 0
    assert list(tmp_path.glob("tensorboard/fake-*/events.out.tfevents.*"))
    with pytest.raises(SystemExit):
        parsed("--track", "mlflow")
    assert "there are tensorboard, wandb, trackio" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--steps=0", "--rate=nan", "--name=" + "x" * 21])
def test_the_knobs_check_the_values(option):
    with pytest.raises(ConfigError, match="must be"):
        settings(option)


@pytest.mark.parametrize("arguments", [["--steps", "many"], ["--size", "29"], ["--nonsense"], ["--mode", "c"]])
def test_what_no_parser_can_read_is_refused_by_it(arguments):
    with pytest.raises(SystemExit):
        parsed(*arguments)


ALONE = sorted(ROOT.glob("engines/**/__main__.py"))
ALONE.remove(ROOT / "engines" / "device" / "__main__.py")  # which tells of the machine


@pytest.mark.parametrize("engine", ALONE, ids=lambda file: file.parent.name)
def test_every_engine_that_can_be_run_alone_tells_how(engine, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [str(engine), "--help"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(engine), run_name="__main__")
    assert ended.value.code == 0
    assert "--out" in capsys.readouterr().out


def test_the_help_names_every_knob_with_its_default_and_limits(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    text = " ".join(capsys.readouterr().out.split())
    for name in GanConfig.knobs():
        assert f"--{name.replace('_', '-')}" in text
    assert "(default: 20000, 10 to 200000)" in text


def test_a_run_tells_where_it_is_and_writes_its_file(tmp_path, capsys):
    code = carry_out("fake", FakeConfig(seed=1), lambda folder: counting(5), None, tmp_path / "run.zip")
    assert code == 0
    board = load_run(tmp_path / "run.zip")
    assert board.state == "finished"
    assert board.progress.step == 5
    said = capsys.readouterr().out
    assert "step 5 of 5" in said
    assert "Loss_D" in said


def test_a_failure_is_one_sentence_and_an_exit_code(tmp_path, capsys):
    assert carry_out("fake", FakeConfig(seed=1), lambda folder: failing(REFUSED), None, tmp_path / "run.zip") == 1
    assert capsys.readouterr().err == "It is raining; try again when it is dry.\n"
    assert load_run(tmp_path / "run.zip").state == "failed"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--resume"], "no run to go on with"),
        (["--resume", "--folder", "nothing-here"], "no run to go on with"),
        (["--lr-g", "7"], "Learning rate of G must be a number from"),
        (["--dataset", "own"], "Choose your own pictures first"),
        (["--dataset", "own", "--pictures", "README.md"], "README.md is no PNG"),
    ],
)
def test_what_is_wrong_is_told_in_one_sentence(arguments, says, capsys):
    assert main(arguments) in (1, 2)
    assert says in capsys.readouterr().err


@pytest.mark.slow
def test_a_folder_is_written_once_and_resumed_with_its_own_settings(tmp_path, capsys):
    folder = tmp_path / "mine"
    assert main([*SMALL, "--steps", "30", "--folder", str(folder)]) == 0
    assert read_record(folder).state == "finished"
    assert not (folder / CHECKPOINT).exists()
    for arguments, says in (
        ([*SMALL, "--steps", "30"], "There is a run in"),
        (["--resume", "--steps", "60"], "keeps its settings"),
        (["--resume"], "has ended already"),
    ):
        assert main([*arguments, "--folder", str(folder)]) == 2
        assert says in capsys.readouterr().err
    (folder / "record.json").write_text("{", "utf-8")
    assert main(["--resume", "--folder", str(folder)]) == 2
    assert "What was saved of this run is damaged" in capsys.readouterr().err


@pytest.mark.slow
def test_ctrl_c_keeps_all_and_the_run_can_be_resumed_to_the_same_end(tmp_path):
    command = [sys.executable, "-m", "engines.gan_training"]
    folder, steps = tmp_path / "cut", ["--steps", "1500"]
    running = subprocess.Popen([*command, *SMALL, *steps, "--folder", folder], cwd=ROOT, stdout=subprocess.PIPE)
    wait_until(lambda: (folder / CHECKPOINT / "training.safetensors").exists(), seconds=240)
    running.send_signal(signal.SIGINT)
    output, _ = running.communicate(timeout=300)
    assert running.returncode == 130, output
    assert b"interrupted" in output
    done = subprocess.run(
        [*command, "--folder", folder, "--resume", "--out", tmp_path / "run.zip"], cwd=ROOT, timeout=300
    )
    assert done.returncode == 0
    assert main([*SMALL, *steps, "--out", str(tmp_path / "unbroken.zip")]) == 0
    resumed, unbroken = load_run(tmp_path / "run.zip"), load_run(tmp_path / "unbroken.zip")
    assert resumed.state == unbroken.state == "finished"
    assert resumed.weights.step == 1500
    assert all((resumed.weights.tensors[k] == v).all() for k, v in unbroken.weights.tensors.items())
    board = Runs().add(resumed, GanConfig.from_dict(resumed.config), "ann").board  # as the app opens it
    assert board.frames()[-1].step == 1500
