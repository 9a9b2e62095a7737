"""Changing the item list: departments propose, the bureau shows a new edition and publishes it."""
