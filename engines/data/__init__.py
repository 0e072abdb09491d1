"""Pictures, texts and the measures of them: what every engine may read."""
