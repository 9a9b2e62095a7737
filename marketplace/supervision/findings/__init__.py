"""Findings of an audit: what a sampled thing shows wrong, answered by the bureau, closed."""
