"""Speed and memory of the bundled image model on this device: `python -m tests.benchmarks.image` prints one JSON line.

Without the bundled weights a random model of the same shape is measured, which is as fast; fidelity is then null.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from engines.image_generation import models as models_module
from engines.image_generation.config import ImageConfig
from engines.image_generation.engine import generate
from engines.image_generation.enlarging import EnlargeConfig, enlarge
from engines.image_generation.models import ImageModels
from engines.image_generation.styling.engine import StyleConfig, stylize
from engines.running.events import Pictures, Progress, Samples
from tests.benchmarks.memory import resident_mb
from tests.tiny_image_models import save_pipeline

CONFIG = ImageConfig.for_model("emoji", seed=0)  # as the page draws
AS_DRAWN = dataclasses.replace(CONFIG, enlarge="1")
TINY = ImageConfig.for_model("owner/tiny", prompt="a cat", steps=2, batch=1, seed=0, width=64, height=64)


def make_random(folder: Path) -> None:
    """The bundled model's networks with random weights, and the default prompt among its phrases."""
    import numpy as np
    import torch

    from engines.image_generation.emoji.files import save_networks, save_phrases
    from engines.image_generation.emoji.networks import Autoencoder, FlowTransformer

    torch.manual_seed(0)
    flow = FlowTransformer()
    for parameter in flow.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.02)
    save_networks(folder, Autoencoder(), flow)
    save_phrases(folder, [CONFIG.prompt], np.full((1, 384), 384**-0.5, np.float32))


def one_run(models: ImageModels, config: ImageConfig) -> tuple[float, float, Pictures]:
    """(seconds to the first preview, seconds to the pictures, the pictures), the model being loaded."""
    began, first = time.perf_counter(), 0.0
    for event in generate(config, models):
        if isinstance(event, Samples) and not first:
            first = time.perf_counter() - began
    assert isinstance(event, Pictures)
    return first, time.perf_counter() - began, event


def measure_speed(models: ImageModels, rounds: int) -> dict[str, float]:
    """Four pictures with default settings, as a person asks for them; medians."""
    began = time.perf_counter()
    for event in generate(CONFIG, models):
        if isinstance(event, Progress):
            break
    load = time.perf_counter() - began
    one_run(models, CONFIG)
    runs = [one_run(models, dataclasses.replace(CONFIG, seed=seed)) for seed in range(rounds)]
    alone = [one_run(models, dataclasses.replace(CONFIG, seed=seed, batch=1))[1] for seed in range(rounds)]
    whole = statistics.median(run[1] for run in runs)
    plain = [one_run(models, dataclasses.replace(AS_DRAWN, seed=seed))[1] for seed in range(rounds)]
    return {
        "four_images_s": whole,
        "four_of_128_px_s": statistics.median(plain),
        "one_image_s": statistics.median(alone),
        "first_preview_s": statistics.median(run[0] for run in runs),
        "steps_per_s": CONFIG.steps / statistics.median(run[2].seconds for run in runs),
        "load_s": load,  # without the import of torch
    }


def measure_changes(rounds: int) -> dict[str, float]:
    """Seconds to enlarge pictures four times and to paint one of 512 px in a style, loading included; medians."""
    import numpy as np

    noise = np.random.default_rng(0)
    small, large = (noise.integers(0, 256, (side, side, 3), np.uint8) for side in (128, 512))
    kinds = {
        "enlarge_128_s": lambda: list(enlarge(EnlargeConfig(), small)),
        "style_512_s": lambda: list(stylize(StyleConfig(), large[None])),
    }
    found = {name: median_seconds(run, rounds) for name, run in kinds.items()}
    began = time.perf_counter()
    list(enlarge(EnlargeConfig(), large))
    return found | {"enlarge_512_s": time.perf_counter() - began}


def measure_doubler(folder: Path) -> dict[str, float]:
    """PSNR in dB and SSIM on emoji held out from the doubler's training, made small and as the model draws them."""
    from assets.doubler.make import pairs, scores
    from engines.image_generation.emoji.doubling import load_doubler

    small, sharp, kinds = pairs(folder)
    found = {}
    for kind in ("small", "soft"):
        held = kinds == f"held {kind}"
        for way, (decibels, similar) in scores(load_doubler(), small[held], sharp[held]).items():
            found |= {f"{kind}_{way}_psnr": decibels, f"{kind}_{way}_ssim": similar}
    return found


