"""The storage core (pure) and its SQLite shell."""
