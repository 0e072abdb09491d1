"""A "?" beside what can be asked about, which opens its paragraph in Learn."""
