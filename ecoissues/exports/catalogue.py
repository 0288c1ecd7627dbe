"""The one registry of form documents: those of the package, then the office's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from ecoissues.core.errors import NotFound, Refused
from ecoissues.core.forms import Form, decode_form


def load_forms(folders: Iterable[Path] = ()) -> dict[str, Form]:
    """Read every form document; one in a later folder replaces that of the same code.

    In: further folders (the site's ``instance/forms``); missing ones are skipped.
    Out: forms by code. Raises Refused ``bad_form`` with the file and the reason.
    """
    forms = {form.code: form for form in _packaged()}
    for folder in folders:
        if folder.is_dir():
            forms |= {form.code: form for form in _forms_in(folder)}
    return forms


@cache
def _packaged() -> tuple[Form, ...]:
    """Give the packaged forms: like the code beside them, they are read once in a process."""
    return tuple(_forms_in(files("ecoissues.exports") / "forms"))


def _forms_in(folder: Traversable) -> Iterator[Form]:
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".toml"):
            yield decode_form(_read(file.read_bytes(), file.name), file.name)


def get_form(code: str, forms: Mapping[str, Form] | None = None) -> Form:
    """Give a form by its code from ``forms`` (else the packaged ones); raises NotFound."""
    known = load_forms() if forms is None else forms
    if code not in known:
        choices = "、".join(f"{form.code}（{form.zh}）" for form in known.values())
        raise NotFound(f"没有代码为“{code}”的表式。现有：{choices}。", form=code)
    return known[code]


def _read(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(
            "bad_form", f"表式文件 {name} 不能使用：不是 UTF-8 编码。", file=name, reason="toml"
        ) from None
