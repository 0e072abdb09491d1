"""Prompts of several things: read into a plan, each thing drawn by itself, and all put onto one picture."""
