"""Who may stand behind a firm: shown to an officer for checking, never a ground by itself.

Nobody is barred for being related. (RULES section 11)
"""
