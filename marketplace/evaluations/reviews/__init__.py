"""What happens to an evaluation after its reveal: a reply, a dispute, exclusion by decision."""
