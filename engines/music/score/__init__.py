"""Tunes as text: ABC to notes and back."""
