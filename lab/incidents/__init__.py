"""A world of halls that fail by a script, and what the watch must say of it: scenario files, and random months with known causes."""
