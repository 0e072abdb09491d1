"""Speed and quality of the live GAN training: `python -m tests.benchmarks.gan` prints one JSON line.

The textbook it is compared with is the loop of PyTorch's DCGAN tutorial
(https://docs.pytorch.org/tutorials/beginner/dcgan_faces_tutorial.html): a Dataset that turns a PIL image
into a normalised tensor, a DataLoader with two workers, float32 networks with a Sigmoid at the end, plain
Adam, and losses read after every step. It has the same layers, data, batch and number of updates as ours.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from urllib.request import urlopen

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from engines.data.pictures import PictureSet, load_bundled
from engines.device.cores import Neighbours
from engines.device.tuning import Choice, processor
from engines.gan_training.config import GanConfig
from engines.gan_training.engine import train
from engines.gan_training.family import FAMILY
from engines.gan_training.step import Trainer
from engines.live_training.pace import best_choice
from engines.running.events import Metrics
from tests import ROOT
from tests.fakes import free_port

TUTORIAL_BATCH = 128
EMPTY = """\
import sys
import gradio as gr
with gr.Blocks() as demo:
    pass
demo.launch(server_port=int(sys.argv[1]), quiet=True)
"""  # the least that Gradio can show
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


class PictureDataset(Dataset):
    """As torchvision's MNIST: each access makes a PIL image and transforms it."""

    def __init__(self, images: np.ndarray) -> None:
        self.images = images
        self.transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize(0.5, 0.5)])

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> torch.Tensor:
        return self.transform(Image.fromarray(self.images[index, :, :, 0]))


def textbook_networks(latent: int, f: int) -> tuple[nn.Module, nn.Module]:
    """The tutorial's G and D with the two doublings that 28 px needs: the layers of our DCGAN."""
    g = nn.Sequential(
        nn.ConvTranspose2d(latent, 2 * f, 7, 1, 0, bias=False),
        nn.BatchNorm2d(2 * f),
        nn.ReLU(True),
        nn.ConvTranspose2d(2 * f, f, 4, 2, 1, bias=False),
        nn.BatchNorm2d(f),
        nn.ReLU(True),
        nn.ConvTranspose2d(f, 1, 4, 2, 1, bias=False),
        nn.Tanh(),
    )
    d = nn.Sequential(
        nn.Conv2d(1, f, 4, 2, 1, bias=False),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(f, 2 * f, 4, 2, 1, bias=False),
        nn.BatchNorm2d(2 * f),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(2 * f, 1, 7, 1, 0, bias=False),
        nn.Sigmoid(),
    )
    for module in [*g.modules(), *d.modules()]:
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.normal_(module.weight, 0.0, 0.02)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
    return g.to(DEVICE), d.to(DEVICE)


def textbook_steps(config: GanConfig, data: PictureSet) -> Iterator[None]:
    """The tutorial's training loop, one item a step, without end."""
    loader = DataLoader(PictureDataset(data.images), config.batch, shuffle=True, num_workers=2, drop_last=True)
    net_g, net_d = textbook_networks(config.latent, config.features)
    criterion = nn.BCELoss()
    optimizer_d = torch.optim.Adam(net_d.parameters(), lr=config.lr_d, betas=(config.beta1, 0.999))
    optimizer_g = torch.optim.Adam(net_g.parameters(), lr=config.lr_g, betas=(config.beta1, 0.999))
    losses: list[tuple[float, float]] = []
    while True:
        for batch in loader:
            net_d.zero_grad()
            real = batch.to(DEVICE)
            label = torch.full((len(real),), 1.0, device=DEVICE)
            output = net_d(real).view(-1)
            loss_real = criterion(output, label)
            loss_real.backward()
            d_x = output.mean().item()
            noise = torch.randn(len(real), config.latent, 1, 1, device=DEVICE)
            fake = net_g(noise)
            label.fill_(0.0)
            output = net_d(fake.detach()).view(-1)
            loss_fake = criterion(output, label)
            loss_fake.backward()
            d_g_z1 = output.mean().item()
            loss_d = loss_real + loss_fake
            optimizer_d.step()
            net_g.zero_grad()
            label.fill_(1.0)
            output = net_d(fake).view(-1)
            loss_g = criterion(output, label)
            loss_g.backward()
            d_g_z2 = output.mean().item()
            optimizer_g.step()
            losses.append((loss_d.item(), loss_g.item()))
            assert min(d_x, d_g_z1, d_g_z2) >= 0
            yield


def our_steps(config: GanConfig, data: PictureSet, choice: Choice) -> Iterator[None]:
    """The same with our Trainer, its signals read four times a second as the engine does."""
    trainer = Trainer(config, data.images, data.labels, len(data.class_names), DEVICE, choice=choice)
    read = time.perf_counter()
    while True:
        trainer.step()
        if time.perf_counter() - read > 0.25:
            trainer.signals()
            read = time.perf_counter()
        yield


