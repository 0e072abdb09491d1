"""The square on which one draws where the real points lie."""
