"""The language a person chose, kept with the account: for mails, and for a browser that is new."""

from __future__ import annotations

from flask import Response
from flask.blueprints import BlueprintSetupState
from flask_login import current_user
from sqlalchemy import update

from marketplace.foundation import languages
from marketplace.foundation.db import db
from marketplace.foundation.web import later

from .models import User


def follow_choices(state: BlueprintSetupState) -> None:
    """Have every choice of a language kept with the account of who is signed in."""
    languages.when_chosen(state.app, _keep)  # type: ignore[arg-type]


def _keep(code: str) -> None:
    if current_user.is_authenticated:
        user_id = current_user.user.id
        later(lambda _at: _store(user_id, code))


def _store(user_id: int, code: str) -> None:
    db.session.execute(update(User).where(User.id == user_id).values(language=code))


def greet(response: Response, user: User) -> Response:
    """After signing in: a browser in which nothing was chosen takes the account's language, an
    account without one the browser's."""
    here = languages.chosen_here()
    if here is None and user.language is not None:
        languages.remember(response, user.language)
    elif here is not None and user.language is None:
        user.language = here
    return response
