"""Why a file may not be kept."""

from __future__ import annotations

from marketplace.foundation.languages import N_


class Trouble(ValueError):
    """A message id and the name of the rule that refuses."""

    def __init__(self, rule: str, text: str) -> None:
        super().__init__(text)
        self.rule = rule
        self.text = text


def broken() -> Trouble:
    """The file is not what its name says, or is cut off."""
    return Trouble("content", N_("文件已损坏或内容与扩展名不符，请重新导出后上传"))


def too_large() -> Trouble:
    """Unpacked it would be larger than anything of its kind."""
    return Trouble("unpacked", N_("文件展开后过大，请删去不需要的内容后再上传"))


def active() -> Trouble:
    """Something in it runs, or is another file."""
    return Trouble(
        "active", N_("文件中含有宏、脚本、嵌入文件或外部引用，请另存为不含这些内容的文件后上传")
    )


def locked() -> Trouble:
    """Nobody can read it without a password."""
    return Trouble("locked", N_("文件设有密码，请取消密码后再上传"))
