"""The Compare tab: several runs beside one another."""
