"""The card: a reading gets its time and number here, and stays until the collector has it."""
