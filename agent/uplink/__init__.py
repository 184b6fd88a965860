"""The way to the collector: what goes next, in which frame, within which budget."""
