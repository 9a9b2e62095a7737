"""The signed-in home: what I must do by when, my messages, the story of one need.

Reads from every package below and owns no table; what is done here is done by their actions.
"""
