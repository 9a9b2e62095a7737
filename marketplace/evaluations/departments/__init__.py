"""The firm of a contract and the department that handles the item evaluate each other."""
