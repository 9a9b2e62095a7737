"""The deadlines of every package as they stand now, and whose clock each of them is."""
