"""Engines: generators from a checked config to events. They know nothing of the page."""
