"""What is measured of music that was written."""
