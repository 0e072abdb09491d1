"""Prompt in, picture out: the bundled emoji model, hub models through diffusers, and the visitor's own GANs."""
