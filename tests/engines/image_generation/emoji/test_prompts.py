"""Prompts as vectors: known phrases without any download, others by MiniLM, and a sentence when it cannot be had."""

from __future__ import annotations

import pytest
import torch

from engines.image_generation.emoji import prompts as prompts_module
from engines.image_generation.emoji.prompts import Prompts, drain
from engines.image_generation.emoji.texts import SENTENCE, TEXT, parts_of
from engines.image_generation.models import EMOJI_FOLDER
from engines.messages import EngineError
from engines.running.events import Caption
from tests.tiny_image_models import PHRASES


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """A cache with a tiny random BERT in place of MiniLM."""
    from transformers import BertConfig, BertModel, BertTokenizer

    cache = tmp_path_factory.mktemp("cache")
    folder = cache / "models" / "all-MiniLM-L6-v2"
    folder.mkdir(parents=True)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "green", "dragon", "blue", "horse"]
    (folder / "vocab.txt").write_text("\n".join(words))
    BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(0)
    BertModel(
        BertConfig(vocab_size=len(words), hidden_size=384, num_hidden_layers=1, num_attention_heads=2,
                   intermediate_size=32)
    ).save_pretrained(folder)  # fmt: skip
    return cache


def test_known_phrases_need_no_download(folder, offline):
    events = list(Prompts(folder).encode([*PHRASES, "", "SMILING  cat"]))
    assert events == []
    vectors = drain(Prompts(folder).encode([*PHRASES, "", "SMILING  cat"]))
    assert set(vectors) == {*PHRASES, "SMILING  cat"}
    assert torch.equal(vectors["SMILING  cat"], vectors["smiling cat"])
    assert all(abs(float(text[:SENTENCE].norm()) - 1) < 1e-5 for text in vectors.values())
    assert [int(parts_of(vectors[phrase][None])[2].sum()) for phrase in PHRASES] == [2, 1, 2, 1]  # their words


@pytest.mark.slow
def test_other_words_need_minilm_and_it_is_said_when_it_is_out_of_reach(folder, offline):
    with pytest.raises(EngineError, match=r"Only the names of emoji .* MiniLM-L6\. The files of"):
        drain(Prompts(folder).encode(["a green dragon"]))


def test_other_words_are_read_by_minilm_and_remembered(folder, cache, monkeypatch):
    monkeypatch.setenv("AIGC_CACHE", str(cache))
    monkeypatch.setattr(prompts_module, "REMEMBERED", 2)
    prompts = Prompts(folder)
    first = drain(prompts.encode(["a green dragon"]))["a green dragon"]
    assert first.shape == (TEXT,)
    assert abs(float(first[:SENTENCE].norm()) - 1) < 1e-5
    assert int(parts_of(first[None])[2].sum()) == 3
    assert list(prompts.encode(["A green  dragon", "pizza"])) == []  # from memory
    together = drain(Prompts(folder).encode(["blue horse", "a green dragon"]))
    assert torch.equal(together["a green dragon"], first)
    drain(prompts.encode(["blue horse", "green horse"]))
    assert len(prompts._remembered) == 2


def test_by_name_words_have_the_vector_of_a_name_and_it_is_told_which(folder, cache, monkeypatch):
    monkeypatch.setenv("AIGC_CACHE", str(cache))
    prompts, phrase = Prompts(folder), "a horse"
    events = list(prompts.encode([phrase, "pizza"], by_name=True))
    told = [event.message.values["english"].strip("“”") for event in events if isinstance(event, Caption)]
    assert len(told) == 1
    assert told[0] in PHRASES
    vectors = drain(prompts.encode([phrase, *PHRASES], by_name=True))
    assert torch.equal(vectors[phrase], vectors[told[0]])
    assert not torch.equal(vectors[phrase], drain(prompts.encode([phrase]))[phrase])


def test_by_name_a_colour_stays_and_what_has_a_name_is_as_it_was(folder, cache, monkeypatch):
    monkeypatch.setenv("AIGC_CACHE", str(cache))
    prompts = Prompts(folder)
    assert list(prompts.encode(PHRASES, by_name=True)) == []
    by_name, plainly = (drain(prompts.encode(["green pizza", *PHRASES], way)) for way in (True, False))
    assert all(torch.equal(by_name[phrase], plainly[phrase]) for phrase in ("green pizza", *PHRASES))
    (told,) = (e.message.values["english"] for e in prompts.encode(["a green horse"], True) if isinstance(e, Caption))
    assert told.removeprefix("“green ") in ("smiling cat”", "pizza”", "apple”", "rocket”")


def test_a_stop_ends_the_loading(folder, cache, monkeypatch):
    monkeypatch.setenv("AIGC_CACHE", str(cache))
    encoding = Prompts(folder).encode(["a green dragon"])
    next(encoding)
    with pytest.raises(StopIteration) as end:
        encoding.send(True)
    assert end.value.value is None


def test_names_in_other_languages_need_no_download(offline):
    vectors = drain(Prompts(EMOJI_FOLDER).encode(["红苹果", "red apple", "manzana roja", "🍎"]))
    assert all(torch.equal(vector, vectors["red apple"]) for vector in vectors.values())


def test_a_prompt_of_which_nothing_is_known_is_not_drawn(folder):
    with pytest.raises(EngineError, match=r"knows no word of “量子力学”.* choose “Nearest emoji”"):
        drain(Prompts(folder).encode(["量子力学"]))


@pytest.mark.slow
def test_without_the_encoder_of_other_languages_the_table_reads_alone_and_it_is_said(folder, offline):
    with pytest.raises(EngineError, match=r"knows no word of “量子力学”.* needs multilingual-e5-small\. The files of"):
        drain(Prompts(folder).encode(["量子力学"], by_name=True))
    events = list(Prompts(EMOJI_FOLDER).encode(["红苹果", "不认识的红苹果"], by_name=True))
    (told,) = (event.message for event in events if isinstance(event, Caption))
    assert told.startswith("Read word by word, as “red apple”. To read it by meaning needs multilingual-e5-small.")
