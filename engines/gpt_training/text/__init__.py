"""What a language model reads: texts, their tokens, and the part that is held out."""
