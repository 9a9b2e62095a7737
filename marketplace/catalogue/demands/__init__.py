"""Reports that a department asked for a service off the list, and the case against it."""
