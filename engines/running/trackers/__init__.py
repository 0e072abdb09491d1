"""Trackers of others: TensorBoard, Weights & Biases and Trackio, told of runs as they go or after they ended."""
