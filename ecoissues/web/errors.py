"""Error pages in Chinese: what happened, what became of the data, what to do, and a number.

They need no database and no account, so they also work when those do not.
"""

from __future__ import annotations

import logging
import secrets
from typing import Final

from flask import Flask, current_app, g, render_template
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from ecoissues.core.errors import Forbidden, NotFound, Refused, Stale
from ecoissues.services.outages import is_outage
from ecoissues.web import here

_LOG: Final = logging.getLogger("ecoissues.web")

#: Status -> title, what became of the data, what to do.
SENTENCES: Final[dict[int, tuple[str, str, str]]] = {
    400: ("请求不完整", "没有写入任何数据。", "请返回上一页，重新打开表单后再提交。"),
    403: ("没有权限", "没有写入任何数据。", "如工作需要，请联系系统管理员调整角色或单位。"),
    404: ("没有找到", "数据没有改动。", "请核对编号或网址；该记录也可能不在您的管辖范围内。"),
    405: ("打开方式不对", "没有写入任何数据。", "请从页面上的按钮或链接进入。"),
    409: ("他人已先办理", "您的操作没有生效。", "请刷新页面，核对他人的办理后再提交。"),
    413: ("文件过大", "文件没有上传，已填内容没有保存。", "单个文件不超过 20 MB，一次合计不超过 64 MB；请压缩或分次上传。"),
    422: ("未能办理", "没有写入任何数据。", "请按提示更正后再提交。"),
    429: ("操作过于频繁", "这一次请求没有处理。", "请稍候一分钟再试。"),
    500: ("系统出错", "这一次操作没有写入；此前已保存的数据不受影响。", "请稍后重试；仍不行的，请把错误编号告诉系统管理员。"),
    503: ("数据库暂时不可用", "这一次操作没有写入；此前已保存的数据不受影响。", "请过一两分钟重试；仍不行的，请把错误编号告诉系统管理员。"),
}  # fmt: skip


def status_of(refused: Refused) -> int:
    """Give the status that answers a refusal."""
    if isinstance(refused, NotFound):
        return 404
    if isinstance(refused, Forbidden):
        return 403
    return 409 if isinstance(refused, Stale) else 422


def answer(
    status: int, sentence: str = "", code: str = "", number: str = ""
) -> ResponseReturnValue:
    """Make the page, or the JSON for a program, of one error."""
    title, data, cure = SENTENCES.get(status, SENTENCES[500 if status >= 500 else 400])
    if here.wants_json():
        body: dict[str, object] = {
            "code": code or f"http_{status}", "sentence": sentence or f"{title}。{data}{cure}",
            "number": number,
        }  # fmt: skip
        return here.json_answer(body, status)
    page = render_template(
        "errors/page.html",
        status=status, title=title, sentence=sentence, data=data, cure=cure, number=number,
    )  # fmt: skip
    return page, status


def _refused(refused: Refused) -> ResponseReturnValue:
    return answer(status_of(refused), refused.sentence, refused.code, _number())


def _http(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if status < 400:
        return error
    sentence = "页面停留过久或来源不明，为安全起见没有接受。" if isinstance(error, CSRFError) else ""
    made = current_app.make_response(answer(status, sentence, number=_number()))
    if error.response is None:
        for name, value in error.get_headers():
            if name.lower() == "allow":
                made.headers[name] = value
    return made


def _unexpected(error: Exception) -> ResponseReturnValue:
    number = _number()
    g.failing = True
    status = 503 if is_outage(error) else 500
    _LOG.error("error %s", number, exc_info=error)
    return answer(status, number=number)


def _number() -> str:
    return secrets.token_hex(4).upper()


def install(app: Flask) -> None:
    """Answer every error of an application with our pages."""
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)
