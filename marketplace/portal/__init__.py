"""Public pages and search. Reads from every package below; changes nothing and owns no table."""
