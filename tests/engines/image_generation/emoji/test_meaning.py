"""Prompts in other languages as emoji: with a tiny random encoder in place of the real one, and without any."""

import pytest
import torch

from engines.image_generation.emoji import meaning as meaning_module
from engines.image_generation.emoji.meaning import Meaning
from engines.image_generation.emoji.prior import OTHER_LANGUAGES, load_prior
from engines.image_generation.emoji.prompts import Prompts, drain
from engines.image_generation.models import EMOJI_FOLDER
from engines.messages import EngineError
from engines.running.events import Caption, Note

TEXTS = ("会飞的哺乳动物", "下雨天用的东西")


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """A cache with a tiny random BERT in place of multilingual-e5-small."""
    from transformers import BertConfig, BertModel, BertTokenizer

    cache = tmp_path_factory.mktemp("cache")
    folder = cache / "models" / "multilingual-e5-small"
    folder.mkdir(parents=True)
    letters = dict.fromkeys("".join(TEXTS) + "飞行紫色")
    (folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters]))
    BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(0)
    BertModel(
        BertConfig(vocab_size=len(letters) + 5, hidden_size=384, num_hidden_layers=1, num_attention_heads=2,
                   intermediate_size=32)
    ).save_pretrained(folder)  # fmt: skip
    return cache


@pytest.fixture
def here(cache, monkeypatch):
    monkeypatch.setenv("AIGC_CACHE", str(cache))


def test_texts_are_read_as_names_that_can_be_drawn_told_in_chinese_and_remembered(here, monkeypatch):
    monkeypatch.setattr(meaning_module, "REMEMBERED", 2)
    reading = Meaning({"bat", "pizza"})
    both = drain(reading.read(TEXTS))
    names = dict(load_prior(OTHER_LANGUAGES)[1])
    for text in TEXTS:
        assert both[text].name in ("bat", "pizza")
        assert both[text].told == f"{names[both[text].name]} ({both[text].name})"
    assert list(reading.read(TEXTS)) == []  # from memory
    assert drain(reading.read([])) == {}
    drain(reading.read(["летучая мышь", *TEXTS]))
    assert len(reading._remembered) == 2
    assert drain(reading.read(["летучая мышь"]))["летучая мышь"].told in ("bat", "pizza")


def test_a_sentence_is_drawn_as_the_emoji_it_means_and_it_is_told_which(here):
    prompts, (text, _) = Prompts(EMOJI_FOLDER), TEXTS
    events = list(prompts.encode([text, "pizza"], by_name=True))
    name = drain(Meaning(prompts._phrases).read([text]))[text]
    assert [str(event.message) for event in events if isinstance(event, Caption)] == [
        f"The model reads: “{name.told}”."
    ]
    vectors = drain(prompts.encode([text, name.name], by_name=True))
    assert torch.equal(vectors[text], vectors[name.name])


def test_its_colour_is_told_with_the_name(here):
    prompts, text = Prompts(EMOJI_FOLDER), "紫色的" + TEXTS[0]
    name = drain(prompts._meaning.read([text]))[text]
    read = drain(prompts._read_freely([text, "红苹果"]))
    assert read[text].name == f"purple {name.name}"
    assert read[text].told == name.told.replace(name.name, read[text].name)
    assert [*read] == [text]


def test_a_stop_ends_the_loading(here):
    reading = Meaning({"bat"}).read(TEXTS)
    assert isinstance(next(reading), Note)
    with pytest.raises(StopIteration) as end:
        reading.send(True)
    assert end.value.value is None


@pytest.mark.slow
def test_it_is_said_when_the_encoder_is_out_of_reach(offline):
    with pytest.raises(EngineError, match="files of multilingual-e5-small are not to be had"):
        drain(Meaning({"bat"}).read(TEXTS))
