"""Settings that do not go together are refused in one sentence; every recipe can be run."""

import pytest

from engines.catalog import ENCODERS
from engines.finetuning.config import CHARACTER_MODEL, ENCODER_IDS, PICTURE_MODELS, RECIPES, FinetuningConfig
from engines.messages import ConfigError

CNN = {"dataset": "fashion_mnist", "model": "small_cnn"}


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_is_a_valid_config(name):
    FinetuningConfig(**RECIPES[name].values)


def test_the_first_recipe_is_the_defaults():
    assert next(iter(RECIPES)) == "default"
    assert not RECIPES["default"].values


def test_every_model_has_a_card_or_sees_pictures():
    models = set(FinetuningConfig.knobs()["model"].choices)
    assert models == set(ENCODER_IDS) | set(PICTURE_MODELS) | {CHARACTER_MODEL}
    assert set(ENCODER_IDS.values()) == set(ENCODERS)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"dataset": "fashion_mnist"}, "MiniLM-L6 reads texts; for pictures choose a picture model"),
        ({"model": "resnet18"}, "ResNet-18 sees pictures; for texts choose a text model"),
        ({**CNN, "method": "lora"}, "for texts only"),
        ({**CNN, "adversarial": True}, "for texts only"),
        ({**CNN, "mlm": True}, "for texts only"),
        ({**CNN, "method": "frozen"}, "nothing learnt to freeze"),
        ({"method": "frozen", "adversarial": True}, "needs a backbone that learns"),
        ({"model": "char_ngrams", "method": "lora"}, "nothing learnt before"),
        ({"model": "char_ngrams", "mlm": True}, "nothing learnt before"),
        ({"batch": 512, "max_length": 512}, "their product may be at most 16384"),
        ({"lr": float("nan")}, "Learning rate must be a number"),
        ({"epochs": 0}, "Epochs must be a whole number from 1"),
        ({"replay": 1.5}, "Replay must be a number from 0"),
    ],
)
def test_what_does_not_go_together_is_refused_in_one_sentence(values, says):
    with pytest.raises(ConfigError, match=says):
        FinetuningConfig.from_dict(values)


def test_a_model_that_needs_no_download_takes_over_the_task():
    config = FinetuningConfig(dataset="intents_zh", model="bert_zh", method="lora", mlm=True, seed=5, rows=200)
    other = config.without_download()
    assert (other.dataset, other.seed, other.rows) == ("intents_zh", 5, 200)
    assert {name: getattr(other, name) for name in RECIPES["intents_zh"].values} == {
        **RECIPES["intents_zh"].values,
        "max_length": config.max_length,
    }
