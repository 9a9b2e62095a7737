"""Soft measures (柔性措施): letters, talks, orders to rectify, criticism, transfers, hotline orders."""
