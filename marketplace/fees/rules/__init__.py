"""The price engine: exact decimals in, a band with its steps and a verdict out.

Plain dataclasses, ``Decimal`` and dates. No session, no request, no clock, no float.
"""
