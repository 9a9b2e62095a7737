"""Projects of owners and their needs: draft, approve, publish, correct, withdraw.

Owns the gate for what by law must be tendered or procured elsewhere, and the selection edition's
numbers. Knows neither entries nor awards: selection stands above and moves a need's status.
"""
