"""The Fine-tuning tab."""
