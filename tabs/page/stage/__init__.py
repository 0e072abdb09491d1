"""The picture stage, and thumbnails."""
