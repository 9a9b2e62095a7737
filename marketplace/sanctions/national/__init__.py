"""Owns what was imported of the national list of serious dishonesty.

Each import is the whole list as an authority published it: what stands in it is listed, what no
longer does has ended. The records follow their source; nothing here is decided by this platform.
"""
