"""Speed of the text engine on this device: `python -m tests.benchmarks.text` prints one JSON line.

It is compared with transformers' own `pipeline("text-generation")` as anyone calls it: same files, prompt,
sampling settings and number of new tokens; taking turns, so that both meet the same load.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from engines.catalog import DEFAULT_MODEL, MODELS
from engines.running.events import Answer, Token
from engines.text_generation.config import TextConfig
from engines.text_generation.engine import chat
from engines.text_generation.models import Models
from engines.weights import cache_folder

QUESTIONS = (
    "Write a story about a fox who wants to learn to read.",
    "Explain to a child why the sky is blue.",
    "Give me a recipe for a soup with potatoes and leeks.",
    "What should I see in Paris in three days?",
)
# widths of a Llama with so many parameters, for a machine without files: hidden, inner, layers, heads, key heads
SIZES = {"135m": (576, 1536, 30, 9, 3), "1.7b": (2048, 8192, 24, 32, 32)}
START = """
import time; began = time.perf_counter()
from engines.text_generation.engine import chat
from engines.text_generation.models import Models, warm_up
warm_up(); imported = time.perf_counter()  # as when the tab was opened
models = Models()
for _ in models.open({model!r}): pass
print(time.perf_counter() - imported, time.perf_counter() - began)
models.close()
"""


class FirstToken:
    """A streamer that only notes when the first new token came; the first call has the prompt."""

    def __init__(self) -> None:
        self.calls, self.time = 0, 0.0

    def put(self, value: object) -> None:
        """Called by generate with the prompt and then with each token."""
        self.calls += 1
        if self.calls == 2:
            self.time = time.perf_counter()

    def end(self) -> None:
        """Called by generate at the end."""


def settings(tokens: int, seed: int) -> TextConfig:
    """What both are asked for."""
    return TextConfig(max_new_tokens=tokens, seed=seed, top_k=50, repetition_penalty=1.0)


def theirs(pipe: Callable, question: str, tokens: int) -> tuple[float, float]:
    """(tokens a second after the first, seconds to the first) of the pipeline."""
    config, first = settings(tokens, 0), FirstToken()
    began = time.perf_counter()
    pipe(
        [{"role": "user", "content": question}],
        max_new_tokens=tokens,
        min_new_tokens=tokens,
        do_sample=True,
        temperature=config.temperature,
        top_p=config.top_p,
        top_k=config.top_k,
        streamer=first,
    )
    return (first.calls - 2) / (time.perf_counter() - first.time), first.time - began


def ours(models: Models, question: str, tokens: int, seed: int = 0) -> Answer:
    """The engine's answer; one that the model ends early counts as it is, since it is a pace."""
    events = list(chat(models, settings(tokens, seed), [{"role": "user", "content": question}]))
    assert isinstance(events[-1], Answer)
    return events[-1]


def together(models: Models, tokens: int, seed: int, users: int = len(QUESTIONS)) -> float:
    """Tokens a second of `users` at once, all tokens counted, over the time in which all of them write."""
    times: list[list[float]] = [[] for _ in range(users)]

    def user(index: int) -> None:
        question = QUESTIONS[index % len(QUESTIONS)]
        for event in chat(models, settings(tokens, seed), [{"role": "user", "content": question}]):
            if isinstance(event, Token):
                times[index].append(time.perf_counter())

    threads = [threading.Thread(target=user, args=(index,)) for index in range(users)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    begin, end = max(t[0] for t in times), min(t[-1] for t in times)
    return sum(begin < moment <= end for t in times for moment in t) / (end - begin)


def measure_speed(models: Models, pipe: Callable, quick: bool) -> dict[str, float]:
    """Medians of ratios over rounds: one user against the pipeline, four users against one."""
    tokens, rounds = (48, 3) if quick else (128, 7)
    theirs(pipe, QUESTIONS[0], 8)
    ours(models, QUESTIONS[0], 8)
    rows = []
    for index in range(rounds):
        question = QUESTIONS[index % len(QUESTIONS)]
        time.sleep(1.5)  # as after a person's last answer: the engine looks at what others leave of the cores
        one = ours(models, question, tokens, seed=index)
        pace, first = theirs(pipe, question, tokens)
        four = together(models, tokens, seed=index)
        rows.append((one.tokens_per_second, pace, one.seconds_to_first, first, four))
    return {
        "ratio": statistics.median(one / pipe for one, pipe, *_ in rows),
        "ttft_ratio": statistics.median(one / pipe for _, _, one, pipe, _ in rows),
        "four_users_ratio": statistics.median(four / one for one, *_, four in rows),
        "tokens_per_second": statistics.median(row[0] for row in rows),
        "pipeline_tokens_per_second": statistics.median(row[1] for row in rows),
        "seconds_to_first": statistics.median(row[2] for row in rows),
        "pipeline_seconds_to_first": statistics.median(row[3] for row in rows),
        "four_users_tokens_per_second": statistics.median(row[4] for row in rows),
    }


def measure_start(quick: bool) -> dict[str, float]:
    """Seconds of a fresh process to have the model loaded from the cache, without and with its imports.

    The app makes the imports when the tab is opened, before anybody has written a message.
    """
    runs = []
    for _ in range(1 if quick else 3):
        command = [sys.executable, "-c", START.format(model=DEFAULT_MODEL)]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        runs.append([float(word) for word in output.split()[-2:]])
    load, whole = (statistics.median(column) for column in zip(*runs, strict=True))
    return {"second_start_s": load, "second_start_with_imports_s": whole}


def make_random(size: str, folder: Path) -> None:
    """A model of this size with random weights and the default model's tokenizer, as files."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    hidden, inner, layers, heads, key_heads = SIZES[size]
    config = LlamaConfig(
        vocab_size=49_152,
        hidden_size=hidden,
        intermediate_size=inner,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=key_heads,
        max_position_embeddings=8192,
        tie_word_embeddings=True,
        eos_token_id=None,
        dtype="bfloat16",
    )
    torch.set_default_dtype(torch.bfloat16)
    LlamaForCausalLM(config).save_pretrained(folder)
    torch.set_default_dtype(torch.float32)
    tokenizer = _any_tokenizer()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, chat_template=TEMPLATE).save_pretrained(folder)


TEMPLATE = "{% for m in messages %}{{ m['role'] + ': ' + m['content'] + '\n' }}{% endfor %}assistant:"


def _any_tokenizer():
    """A byte-level tokenizer without merges."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={letter: i for i, letter in enumerate(letters)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="end within 50 seconds")
    parser.add_argument("--random", choices=SIZES, help="random weights of this size, in place of the model's files")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        if arguments.random:
            os.environ["AIGC_CACHE"] = place
            make_random(arguments.random, cache_folder() / "models" / DEFAULT_MODEL)
        models = Models()
        for _ in models.open(DEFAULT_MODEL):
            pass
        from transformers import logging, pipeline

        logging.set_verbosity_error()
        pipe = pipeline("text-generation", model=str(cache_folder() / "models" / DEFAULT_MODEL))
        result: dict[str, object] = {
            "device": str(pipe.device),
            "model": arguments.random or MODELS[DEFAULT_MODEL].title,
            "quick": arguments.quick,
        }
        for figures in (measure_speed(models, pipe, arguments.quick), measure_start(arguments.quick)):
            result |= {name: round(value, 3) for name, value in figures.items()}
        models.close()
    print(json.dumps(result))


if __name__ == "__main__":
    main()
