"""Writing official sheets. This package knows columns, not cases; it imports the core only."""
