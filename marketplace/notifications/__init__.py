"""Messages owed: the inbox and the outbox of mail. Knows addresses, nothing of the business."""
