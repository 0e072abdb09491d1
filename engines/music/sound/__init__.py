"""Pieces as sound, without any sample of a real instrument: an organ, and plucked strings."""
