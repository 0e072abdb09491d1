"""Melodies: a VAE that trains live, its map, and the way from one melody to another."""
