"""Tests mirror the packages; `integration/` and `chaos/` run against real servers on loopback."""
