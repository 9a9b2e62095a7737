"""Which bodies the department in charge of reform counts as still tied to an administration, and
what officers decided about firms that stand on its list."""
