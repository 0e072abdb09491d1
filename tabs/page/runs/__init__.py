"""What every tab with runs has: its buttons, and what one can do with a run."""
