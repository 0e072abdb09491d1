"""One run from start to end: events, board, line, store, files."""
