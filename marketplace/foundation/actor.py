"""Who acts: a person in one organisation with its roles there, or the clock."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Actor:
    """Passed to every action. ``roles`` are role codes, ``permissions`` what they add up to.

    ``withheld`` are permissions that what the actor's right rests on does not cover, and
    ``withheld_because`` says so in words. ``metered``: what the organisation uploads is bounded.
    """

    user_id: int | None
    name: str
    organisation_id: int | None = None
    organisation_name: str = ""
    organisation_kind: str = ""
    jurisdiction: str | None = None
    roles: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset()
    role_titles: tuple[str, ...] = ()
    session_id: int | None = None
    authorisation_id: int | None = None  # an agent's, when the right rests on one
    elsewhere: bool = False  # holds roles in other organisations too
    address: str | None = field(default=None, compare=False)
    withheld: frozenset[str] = frozenset()
    withheld_because: str = ""
    metered: bool = False

    def may(self, permission: str) -> bool:
        """Whether one of the actor's roles carries ``permission``."""
        return str(permission) in self.permissions

    @property
    def is_clock(self) -> bool:
        """True for periodic jobs, which act by a rule's deadline and no person's will."""
        return self.user_id is None


CLOCK = Actor(user_id=None, name="系统时钟", roles=frozenset({"clock"}))
