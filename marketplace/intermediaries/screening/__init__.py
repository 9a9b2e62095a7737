"""What the machine finds wrong in an application, and the copies of what was sent in each round."""
