"""Errors a person can act on: what is wrong, in which field, by which rule."""

from __future__ import annotations


class DomainError(Exception):
    """A rule refuses. ``message`` is Chinese (through gettext), ``field`` names the form field.

    ``rule`` is a short code for records and tests, ``status`` the HTTP status of the answer.
    """

    status = 422

    def __init__(self, message: str, *, field: str | None = None, rule: str | None = None) -> None:
        super().__init__(str(message))
        self.message = message
        self.field = field
        self.rule = rule


class Invalid(DomainError):
    """The input breaks a rule of its field (422)."""


class Conflict(DomainError):
    """Somebody was first, or the state has moved on (409)."""

    status = 409


class Refused(DomainError):
    """The person may see the object but may not do this (403)."""

    status = 403


class Missing(DomainError):
    """No such object for this person (404): also what another party's object answers."""

    status = 404


class TooMany(DomainError):
    """The person has done this as often as may be for now (429)."""

    status = 429