def measure_ranking(models: ImageModels, guidance: float, prompts: int = 100) -> dict[str, float]:
    """Of four pictures of a name each, how often the first is of that emoji, as drawn and with the best match first.

    The judge knows nothing of the ranking: the nearest of the bundled pictures at 32 px has to be the emoji's.
    """
    import numpy as np

    from engines.clip_training.config import ENGINE, ClipConfig
    from engines.clip_training.pairs import load, small
    from engines.clip_training.use import fit
    from engines.image_generation.emoji.files import load_phrases, plain
    from engines.image_generation.evaluate import nearest
    from engines.image_generation.evaluate import small as rows
    from engines.running.run_files import load_run
    from tabs.page.runs.actions import example_file

    board, learnt = load_run(example_file(ENGINE)), load()
    clip, known = ClipConfig.from_dict(board.config), load_phrases(models_module.EMOJI_FOLDER).places
    names = learnt.names[0]
    chosen = [i for i in np.random.default_rng(0).permutation(len(names)) if plain(names[i]) in known][:prompts]
    gallery, right = rows(learnt.images), []
    for i in chosen:
        config = dataclasses.replace(AS_DRAWN, prompt=names[i], guidance=guidance, width=64, height=64)
        images = one_run(models, config)[2].images
        near = fit(clip, board.weights, names[i], np.stack([small(image) for image in images]))
        hits = learnt.emoji[nearest(images, gallery)] == i
        right.append([hits[0], hits[near.argmax()], hits.any()])
    shares = zip(("first", "best", "any"), np.mean(right, 0).tolist(), strict=True)
    return {f"{which}_right_at_guidance_{guidance}": share for which, share in shares}


def measure_gpu(rounds: int) -> dict[str, float]:
    """Milliseconds for 1 and 64 pictures without previews: eager, and with captured graphs as the engine runs."""
    import torch

    from engines.image_generation.catalog import IMAGE_MODELS
    from engines.image_generation.emoji.model import EmojiModel

    found = {}
    for name, graphs in (("eager", False), ("captured", True)):
        model = EmojiModel(IMAGE_MODELS["emoji"], models_module.EMOJI_FOLDER, graphs=graphs)
        for count in (1, 64):

            def draw(model: EmojiModel = model, count: int = count) -> None:
                model.make([CONFIG.prompt] * count, ["noto"] * count)
                torch.cuda.synchronize()

            found[f"latency_{count}_{name}_ms"] = 1000 * median_seconds(draw, rounds)
        model.close()
    for count in (1, 64):
        found[f"captured_ratio_{count}"] = found[f"latency_{count}_eager_ms"] / found[f"latency_{count}_captured_ms"]
    return found


def median_seconds(run: Callable[[], None], rounds: int) -> float:
    """Of a run, after two to warm up."""
    times = []
    for _ in range(rounds + 2):
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return statistics.median(times[2:])


def measure_memory(models: ImageModels, generations: int = 200, switches: int = 10) -> dict[str, float]:
    """Resident MB before and after so many generations, and so many switches to a tiny diffusers pipeline and back."""

    def switch(times: int) -> None:
        for i in range(times):
            one_run(models, (TINY, CONFIG)[i % 2])

    for seed in range(10):
        one_run(models, dataclasses.replace(CONFIG, seed=seed))
    early = resident_mb()
    for seed in range(generations):
        one_run(models, dataclasses.replace(CONFIG, seed=seed))
    late = resident_mb()
    switch(4)  # imports diffusers
    before = resident_mb()
    switch(switches)
    after = resident_mb()
    return {
        "generations": generations,
        "early_mb": early,
        "late_mb": late,
        "switches": switches,
        "before_switches_mb": before,
        "after_switches_mb": after,
        "memory_ratio": max(late / early, after / before),
    }


def main() -> None:
    """Parse the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="end within 50 seconds")
    parser.add_argument("--random", action="store_true", help="random weights even if the bundled ones are there")
    parser.add_argument("--memory", action="store_true", help="200 generations and ten switches as well")
    parser.add_argument("--doubler", type=Path, help="the folder of assets.doubler.make: score it as well")
    parser.add_argument("--ranking", action="store_true", help="best match first, judged on 100 names, as well")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        os.environ["AIGC_CACHE"] = place
        trained = not options.random and (models_module.EMOJI_FOLDER / "model.safetensors").is_file()
        if not trained:
            models_module.EMOJI_FOLDER = Path(place)
            make_random(Path(place))
        import torch

        from engines.image_generation.emoji.model import read_card

        card = read_card(models_module.EMOJI_FOLDER)
        models, rounds = ImageModels(allow_any_model=True), 5 if options.quick else 15
        cuda = torch.cuda.is_available()
        result: dict[str, object] = {
            "device": torch.cuda.get_device_name() if cuda else f"cpu, {os.cpu_count()} cores",
            "weights": "bundled" if trained else "random",
            "quick": options.quick,
            "fidelity": None,
            **{name: share for name, share in card.get("scores", {}).items() if name.startswith("fidelity")},
        }
        figures = measure_speed(models, rounds) | measure_changes(2 if options.quick else 5)
        if cuda:
            figures |= measure_gpu(rounds)
        if options.doubler:
            figures |= measure_doubler(options.doubler)
        if options.ranking:
            figures |= measure_ranking(models, CONFIG.guidance) | measure_ranking(models, 1.0)
        if options.memory:
            save_pipeline(Path(place) / "models" / "owner--tiny")
            figures |= measure_memory(models)
        models.close()
        result |= {name: round(value, 4) for name, value in figures.items()}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
