"""Tables that people bring and take: one reader for every door, and one writer."""
