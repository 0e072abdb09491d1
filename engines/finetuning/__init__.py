"""Fine-tuning of classifiers of texts and pictures."""
