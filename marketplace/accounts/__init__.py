"""People, organisations, jurisdictions, roles, sessions. Knows nothing of what is traded."""
