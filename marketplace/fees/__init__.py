"""Fee standards by edition, and the answer to one question: is this price allowed?

Owns the published standards, the price engine and the price checks stored with what they
checked. Must not know projects, selection or contracts: they ask at the moment of use.
"""
