import gradio as gr
import pytest

from engines.diffusion_training.family import FAMILY as DIFFUSION
from engines.gan_training.config import PRESETS, GanConfig
from engines.gan_training.family import FAMILY as GAN
from engines.gpt_training.config import PRESETS as GPT_PRESETS
from engines.gpt_training.config import GptConfig
from engines.limits import Limits
from engines.live_training.race.config import RaceConfig
from engines.messages import ConfigError, EngineError
from engines.running.board import Board
from engines.running.comparison.compare import compare
from engines.running.comparison.entries import Entry
from engines.running.events import Progress
from engines.running.runs import Runs
from engines.running.workers.pool import Here
from engines.vae_training.config import PRESETS as VAE_PRESETS
from engines.vae_training.config import VaeConfig
from engines.vae_training.family import FAMILY as VAE
from tabs.comparison.race import RaceActions
from tabs.live_training.actions import FamilyActions
from tabs.page.gate import Gate
from tabs.page.shared import Racer
from tabs.text_generation.training.actions import GptActions
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
        "gpt_training": Racer("Language models", GptConfig, GPT_PRESETS, events),
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
    with pytest.raises(
        ConfigError, match="'finetuning' can't race here; there are gan_training, vae_training, gpt_training"
    ):
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


def test_two_settings_of_a_language_model_race_on_one_text(races, told):
    runs = races.start(
        RaceConfig(seconds=30, seed=5), races.named(["gpt_training/default", "gpt_training/lstm"]), "ann", None
    )
    wait_until(lambda: all(run.board.ended for run in runs), 20)
    assert sorted((config.model, config.data, config.seed) for config, _ in told) == [
        ("gpt", "poems", 5),
        ("lstm", "poems", 5),
    ]


def test_entries_that_learn_something_else_than_the_others_are_refused(races):
    assert races.first() == ["gan_training/default", "vae_training/default"], "all of pictures"
    for entries in (
        ["gpt_training/default", "gpt_training/english"],
        ["gpt_training/default", "gan_training/default"],
    ):
        with pytest.raises(ConfigError, match="must learn the same"):
            races.start(RaceConfig(), races.named(entries), "ann", None)
    with pytest.raises(gr.Error, match="a text or pictures of your own can't be raced on"):
        races.race([{"engine": "gpt_training", "settings": {"data": "own"}}] * 2, {})
    config = GptConfig(data="own")
    races.runs.add(Board("gpt_training", config.to_dict(), state="finished"), config, "ann", "mine-own")
    assert "gpt_training/mine-own" not in dict(map(reversed, races.choices("ann", "en")))


SMALL = {
    "gan_training": {"features": 8, "batch": 16},
    "vae_training": {"features": 8, "batch": 16},
    "diffusion_training": {"features": 8, "batch": 16},
}
NAMES = {"data": "names", "layers": 1, "width": 16, "heads": 2, "context": 16, "batch": 8}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["pictures", "names"])
def test_real_entries_race_to_the_exam_and_the_comparison_says_who_leads(kind, monkeypatch, tmp_path):
    monkeypatch.setenv("AIGC_CACHE", str(tmp_path))
    monkeypatch.setattr("engines.device.tuning.SECONDS", 0.0)
    runs, gate, computer = Runs(), Gate(Limits()), Here()
    racers = {f.engine: FamilyActions(f, runs, gate, computer).racer for f in (GAN, VAE, DIFFUSION)}
    racers["gpt_training"] = GptActions(runs, gate, computer).racer
    entries = list(SMALL.items())
    if kind == "names":
        entries = [("gpt_training", {**NAMES, "lr": rate}) for rate in (1e-2, 1e-4)]
    racing = RaceActions(runs, gate, racers).start(
        RaceConfig(seconds=5, dataset="mnist", seed=1), entries, "ann", None
    )
    wait_until(lambda: all(run.board.ended for run in racing), 400)
    assert [run.board.state for run in racing] == ["finished"] * len(entries)
    told = compare([Entry(name, run.engine, run.config, run.board) for name, run in zip("ABC", racing, strict=False)])
    measure = "Fréchet distance" if kind == "pictures" else "Held-out"
    curves = {(curve.group, curve.column): curve.comparable for curve in told.curves}
    assert curves["final", measure]
    said = [str(sentence) for sentence in told.standings[0].sentences]
    assert any(one.startswith(measure) for one in said), said
    if kind == "names":
        assert any(one.startswith("Held-out: A leads") for one in said), said
