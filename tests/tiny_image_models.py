"""Tiny image models with random weights, as files: the bundled model's networks, and a Stable Diffusion."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

PHRASES = ("smiling cat", "pizza", "red apple", "rocket")


def save_emoji_model(folder: Path, seed: int = 0) -> None:
    """Networks of the bundled model's form, much smaller, with all that is zero at the start made random."""
    import torch

    from engines.image_generation.emoji.files import save_networks, save_phrases
    from engines.image_generation.emoji.networks import Autoencoder, FlowTransformer
    from engines.image_generation.emoji.texts import SENTENCE, WORD, Axes

    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    autoencoder, flow = Autoencoder(latent=4, width=8), FlowTransformer(latent=4, width=32, depth=2, heads=4)
    for parameter in flow.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    with torch.no_grad():
        autoencoder.decoder[-2].weight *= 8  # strong colours
    save_networks(folder, autoencoder, flow, {"size": 64})
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(len(PHRASES), SENTENCE)).astype(np.float32)
    states = [rng.normal(size=(len(phrase.split()), SENTENCE)).astype(np.float32) for phrase in PHRASES]
    axes = Axes(torch.zeros(SENTENCE), torch.eye(SENTENCE, WORD))
    save_phrases(folder, PHRASES, vectors / np.linalg.norm(vectors, axis=1, keepdims=True), states, axes)


def save_pipeline(folder: Path, seed: int = 0) -> None:
    """A StableDiffusionPipeline whose VAE shrinks by 8, with the noise schedule of Stable Diffusion 1.5."""
    import torch
    from diffusers import AutoencoderKL, PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    torch.manual_seed(seed)
    unet = UNet2DConditionModel(
        sample_size=32,
        block_out_channels=(8, 16),
        layers_per_block=1,
        norm_num_groups=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=16,
        attention_head_dim=4,
    )
    vae = AutoencoderKL(
        block_out_channels=(8, 8, 8, 8),
        norm_num_groups=4,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=4,
        sample_size=256,
    )
    tokenizer = save_clip_tokenizer(folder / "made")
    text = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer), hidden_size=16, intermediate_size=32, num_hidden_layers=1,
            num_attention_heads=2, max_position_embeddings=77, bos_token_id=0, eos_token_id=1, pad_token_id=1,
        )
    )  # fmt: skip
    scheduler = PNDMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", skip_prk_steps=True, steps_offset=1,
        set_alpha_to_one=False,
    )  # fmt: skip
    pipe = StableDiffusionPipeline(
        vae=vae, text_encoder=text, tokenizer=tokenizer, unet=unet, scheduler=scheduler, safety_checker=None,
        feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
    pipe.save_pretrained(folder)


def save_clip_tokenizer(folder: Path):
    """CLIP's tokenizer with a vocabulary of single letters."""
    from transformers import CLIPTokenizer

    letters = "abcdefghijklmnopqrstuvwxyz0123456789,."
    pieces = ["<|startoftext|>", "<|endoftext|>", *letters, *(f"{letter}</w>" for letter in letters)]
    folder.mkdir(parents=True)
    (folder / "vocab.json").write_text(json.dumps({piece: i for i, piece in enumerate(pieces)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    return CLIPTokenizer.from_pretrained(folder, model_max_length=77)
