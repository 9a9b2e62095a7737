"""`scripts/bench`: a full marketplace made by bulk insert, and what its pages cost on it.

Not part of the product: it uses the product's models, rules and server, and nothing uses it.
"""
