"""Tests mirror the packages; `integration/` and `chaos/` run against real servers on loopback."""

from hypothesis import HealthCheck, settings

# A slow machine must not fail a test: no deadlines.
settings.register_profile("sinyal", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("sinyal")
