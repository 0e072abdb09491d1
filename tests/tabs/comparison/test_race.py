import gradio as gr
import pytest

from engines.gan_training.config import PRESETS, GanConfig
from engines.limits import Limits
from engines.live_training.race.config import RaceConfig
from engines.messages import ConfigError, EngineError
from engines.running.board import Board
from engines.running.events import Progress
from engines.running.runs import Runs
from engines.vae_training.config import PRESETS as VAE_PRESETS
from engines.vae_training.config import VaeConfig
from tabs.comparison.race import RaceActions
from tabs.page.gate import Gate
from tabs.page.shared import Racer
from tests.fakes import wait_until


@pytest.fixture
def told():
    """(config, terms) of each entry that ran."""
    return []


@pytest.fixture
def races(told):
    def events(config, folder, terms):
        told.append((config, terms))
        yield Progress(1, 1)

    racers = {
        "gan_training": Racer("GAN", GanConfig, PRESETS, events),
        "vae_training": Racer("VAE", VaeConfig, VAE_PRESETS, events),
    }
    return RaceActions(Runs(), Gate(Limits(steps=30_000)), racers)


def test_all_get_the_same_data_seed_and_seconds(races, told):
    entries = races.named(["gan_training/fast", "vae_training/default"] if "fast" in PRESETS else races.first())
    runs = races.start(RaceConfig(dataset="mnist", seconds=30), entries, "ann", None)
    wait_until(lambda: all(run.board.ended for run in runs), 20)
    assert [run.engine for run in runs] == ["gan_training", "vae_training"]
    assert {config.dataset for config, _ in told} == {"mnist"}
    assert len({config.seed for config, _ in told}) == 1
    assert {terms.seconds for _, terms in told} == {30}


def test_one_family_can_race_with_other_settings(races, told):
    entries = [("gan_training", {"objective": name}) for name in ("hinge", "least_squares", "wgan_gp")]
    runs = races.start(RaceConfig(), entries, "ann", None)
    wait_until(lambda: all(run.board.ended for run in runs), 20)
    assert sorted(config.objective for config, _ in told) == ["hinge", "least_squares", "wgan_gp"]


def test_what_cannot_race_is_said(races):
    with pytest.raises(ConfigError, match="two to 4 entries"):
        races.start(RaceConfig(), races.first()[:1], "ann", None)
    with pytest.raises(ConfigError, match="'finetuning' can't race here; there are gan_training, vae_training"):
        races.named(["finetuning/default"])
    with pytest.raises(EngineError, match="no such run"):
        races.named(["gan_training/nothing"])
    with pytest.raises(ConfigError, match="Seconds each must be"):
        RaceConfig(seconds=1)
    for entries in ("gan_training", [1], [{"engine": "gan_training"}], [{"engine": []}, {"engine": {}}]):
        with pytest.raises(gr.Error):
            races.race(entries, {}, "ann")
    with pytest.raises(gr.Error, match="Steps may be at most"):
        races.race([{"engine": "gan_training", "settings": {"steps": 150_000}}] * 2, {}, "ann")


def test_ones_latest_settings_can_enter(races):
    config = GanConfig(objective="hinge", seed=5)
    races.runs.add(Board("gan_training", config.to_dict(), state="finished"), config, "ann", "mine-run")
    offered = dict(map(reversed, races.choices("ann", "en")))
    assert offered["gan_training/mine-run"] == "GAN · as in your latest run"
    assert "gan_training/mine-run" not in dict(map(reversed, races.choices("bob", "en")))
    ((engine, settings),) = races.named(["gan_training/mine-run"])
    assert (engine, settings["objective"]) == ("gan_training", "hinge")


def test_a_script_can_race(races):
    answer = races.race([{"engine": "gan_training"}, {"engine": "vae_training"}], {"seconds": 5, "seed": 3})
    assert len(answer["runs"]) == 2
    assert answer["owner"]
    assert [config["seed"] for config in answer["config"]] == [3, 3]
