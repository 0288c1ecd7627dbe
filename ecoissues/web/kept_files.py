"""Files of a refused form: checked and stored once, then named by a signed note in the form.

A browser cannot put a chosen file back into a form; so the stored file is kept for the next try.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from flask import current_app, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from ecoissues.core.errors import Refused
from ecoissues.core.vocabulary import EVIDENCE_STAGES
from ecoissues.services.evidence import Prepared, prepare
from ecoissues.web import here

_DAY: Final = 24 * 3600


class Sent(msgspec.Struct):
    """The files of one sending: those that can be used, and sentences on those that cannot."""

    files: list[Prepared]
    errors: dict[str, str]


def _serializer() -> URLSafeTimedSerializer:
    key = current_app.secret_key
    assert key is not None
    return URLSafeTimedSerializer(key, salt=f"kept-file-{here.account().id}")


def note_of(file: Prepared) -> str:
    """Give the signed note that stands for a stored file in the form of this person."""
    return str(_serializer().dumps(msgspec.to_builtins(file)))


def read_sent(stages: Iterable[str] = EVIDENCE_STAGES) -> Sent:
    """Read the request's files: kept ones by their notes, new ones checked and stored.

    New files come as ``files-STAGE``; their errors are keyed by that name.
    """
    sent = Sent(list(_kept()), {})
    for stage in stages:
        for upload in request.files.getlist(f"files-{stage}"):
            if not upload.filename:
                continue
            try:
                file = prepare(here.site(), upload.filename, stage, upload.read())
            except Refused as refused:
                sent.errors[f"files-{stage}"] = refused.sentence
            else:
                if all((f.sha256, f.stage) != (file.sha256, file.stage) for f in sent.files):
                    sent.files.append(file)
    return sent


def _kept() -> Iterable[Prepared]:
    for note in request.form.getlist("kept"):
        try:
            yield msgspec.convert(_serializer().loads(note, max_age=_DAY), Prepared)
        except (BadSignature, msgspec.ValidationError):
            continue


def shown(files: Sequence[Prepared]) -> list[dict[str, str]]:
    """Give note, name and stage of files for the form that is shown again."""
    return [
        {"note": note_of(file), "name": file.name, "stage": EVIDENCE_STAGES[file.stage][0]}
        for file in files
    ]
