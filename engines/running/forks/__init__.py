"""Forks: a run that goes on from a kept point of another one's history, with other settings."""
