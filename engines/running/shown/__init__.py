"""What a run shows beside its curves and grids, as it is kept, told to a page and written to a file."""
