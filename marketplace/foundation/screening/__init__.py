"""What an uploaded file carries beside what a person sees: refused, or taken out.

Nothing here opens a file as its reader would. The structure is followed within bounds; what it
does not explain, what runs, what is locked and what would unpack without end is refused.
"""

from .kinds import screened

__all__ = ["screened"]
