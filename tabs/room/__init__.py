"""A room: people who learn together, and all their runs on one board."""
