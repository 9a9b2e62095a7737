"""在线洽谈: before a direct pick the owner asks each entrant, and may be quoted anew."""
