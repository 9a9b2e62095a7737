"""The left rail of the signed-in rooms: the lists a person may open, with what waits in each."""
