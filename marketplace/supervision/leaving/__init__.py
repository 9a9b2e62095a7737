"""Leaving with everything that hangs on it: entries, orders, running contracts."""
