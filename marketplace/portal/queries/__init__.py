"""What the public pages ask of the packages below."""
