"""Real servers, certificates and whole lines on loopback, for tests, chaos and bench."""
