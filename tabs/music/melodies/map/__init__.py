"""The map of a melody VAE."""
