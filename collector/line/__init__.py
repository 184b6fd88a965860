"""From a message of the broker to the answer that says it is stored."""
