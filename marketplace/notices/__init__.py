"""Owns what is shown to the public for a period, and the objections to it.

Must not know what the notices are about: whoever publishes one names its own subject, and asks
for the state of the notice when the period is over.
"""