def per_second(steps: Iterator[None], seconds: float, threads: int) -> float:
    """Steps a second over about `seconds` with so many threads, the device's work included."""
    torch.set_num_threads(threads)
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        next(steps)
        count += 1
    if DEVICE == "cuda":
        torch.cuda.synchronize()
    return count / (time.perf_counter() - start)


def measure_speed(quick: bool) -> dict[str, float | str]:
    """`ratio`: pictures a second of ours over the textbook's at our default batch; and the same at the tutorial's."""
    figures = compare_speed(GanConfig.batch, 2 if quick else 9)
    tutorial = compare_speed(TUTORIAL_BATCH, 1 if quick else 9)
    return {**figures, **{f"{name}_at_{TUTORIAL_BATCH}": figure for name, figure in tutorial.items()}}


def compare_speed(batch: int, turns: int) -> dict[str, float | str]:
    """Pictures a second of ours and the textbook's, taking turns so that both meet the same load.

    Ours computes as was fastest when it was tried out, as in a run. The textbook runs with PyTorch's own number of
    threads and with half of them, and the faster one counts.
    """
    config, data = GanConfig(seed=0, batch=batch, conditional=False), load_bundled("fashion_mnist")
    default = torch.get_num_threads()
    choice = best_choice(FAMILY, config, data, torch.device(DEVICE), Neighbours().free())
    ours, textbook = our_steps(config, data, choice), textbook_steps(config, data)
    per_second(ours, 0.5, choice.threads)
    per_second(textbook, 0.5, 1)
    rounds = []
    for _ in range(turns):
        fast = per_second(ours, 1.5, choice.threads)
        rounds.append((fast, max(per_second(textbook, 1.5, n) for n in {default, max(1, default // 2)})))
    return {
        "computed_with": choice.describe(DEVICE),
        "ratio": statistics.median(a / b for a, b in rounds),
        "ours_pictures_per_second": config.batch * statistics.median(a for a, _ in rounds),
        "textbook_pictures_per_second": config.batch * statistics.median(b for _, b in rounds),
    }


def measure_quality(quick: bool) -> dict[str, float | None]:
    """`fd_60s`: the Fréchet distance 60 s after Start with the default settings, as the page shows it."""
    marks = [8] if quick else [15, 30, 60]
    figures: dict[str, float | None] = {"fd_60s": None}  # a quick run ends before
    training, latest, stop = train(GanConfig(seed=0)), None, None
    start = time.perf_counter()
    with contextlib.suppress(StopIteration):
        while True:
            event = training.send(stop)
            if isinstance(event, Metrics) and event.group == "scores":
                latest = event.values["Fréchet distance"]
            while marks and time.perf_counter() - start >= marks[0]:
                figures[f"fd_{marks.pop(0)}s"] = latest
            stop = not marks
    return figures


def measure_start(quick: bool) -> dict[str, float]:
    """`start_ratio`: seconds until app.py serves its page over those of an empty Blocks app, in turn."""
    ours = ["app.py", "--runs-folder", "", "--port"]
    empty = ["-c", EMPTY]
    rounds = [(seconds_to_serve(ours), seconds_to_serve(empty)) for _ in range(1 if quick else 5)]
    return {"start_ratio": statistics.median(a / b for a, b in rounds), "start_s": min(a for a, _ in rounds)}


def seconds_to_serve(program: list[str]) -> float:
    """Seconds until a fresh Python, which is told the port, has served its page once; its end is not part of it."""
    port, start = free_port(), time.perf_counter()
    started = subprocess.Popen(
        [sys.executable, *program, str(port)], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while started.poll() is None:
            with contextlib.suppress(OSError), urlopen(f"http://127.0.0.1:{port}/") as page:
                page.read()
                return time.perf_counter() - start
            time.sleep(0.02)
        raise RuntimeError(f"{program[0]} ended with {started.returncode}")
    finally:
        started.terminate()
        started.wait()


def measure_stream(quick: bool) -> dict[str, float]:
    """`stream_cpu_share`: the CPU time of folding, encoding and serving a run to 3 viewers at 2 updates a
    second, as a share of the process's; what the idle server takes anyway is left out."""
    command = [sys.executable, "-m", "tests.benchmarks.stream", str(4 if quick else 60)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(output.splitlines()[-1])  # Gradio tells of its MCP server first


MEASUREMENTS: tuple[Callable[[bool], dict], ...] = (
    measure_speed,
    measure_quality,
    measure_start,
    measure_stream,
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="end within 50 seconds")
    quick = parser.parse_args().quick
    result: dict[str, object] = {
        "device": DEVICE,
        "processor": processor(),
        "load": os.getloadavg()[0],
        "threads": torch.get_num_threads(),
        "quick": quick,
    }
    for measure in MEASUREMENTS:
        figures = measure(quick)
        result |= {k: round(v, 3) if isinstance(v, float) else v for k, v in figures.items()}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
