"""What is measured of a language model: what counting reaches, form, words, and what is copied."""
