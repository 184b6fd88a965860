"""The ground floor: what every program stands on and nobody should write twice."""
