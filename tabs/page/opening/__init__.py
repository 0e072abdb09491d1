"""What a page does first: the language that it speaks, and whether it stands where the program thinks."""
