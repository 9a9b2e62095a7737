"""Complaints (投诉) about a selection: after an answered objection, or about somebody's conduct in it."""
