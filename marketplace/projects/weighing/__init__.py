"""The criteria of a best-value need and their weights, published with it."""
