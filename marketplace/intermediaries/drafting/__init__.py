"""Keeping an application while it is written: field by field, and never one window over another."""
