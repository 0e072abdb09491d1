"""Several runs beside one another: where they differ, what of them can be compared, and who leads in what."""
