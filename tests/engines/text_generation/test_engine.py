"""The text engine on tiny random models: same texts alone and together, stops, limits, probabilities."""

from __future__ import annotations

import gc
import math
import subprocess
import sys
import threading
import time
import warnings
import weakref
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from torch import nn
from transformers import (
    AutoModelForCausalLM,
    LogitsProcessorList,
    MinPLogitsWarper,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from engines import device as device_module
from engines.device.tuning import multiplies_bfloat16
from engines.messages import ConfigError, EngineError
from engines.running.events import Answer, Perplexity, Token
from engines.text_generation import model as model_module
from engines.text_generation.config import TextConfig, TooLongError, find_model
from engines.text_generation.engine import chat, continue_text, cut_oldest, perplexity
from engines.text_generation.models import Models
from engines.text_generation.packed import PackedLinear, pack
from engines.text_generation.sampling import Sampler, penalised
from tests.fakes import wait_until
from tests.tiny_models import save_gpt2, save_llama

HELLO = [{"role": "user", "content": "Hello there"}]
PROMPTS = ("a", "The quick brown fox", "12345 " * 20, "Once upon a time")
GREEDY = TextConfig(greedy=True, repetition_penalty=1.0, max_new_tokens=30)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cache")
    save_llama(folder / "models" / "SmolLM2-135M-Instruct")
    save_llama(folder / "models" / "SmolLM2-360M-Instruct", seed=1)
    save_gpt2(folder / "models" / "GPT-2")
    return folder


@pytest.fixture
def models(cache, monkeypatch):
    monkeypatch.setenv("AIGC_CACHE", str(cache))
    models = Models()
    yield models
    models.close()


@pytest.fixture
def exact(monkeypatch):
    """Weights as they are, for comparing with transformers."""
    monkeypatch.setattr(model_module, "pack_weights", lambda network, folder: None)
    monkeypatch.setattr(model_module, "best_type", lambda device, folder: torch.float32)


def answer(events) -> Answer:
    return list(events)[-1]


def reference(cache: Path, name: str = "SmolLM2-135M-Instruct"):
    return AutoModelForCausalLM.from_pretrained(cache / "models" / name, dtype=torch.float32).eval()


# --- texts ------------------------------------------------------------------------------------------------------


def test_tokens_make_the_answer_and_say_how_sure_the_model_was(models):
    events = list(chat(models, TextConfig(seed=1, max_new_tokens=20, temperature=1.5), HELLO, "Be kind"))
    tokens, last = [e for e in events if isinstance(e, Token)], events[-1]
    assert isinstance(last, Answer)
    assert "".join(token.text for token in tokens) == last.text
    assert (last.new_tokens, last.ended, last.seed) == (20, "length", 1)
    assert last.prompt_tokens == len("<system>Be kind\n<user>Hello there\n<assistant>")
    assert last.tokens_per_second > 0
    assert last.seconds_to_first > 0
    for token in tokens:
        shares = [share for _, share in token.alternatives]
        assert len(shares) == 5
        assert shares == sorted(shares, reverse=True)
        assert 0 < sum(shares) <= 1
        assert 0 < token.probability <= shares[0]


@pytest.mark.parametrize(("name", "penalty"), [("SmolLM2-135M-Instruct", 1.0), ("GPT-2", 1.0), ("GPT-2", 1.5)])
def test_greedy_text_is_that_of_transformers(models, cache, exact, name, penalty):
    config = TextConfig(model=name, greedy=True, repetition_penalty=penalty, max_new_tokens=40)
    tokens = [e for e in continue_text(models, config, "The quick brown fox") if isinstance(e, Token)]
    network = reference(cache, name)
    ids = torch.tensor([models._loaded[name].model.encode("The quick brown fox")])
    theirs = network.generate(ids, max_new_tokens=40, do_sample=False, repetition_penalty=penalty, pad_token_id=0)
    assert [token.token_id for token in tokens] == theirs[0, ids.shape[1] :].tolist()
    if penalty == 1.0:
        assert all(token.probability == token.alternatives[0][1] for token in tokens)


def test_the_seed_decides_the_text(models):
    texts = [
        answer(chat(models, TextConfig(seed=seed, temperature=1.5, max_new_tokens=40), HELLO)).text
        for seed in (3, 3, 4)
    ]
    assert texts[0] == texts[1] != texts[2]
    assert answer(chat(models, TextConfig(max_new_tokens=1), HELLO)).seed >= 0


@pytest.mark.slow
@pytest.mark.parametrize("model", ["SmolLM2-135M-Instruct", "GPT-2"])
def test_texts_come_out_the_same_alone_and_together(models, model):
    def config(i: int) -> TextConfig:
        return TextConfig(model=model, greedy=i % 2 == 0, seed=i, temperature=1.2, max_new_tokens=20 + 25 * (i % 3))

    alone = [answer(continue_text(models, config(i), PROMPTS[i % 4])).text for i in range(6)]
    together: dict[int, str] = {}

    def user(i: int) -> None:
        time.sleep(0.01 * i)  # they join while others write
        together[i] = answer(continue_text(models, config(i), PROMPTS[i % 4])).text

    threads = [threading.Thread(target=user, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [together[i] for i in range(6)] == alone


def test_nobody_waits_for_another_to_finish(models):
    long = continue_text(models, TextConfig(greedy=True, max_new_tokens=200), "a")
    for event in long:
        if isinstance(event, Token):
            break
    short = answer(continue_text(models, GREEDY, "b"))
    assert short.new_tokens == 30
    assert any(isinstance(event, Token) for event in long)  # it goes on


def test_a_text_ends_where_the_context_does(models):
    last = answer(continue_text(models, TextConfig(max_new_tokens=2000), "x" * 200))
    assert last.ended == "context"
    assert last.prompt_tokens + last.new_tokens == 257  # the last one is never read


def test_characters_of_several_tokens_stay_whole(models, monkeypatch):
    loaded = next(_last(models.open("SmolLM2-135M-Instruct")))
    ids = loaded.model.encode("né 好")
    speller = loaded.model.speller()
    texts = [speller.spell(token, 1.0, ()).text for token in ids]
    assert "".join(texts) == "né 好"
    assert texts[-3:] == ["", "", "好"]
    loaded.release()


def _last(generator):
    """The generator's result, as an iterator of one."""
    try:
        while True:
            next(generator)
    except StopIteration as end:
        yield end.value


CHAT_OF_TURNS = [
    {"role": "user", "content": "hi"},
    {"role": "assistant", "content": "hello<eos>"},
    {"role": "user", "content": "more"},
]
EXTREMES = [
    {name: value}
    for name, knob in TextConfig.knobs().items()
    if name in ("temperature", "top_p", "top_k", "min_p", "repetition_penalty", "greedy")
    for value in ((False, True) if knob.low is None else (knob.low, knob.high))
]


@pytest.mark.parametrize("system", ["", "Be brief."])
@pytest.mark.parametrize("values", EXTREMES, ids=str)
def test_answers_end_at_each_knobs_extremes_in_a_chat_of_several_turns(models, monkeypatch, values, system):
    loaded = next(_last(models.open("SmolLM2-135M-Instruct")))
    model, batcher, end = loaded.model, loaded.batcher, ord("!") - 33  # a token that ends an answer, and is likely
    template = "{% for m in messages %}{{ m['content'] }}!{% endfor %}"
    monkeypatch.setattr(model.tokenizer, "chat_template", template)
    monkeypatch.setattr(model, "ends", {end})
    monkeypatch.setattr(batcher, "_control", [end])
    logits = torch.zeros(1, model.vocabulary)
    logits[0, end], logits[0, end + 40] = 14.0, 13.0
    monkeypatch.setattr(model, "read", lambda *_: logits)
    monkeypatch.setattr(model, "step", lambda *_: logits)
    monkeypatch.setattr(batcher, "_slots", Mock())
    loaded.release()
    config = TextConfig(**{"max_new_tokens": 500, "seed": 1, **values})
    assert answer(chat(models, config, CHAT_OF_TURNS, system)).ended == "end"


def test_the_tokens_that_end_a_text_are_never_penalised(models):
    loaded = next(_last(models.open("SmolLM2-135M-Instruct")))
    loaded.release()
    assert set(loaded.batcher._control) == {n for n in loaded.model.ends if n and n < loaded.model.vocabulary}


@pytest.mark.parametrize("text", ["a\ud800b", "\udfff", "x" * 50 + "\udc00"])
def test_halves_of_characters_are_refused_in_a_sentence(models, text):
    for events in (chat(models, GREEDY, [{"role": "user", "content": text}]), continue_text(models, GREEDY, text)):
        with pytest.raises(ConfigError, match=r"half of one \(U\+D"):
            list(events)


@pytest.mark.parametrize("text", ["a\0b", "\0", "\u202e\u200b\ufeff", "\r\n\t"])
def test_any_other_text_is_taken(models, text):
    turns = [{"role": "user", "content": f"x{text}"}]
    assert answer(chat(models, GREEDY, turns)).new_tokens == 30


def test_an_answer_is_written_on(models):
    whole = answer(chat(models, GREEDY, HELLO))
    loaded = next(_last(models.open("SmolLM2-135M-Instruct")))
    loaded.release()
    prompt = loaded.model.encode_chat(HELLO)
    assert loaded.model.encode_chat(HELLO, "and so") == [*prompt, *loaded.model.encode("and so")]
    assert answer(chat(models, GREEDY, HELLO, begun="x")).prompt_tokens == whole.prompt_tokens + 1


def test_no_warning_fills_the_log(models):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        answer(chat(models, GREEDY, HELLO))
    assert not [warning for warning in told if "past_key_values" in str(warning.message)]


# --- stopping and failing -----------------------------------------------------------------------------------------


def stops(models: Models) -> bool:
    batcher = next(iter(models._loaded.values())).batcher
    return not batcher._rows and not batcher._reading and not batcher._waiting


def test_a_stop_ends_the_computation_and_keeps_the_text(models):
    events = continue_text(models, TextConfig(max_new_tokens=200, temperature=1.5), "a")
    seen = 0
    event = next(events)
    while not isinstance(event, Answer):
        seen += isinstance(event, Token)
        event = events.send(seen >= 3)
    assert event.ended == "stopped"
    assert 3 <= event.new_tokens < 200
    wait_until(lambda: stops(models))


def test_a_closed_generator_ends_the_computation(models):
    events = continue_text(models, TextConfig(max_new_tokens=200), "a")
    for event in events:
        if isinstance(event, Token):
            break
    events.close()
    wait_until(lambda: stops(models))
    assert next(iter(models._loaded.values())).users == 0


@pytest.mark.parametrize("problem", [MemoryError(), torch.OutOfMemoryError("CUDA out of memory")])
def test_out_of_memory_is_one_sentence_and_the_next_text_is_fine(models, monkeypatch, problem):
    expected = answer(continue_text(models, GREEDY, "a")).text
    model = next(iter(models._loaded.values())).model
    whole = model.step

    def fail(*arguments):
        monkeypatch.setattr(model, "step", whole)
        raise problem

    monkeypatch.setattr(model, "step", fail)
    with pytest.raises(EngineError, match="ran out of memory"):
        list(continue_text(models, GREEDY, "a"))
    assert answer(continue_text(models, GREEDY, "a")).text == expected


def test_an_error_inside_gets_a_reference(models, monkeypatch, caplog):
    answer(continue_text(models, GREEDY, "a"))
    model = next(iter(models._loaded.values())).model
    monkeypatch.setattr(model, "step", lambda *arguments: 1 / 0)
    with pytest.raises(EngineError, match=r"reference [0-9a-f]{6}"):
        list(continue_text(models, GREEDY, "a"))
    assert "ZeroDivisionError" in caplog.text


def test_a_full_line_is_refused(models, monkeypatch):
    monkeypatch.setattr("engines.text_generation.batcher.LINE", 0)
    with pytest.raises(EngineError, match="line is full"):
        list(continue_text(models, GREEDY, "a"))


# --- limits -----------------------------------------------------------------------------------------------------


def test_a_prompt_longer_than_the_context_says_by_how_much(models):
    with pytest.raises(TooLongError, match="300 tokens, 44 more than this model can read") as caught:
        list(continue_text(models, GREEDY, "x" * 300))
    assert caught.value.over == 44


def test_the_oldest_turns_are_cut_until_it_fits(models):
    turns = [{"role": role, "content": f"{i} " * 12} for i in range(6) for role in ("user", "assistant")]
    turns.append({"role": "user", "content": "last"})
    with pytest.raises(TooLongError):
        list(chat(models, GREEDY, turns))
    rest = cut_oldest(models, GREEDY, turns)
    assert 1 < len(rest) < len(turns)
    assert rest == turns[-len(rest) :]
    assert rest[0]["role"] == "user"
    assert answer(chat(models, GREEDY, rest)).ended == "length"
    with pytest.raises(TooLongError):
        cut_oldest(models, GREEDY, [*turns, {"role": "user", "content": "x" * 300}])


def test_a_million_characters_are_refused_before_anything_is_loaded():
    began = time.perf_counter()
    for events in (
        continue_text(None, GREEDY, "x" * 10**6),
        perplexity(None, GREEDY, "x" * 10**6),
        chat(None, GREEDY, [{"role": "user", "content": "x" * 10**6}]),
    ):
        with pytest.raises(ConfigError, match="1000000 characters; at most 200000"):
            next(events)
    assert time.perf_counter() - began < 0.5


@pytest.mark.parametrize(
    "messages",
    [
        None,
        [],
        "hello",
        [3],
        [{"role": "robot", "content": "x"}],
        [{"role": "user", "content": 3}],
        [{"role": "user"}],
        [{"role": "user", "content": " "}],
        [{"role": "assistant", "content": "x"}],
        HELLO * 501,
    ],
)
def test_what_is_no_chat_is_refused(messages):
    with pytest.raises(ConfigError):
        next(chat(None, GREEDY, messages))


def test_a_base_model_takes_no_chat(models):
    with pytest.raises(ConfigError, match="GPT-2 follows no instructions"):
        list(chat(models, TextConfig(model="GPT-2"), HELLO))


@pytest.mark.parametrize("name", ["nothing", "", "../../etc/passwd", "a/b/c", "./..", "owner/"])
def test_an_unknown_model_is_refused(name):
    for allow_any in (False, True):
        with pytest.raises(ConfigError, match="There is no model called"):
            find_model(name, allow_any)


def test_other_models_of_the_hub_need_the_owners_flag():
    with pytest.raises(ConfigError, match="--allow-any-model"):
        next(Models().open("owner/model"))
    assert find_model("owner/model", allow_any=True).repo == "owner/model"


@pytest.mark.parametrize("value", [math.nan, math.inf, 0.0, "hot", None])
def test_a_temperature_that_is_none_is_refused(value):
    with pytest.raises(ConfigError, match="Temperature must be"):
        TextConfig(temperature=value)


# --- perplexity -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["SmolLM2-135M-Instruct", "GPT-2"])
def test_perplexity_is_that_of_the_loss_of_transformers(models, cache, exact, monkeypatch, name):
    text = "The quick brown fox jumps over the lazy dog. " * 3
    result = list(perplexity(models, TextConfig(model=name), text))[-1]
    assert isinstance(result, Perplexity)
    ids = torch.tensor([models._loaded[name].model.encode(text)])
    loss = reference(cache, name)(input_ids=ids, labels=ids).loss
    assert result.value == pytest.approx(math.exp(loss.item()), rel=1e-4)
    assert "".join(token.text for token in result.tokens) == text
    mean = np.mean([math.log(token.probability) for token in result.tokens[1:]])
    assert math.exp(-mean) == pytest.approx(result.value, rel=1e-4)
    pieces = models._loaded[name].model.score(ids[0].tolist(), piece=7)
    scores = next(_last(pieces))
    assert [score for score, *_ in scores] == pytest.approx(
        [math.log(t.probability) for t in result.tokens[1:]], abs=1e-3
    )


def test_perplexity_needs_two_tokens(models):
    with pytest.raises(ConfigError, match="too short"):
        list(perplexity(models, GREEDY, "a"))


# --- models --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_switching_frees_the_old_model_unless_it_is_used(models):
    answer(continue_text(models, GREEDY, "a"))
    old = weakref.ref(models._loaded["SmolLM2-135M-Instruct"].model.network)
    running = continue_text(models, TextConfig(max_new_tokens=200), "a")
    next(running)
    other = TextConfig(model="SmolLM2-360M-Instruct", max_new_tokens=5)
    answer(continue_text(models, other, "a"))
    assert set(models.loaded()) == {"SmolLM2-135M-Instruct", "SmolLM2-360M-Instruct"}
    running.close()
    answer(continue_text(models, TextConfig(model="GPT-2", max_new_tokens=5), "a"))
    assert models.loaded() == ("GPT-2",)
    gc.collect()
    assert old() is None


def test_a_model_that_cannot_fit_is_refused(models, monkeypatch):
    monkeypatch.setattr(device_module, "free_memory", lambda: 10**6)
    with pytest.raises(EngineError, match="too large for this device's memory"):
        list(continue_text(models, GREEDY, "a"))


def test_importing_the_engine_loads_no_torch():
    code = "import sys, engines.text_generation.engine; print({'torch', 'transformers'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


# --- choosing tokens ----------------------------------------------------------------------------------------------


class Fixed:
    """Chance that always says the same."""

    def __init__(self, value: float) -> None:
        self.value = value

    def random(self) -> float:
        return self.value


@pytest.mark.parametrize(
    "settings",
    [
        {"temperature": 1.0, "top_p": 1.0},
        {"temperature": 0.7, "top_p": 0.9},
        {"temperature": 2.0, "top_p": 0.5, "top_k": 40},
        {"temperature": 1.3, "top_p": 1.0, "min_p": 0.2},
        {"temperature": 0.8, "top_p": 0.8, "top_k": 7, "min_p": 0.05},
    ],
)
def test_choices_are_distributed_as_by_transformers(settings):
    config = TextConfig(seed=0, **settings)
    logits = torch.randn(1, 300, generator=torch.Generator().manual_seed(1)) * 3
    warpers = LogitsProcessorList([TemperatureLogitsWarper(config.temperature)])
    if config.top_k:
        warpers.append(TopKLogitsWarper(config.top_k))
    if config.top_p < 1:
        warpers.append(TopPLogitsWarper(config.top_p))
    if config.min_p:
        warpers.append(MinPLogitsWarper(config.min_p))
    theirs = warpers(None, logits)[0].softmax(-1).sort(descending=True).values.numpy()
    sampler, ordered = Sampler(config), logits[0].sort(descending=True).values.numpy()
    total = float((logits[0] / config.temperature).logsumexp(-1))
    draws = 2000
    counts = np.zeros(300)
    for draw in range(draws):
        sampler._chance = Fixed((draw + 0.5) / draws)
        short = sampler.pick(ordered[:100], total, complete=False)
        index = sampler.pick(ordered, total, complete=True)
        assert short in (None, index)
        counts[index] += 1
    assert np.abs(counts / draws - theirs).max() < 1.5 / draws


def test_the_repetition_penalty_is_that_of_transformers():
    logits = torch.randn(1, 50)
    seen = torch.zeros(1, 50, dtype=torch.bool)
    seen[0, [3, 7, 9]] = True
    theirs = RepetitionPenaltyLogitsProcessor(1.3)(torch.tensor([[3, 7, 9, 3]]), logits.clone())
    assert torch.equal(penalised(logits, seen, torch.tensor([[1.3]])), theirs)


# --- packed weights -------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not torch.cpu._is_avx2_supported(), reason="packed for CPUs with AVX2")
@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("four_bits", [True, False])
def test_packed_weights_give_nearly_the_same_and_rows_do_not_matter(four_bits, keep):
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(64, 96, generator=generator)
    if four_bits:  # as in a GGUF file: 16 values in each group of 32
        codes = torch.randint(0, 16, (64, 3, 32), generator=generator)
        codes[..., 0], codes[..., 1] = 0, 15
        weight = (
            codes * torch.rand(64, 3, 1, generator=generator) + torch.randn(64, 3, 1, generator=generator)
        ).flatten(1)
    linear = nn.Linear(96, 64).bfloat16().requires_grad_(False)
    linear.weight.copy_(weight)
    packed = PackedLinear(linear, *pack(linear.weight), keep)
    assert packed.four_bits == four_bits
    x = torch.randn(6, 96, generator=generator).bfloat16()
    exact = nn.functional.linear(x.float(), linear.weight.float(), linear.bias.float())
    assert ((packed(x) - exact).norm() / exact.norm()).item() < (0.01 if four_bits else 0.02)
    assert torch.equal(packed(x)[2:3], packed(x[2:3]))
    prompt = x.repeat(10, 1)  # which is read with all bits, and in float32 where bfloat16 has no instructions
    assert torch.allclose(packed(prompt), linear(prompt), rtol=0.01, atol=0.01)
    if multiplies_bfloat16():
        assert torch.equal(packed(prompt), linear(prompt))
