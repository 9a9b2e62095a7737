"""Owns two-way evaluation: windows, marks, simultaneous reveal.

Looks at contracts from above and posts to ratings; neither knows it.
"""
