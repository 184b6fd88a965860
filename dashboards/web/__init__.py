"""The live page: read-only, for offices and phones, with a JSON API beside it."""
