"""What one takes home: the model as a folder, and the run as a script."""
