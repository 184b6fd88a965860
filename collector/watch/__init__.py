"""The watch: judges what is in the store, keeps the state of each alert, and puts messages into a durable outbox."""
