"""A round's key in three hands: the passphrases of holders, shares, two that open together."""
