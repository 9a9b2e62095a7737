"""Appeals (申诉) against a card or a blacklisting, decided by the superior bureau or a panel."""
