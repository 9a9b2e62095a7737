"""What waits for somebody, gathered from the packages that know it."""
