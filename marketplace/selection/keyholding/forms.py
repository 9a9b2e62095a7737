"""Fields of a holder: a passphrase to keep, one to hand a share in with, a loss."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import PasswordField, TextAreaField
from wtforms.validators import InputRequired, Length, ValidationError

from marketplace.foundation.forms import Form, length_message

LONGEST = 128


class PassphraseForm(Form):
    """A passphrase, twice."""

    passphrase = PasswordField(
        _l("保管口令"),
        description=_l("只有保管人知道，网站不保存，遗失后无法找回；不要使用登录密码"),
        validators=[InputRequired(_l("请填写保管口令"))],
    )
    again = PasswordField(
        _l("再次填写保管口令"), validators=[InputRequired(_l("请再次填写保管口令"))]
    )

    def __init__(self, *args: Any, shortest: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shortest = shortest

    def validate_passphrase(self, field: Any) -> None:
        """Long enough, and of more than a few characters."""
        text = field.data or ""
        if not self.shortest <= len(text) <= LONGEST:
            raise ValidationError(
                _("保管口令应为 %(least)d 至 %(most)d 个字符", least=self.shortest, most=LONGEST)
            )
        if len(set(text)) < self.shortest // 2:
            raise ValidationError(_("保管口令重复的字符过多，请换一个不易猜到的"))

    def validate_again(self, field: Any) -> None:
        """Typed alike twice."""
        if field.data != self.passphrase.data:
            raise ValidationError(_("两次填写的保管口令不一致"))


class HandInForm(Form):
    """The passphrase a share was given to."""

    passphrase = PasswordField(
        _l("保管口令"),
        validators=[
            InputRequired(_l("请填写保管口令")),
            Length(1, LONGEST, message=length_message()),
        ],
    )


class LostForm(Form):
    """How a passphrase was lost."""

    reason = TextAreaField(
        _l("遗失情况"),
        description=_l("将随选取过程公布"),
        validators=[InputRequired(_l("请写明遗失情况")), Length(5, 500, message=length_message())],
    )
