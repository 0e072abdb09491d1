"""The map of a VAE's latent space."""
