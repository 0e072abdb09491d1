"""A variational autoencoder of two-bar melodies, after MusicVAE (Roberts et al. 2018, arXiv:1803.05428)."""
