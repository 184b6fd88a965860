"""The store: one interface (`store.Store`), four engines chosen by config."""
