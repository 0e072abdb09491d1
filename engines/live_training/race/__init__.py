"""A race of live trainings: its settings, and the terms that all entries get."""
