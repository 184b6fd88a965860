"""Halls that fail by a script, and what the watch must say of it: scenario files, random months, a normal fortnight."""
