"""The flask commands: setting up, loading editions, moving demo time, checking ledgers.

Findings go to standard output, progress to standard error; the exit status is 0 only when what
a command checks holds.
"""
