"""The connection between a page and the program: what is asked or answered over it arrives once, also after a cut."""
