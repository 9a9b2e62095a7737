"""The demo: one invented city whose year is made through the actions with the moved clock."""
