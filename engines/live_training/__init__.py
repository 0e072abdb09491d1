"""What every family of live trainings on pictures shares: the loop, data, checkpoints, exploring."""
