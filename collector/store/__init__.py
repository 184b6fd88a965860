"""The store: one interface (`store.Store`), three engines chosen by config."""
