"""Tests of the whole program; tests/engines and tests/tabs follow the tree of what they test."""

from pathlib import Path

ROOT = Path(__file__).parent.parent  # of the program
