"""From an edition file to a standard, whole or not at all."""
