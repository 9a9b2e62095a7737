"""The service items that may be bought, by edition, and what each requires.

Must not know firms, needs or prices paid; who is competent is an office code.
"""
