"""The processes in which engines compute, and how their events come back."""
