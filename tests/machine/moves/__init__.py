"""What can be done in the market, by who does it."""
