"""What an item list may say: its items, their guides, the wording it refuses."""
