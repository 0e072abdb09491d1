"""The live training on points of the plane."""
