"""Who may stand in a need: decisions on plain facts, each naming its rule and how to mend it."""
