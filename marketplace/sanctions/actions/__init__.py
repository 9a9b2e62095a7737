"""What officers, firms and the clock do: cards and cases."""
