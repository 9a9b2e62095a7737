"""The screens' figures as plain functions: exact, without clock, database or order of input."""
