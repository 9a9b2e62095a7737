"""What waits for officers, one list: a person's desk and the overview of an area read it."""
