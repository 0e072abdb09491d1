"""The page's process serves and computes nothing: no PyTorch in it, and no worker's death reaches it."""

import ctypes
import gc
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from gradio_client import Client, handle_file

from engines.image_generation.config import ImageConfig
from engines.image_generation.engine import generate
from engines.image_generation.models import ImageModels
from engines.running.events import Progress, Token
from engines.running.runs import Runs
from engines.running.workers.pool import MODELS, PICTURES, TEXT, TRAINING, Workers
from engines.running.workers.relay import WorkerLostError
from engines.text_generation.config import TextConfig
from engines.text_generation.engine import continue_text
from engines.text_generation.models import Models
from tests import ROOT
from tests.fakes import endless, wait_until
from tests.served import served

pytestmark = [pytest.mark.slow, pytest.mark.network]
HEAVY = ("torch", "torchvision", "transformers", "diffusers", "pandas", "scipy")
GAN = {"dataset": "mnist", "architecture": "mlp", "features": 8, "batch": 16, "steps": 20, "seed": 1}
SMALL_GPT = {"layers": 1, "width": 16, "heads": 2, "batch": 8, "part": 0.01, "steps": 20, "seed": 1}
PICTURES_TO_LEARN = {"dataset": "fashion_mnist", "model": "small_cnn", "epochs": 1, "rows": 200}

# --- every tab's main job, with nothing heavy in the page's process: that of this script -----------------------------


def use_every_tab() -> None:
    workers = Workers()
    workers.prepare()
    with served(computer=workers) as (url, _):
        before = resident()
        client = Client(url, verbose=False)
        visitors = resident() - before  # what the client takes in this process is none of the page's

        def call(name, *inputs):
            result = client.predict(*inputs, api_name=f"/{name}")
            loaded = [module for module in HEAVY if module in sys.modules]
            assert not loaded, f"{name} loads {loaded} into the page's process"
            return result

        def finish(tab, run):
            wait_until(lambda: call(f"{tab}_status", run)["state"] in ("finished", "failed", "interrupted"), 200)
            assert call(f"{tab}_status", run)["state"] == "finished", call(f"{tab}_status", run)

        gan = call("gan_start", GAN)
        finish("gan", gan["run"])
        call("gan_samples", gan["run"], 1, -1)
        call("gan_walk", gan["run"], 1, 2, -1)
        call("gan_generator", gan["run"])
        call("gan_run_file", gan["run"])
        own = call("gpt_start", SMALL_GPT, "", [])
        finish("gpt", own["run"])
        call("gpt_acrostic", own["run"], "春夏秋冬", "", 1)
        call("gpt_inside", "", "白日依山尽", 1, 1)
        call("gpt_model", own["run"])
        call("gpt_run_file", own["run"])
        for model in ("Quatrains", f"run:{own['run']}"):
            assert call("text_continue", "春", {"model": model, "max_new_tokens": 4})
            assert call("text_perplexity", "春眠不觉晓", model)["tokens"] == 5
        tune = call("tune_write", "", "G", "6/8", 0.9, 1)
        assert len(call("tune_notes", tune["abc"])["notes"]) >= tune["notes"]
        call("tune_file", tune["abc"], "wav")
        made, _ = call("image_generate", {"prompt": "red apple", "steps": 2, "seed": 1}, None, None, "")
        call("image_settings", handle_file(made[0]))
        own = call("image_models", gan["owner"])[-1]["id"]
        call("image_generate", {"model": own}, None, None, gan["owner"])
        call("image_xy", "steps", "1, 2", "seed", "1, 2", {}, None, None, "")
        call("image_walk", "cat", -1, 2, "webp", {"steps": 1}, None, None, "")
        assert call("text_chat", [{"role": "user", "content": "Hello"}], "", {"max_new_tokens": 4})
        assert call("text_continue", "Once", {"max_new_tokens": 4})
        assert call("text_perplexity", "Once upon a time")["perplexity"] > 1
        call("text_score", "output,reference\na cat,a cat\n", None, True)
        run = call("finetuning_start", PICTURES_TO_LEARN, [], "ann", "")["run"]
        finish("finetuning", run)
        call("finetuning_results", run, "ann")
        call("finetuning_model", run, "ann")
        call("finetuning_script", run, "ann")
        pages = resident() - visitors
        print(f"resident: {pages:.0f} MB")
        assert pages < 300
    workers.close()


def resident() -> float:
    """Megabytes of memory that this process holds, without what is free."""
    give_back_what_is_free()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def give_back_what_is_free() -> None:
    """Of what was freed the C library keeps some for next time: 65 MB after a film was encoded."""
    gc.collect()
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)


def test_the_page_loads_no_torch_whatever_is_done():
    program = [sys.executable, "-c", "from tests.test_page_process import use_every_tab\nuse_every_tab()"]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]


# --- deaths in the middle of real work: with those of test_pool.py 50 ----------------------------------------------


@pytest.fixture(scope="module")
def workers():
    made = Workers()
    made.prepare()
    yield made
    made.close()


def kill(workers, room):
    [pid] = [pid for pid, where in workers.processes().items() if where == room]
    os.kill(pid, signal.SIGKILL)


def writes(workers):
    return workers.events(TEXT, continue_text, Models(), TextConfig(max_new_tokens=400, seed=1), "Once upon a time")


def draws(workers):
    config = ImageConfig(prompt="red apple", steps=150, seed=1)
    return workers.events(PICTURES, generate, config, ImageModels())


def thinks(workers):
    return workers.events(MODELS, endless)  # of a module that a new process loads at once, unlike this one


@pytest.mark.parametrize(
    ("room", "work", "sign", "times"),
    [(TEXT, writes, Token, 3), (PICTURES, draws, Progress, 5), (MODELS, thinks, Progress, 18)],
)
def test_chats_and_pictures_can_be_asked_for_again_however_often_their_process_dies(workers, room, work, sign, times):
    for _ in range(times):
        events = work(workers)
        next(event for event in events if isinstance(event, sign))
        kill(workers, room)
        with pytest.raises(WorkerLostError):
            _wear_out(events)
    events = work(workers)
    next(event for event in events if isinstance(event, sign))
    events.close()


def _wear_out(events):
    for _ in events:
        pass


def test_a_training_loses_little_and_others_notice_nothing(workers):
    runs = Runs()
    with served(runs=runs, computer=workers) as (url, _):
        client = Client(url, verbose=False)
        answers, done = [], threading.Event()

        def chats():
            while not done.is_set():
                began = time.monotonic()
                message = [{"role": "user", "content": "Hello"}]
                answers.append((client.predict(message, "", {"max_new_tokens": 4}, api_name="/text_chat"), began))

        chatting = threading.Thread(target=chats)
        chatting.start()
        try:
            started = client.predict({**GAN, "steps": 200_000}, api_name="/gan_start")
            run = runs.get(started["run"])
            for _ in range(8):
                wait_until(lambda: run.board.state == "running" and run.board.progress, 60)
                seen = run.board.progress.step
                wait_until(lambda seen=seen: run.board.progress.step > seen, 60)
                kill(workers, TRAINING)
                wait_until(lambda: run.board.ended, 5)
                assert run.board.state == "interrupted"
                client.predict(started["run"], started["owner"], "resume", api_name="/gan_control")
            client.predict(started["run"], started["owner"], "stop", api_name="/gan_control")
            wait_until(lambda: run.board.ended, 30)
        finally:
            done.set()
            chatting.join(60)
        assert len(answers) > 1
        assert all(text for text, _ in answers)
        assert TRAINING not in workers.processes().values()
