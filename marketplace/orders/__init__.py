"""Orders to chosen firms: of a listing at its terms, or 小额快选 with up to three firms asked.

An order ends in what every purchase ends in: a published need, an award, a contract. Must not
know how contracts run afterwards, but for the acceptance of a 小额快选 with its marks.
"""
