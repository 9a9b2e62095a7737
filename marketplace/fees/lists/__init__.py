"""The fee list (收费目录清单): drafted or imported, approved by another officer, published.

An approved list becomes the section ``fees`` of its place from its effective day on, read by the
same loader as a shipped one; a charge of the list's own becomes a standard, so that one engine
computes every price.
"""
