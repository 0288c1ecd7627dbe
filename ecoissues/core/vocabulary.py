"""The words of the field: one word per concept, in code (key) and on the page (Chinese, English).

Every list of values that pages, forms, imports and figures share stands here once.
"""

from __future__ import annotations

from typing import Final

Words = dict[str, tuple[str, str]]

ROLES: Final[Words] = {
    "officer": ("经办人", "Case officer"),
    "head": ("单位负责人", "Unit head"),
    "supervisor": ("督察员", "Supervisor"),
    "leader": ("领导", "Leader"),
    "auditor": ("审计员", "Auditor"),
    "administrator": ("系统管理员", "Administrator"),
    "public": ("公众", "Public"),
}

PHASES: Final[Words] = {
    "open": ("办理中", "Open"),
    "phase_closed": ("阶段性办结", "Phase-closed"),
    "completed": ("整改完成", "Completed"),
    "closed": ("办结", "Closed"),
    "reviewed": ("已回头看", "Reviewed"),
    "void": ("不计入", "Void"),
}

#: Phases in which the work itself is done; the finish clock of most kinds stops here.
DONE_PHASES: Final = ("completed", "closed", "reviewed")

VERDICTS: Final[Words] = {
    "substantiated": ("属实", "Substantiated"),
    "mostly": ("基本属实", "Mostly substantiated"),
    "partly": ("部分属实", "Partly substantiated"),
    "unsubstantiated": ("不属实", "Unsubstantiated"),
}

TYPES: Final[Words] = {
    "water": ("水", "Water"),
    "air": ("大气", "Air"),
    "soil": ("土壤", "Soil"),
    "ecology": ("生态", "Ecology"),
    "noise": ("噪声", "Noise"),
    "radiation": ("辐射", "Radiation"),
    "marine": ("海洋", "Marine"),
    "heavy_metal": ("重金属", "Heavy metal"),
    "garbage": ("垃圾", "Garbage"),
    "fumes": ("油烟", "Cooking fumes"),
    "dust": ("扬尘", "Dust"),
    "solid_waste": ("固废", "Solid waste"),
    "livestock": ("畜禽养殖", "Livestock"),
    "other": ("其他", "Other"),
}

WEIGHTS: Final[Words] = {"key": ("重点", "Key"), "normal": ("一般", "Normal")}

CHANNELS: Final[Words] = {
    "call": ("来电", "Call"),
    "letter": ("来信", "Letter"),
    "web": ("网络", "Web"),
    "visit": ("来访", "Visit"),
    "inspection": ("督察反馈", "Inspection"),
    "film": ("警示片", "Warning film"),
    "collected": ("上级清单归集", "Collected"),
    "self_found": ("自查发现", "Self-found"),
}

PROGRESS: Final[Words] = {
    "ahead": ("超过序时进度", "Ahead of schedule"),
    "on_schedule": ("达到序时进度", "On schedule"),
    "behind": ("未达到序时进度", "Behind schedule"),
}

OUTCOMES: Final[Words] = {
    "ordered_to_correct": ("责令改正", "Ordered to correct"),
    "case_filed": ("立案", "Case filed"),
    "fined": ("罚款", "Fined"),
    "no_penalty": ("免予处罚", "No penalty for a minor violation"),
    "handed_to_police": ("移送公安", "Handed to police"),
    "handed_to_prosecutor": ("移送检察机关", "Handed to prosecutor"),
    "detention": ("拘留", "Detention"),
    "talk": ("约谈", "Talk"),
    "accountability": ("问责", "Accountability"),
    "damages": ("损害赔偿", "Damages"),
}

VISIBILITIES: Final[Words] = {
    "public": ("主动公开", "Public"),
    "on_request": ("依申请公开", "On request"),
    "restricted": ("不予公开", "Restricted"),
}

LEVELS: Final[Words] = {"municipal": ("市级", "Municipal"), "district": ("区县级", "District")}

#: What is changed beside the cases, as the record of changes names it.
ADMIN_CHANGES: Final[Words] = {
    "account.added": ("新增账号", "Account added"),
    "account.changed": ("改动账号", "Account changed"),
    "password.reset": ("重置密码", "Password reset"),
    "mail.set": ("登记提醒邮箱", "Mail address set"),
    "unit.added": ("新增单位", "Unit added"),
    "list.added": ("新增清单", "List added"),
    "list.moved": ("清单改用类型版本", "List moved to a version"),
    "list.changed": ("改动清单设置", "Settings of a list changed"),
    "batch.changed": ("改动批次", "Batch changed"),
    "settings.changed": ("改动设置", "Settings changed"),
    "clock.accepted": ("确认服务器时钟", "Clock accepted"),
    "calendar.loaded": ("载入放假安排", "Calendar loaded"),
    "kind.installed": ("安装清单类型", "Kind installed"),
}

#: Names of values in the record of changes.
CHANGE_FIELDS: Final[Words] = {
    "role": ("角色", "Role"),
    "unit": ("单位", "Unit"),
    "display": ("显示姓名", "Shown name"),
    "active": ("启用", "Active"),
    "mail": ("已登记邮箱", "Has an address"),
    "name": ("名称", "Name"),
    "kind": ("类型", "Kind"),
    "parent": ("上级单位", "Parent"),
    "title": ("名称", "Title"),
    "counting": ("合办计数", "Counting"),
    "version": ("版本", "Version"),
    "file": ("文件", "File"),
    "digest": ("摘要", "Digest"),
    "status": ("状态", "Status"),
    "accepted_at": ("确认时间", "Accepted at"),
    "stale_days": ("久未更新的天数", "Days without news"),
    "idle_minutes": ("登录闲置时间", "Idle minutes"),
    "handed_over_on": ("转办日期", "Handed over on"),
    "results_due_on": ("结果应报日期", "Results due on"),
}

LIGHTS: Final[Words] = {
    "green": ("正常", "In time"),
    "yellow": ("临期", "Near due"),
    "orange": ("紧急", "Urgent"),
    "red": ("逾期", "Overdue"),
}

UNIT_KINDS: Final[Words] = {
    "municipality": ("市", "Municipality"),
    "district": ("区县", "District"),
    "department": ("市级部门", "Municipal department"),
    "office": ("督察办", "Supervision office"),
    "bureau": ("区县部门", "Bureau"),
    "town": ("镇街", "Town"),
    "company": ("企业", "Company"),
    "outside": ("外部单位", "Outside party"),
}

PARTIES: Final[Words] = {
    "lead": ("责任单位", "Responsible unit"),
    "joint": ("合办单位", "Joint unit"),
    "supervising": ("监管单位", "Supervising unit"),
}

EVIDENCE_STAGES: Final[Words] = {
    "before": ("整改前照片", "Before"),
    "after": ("整改后照片", "After"),
    "document": ("佐证材料", "Document"),
}

#: What a citizen answered when asked how his matter was handled.
SATISFACTIONS: Final[Words] = {
    "satisfied": ("满意", "Satisfied"),
    "fairly": ("基本满意", "Fairly satisfied"),
    "dissatisfied": ("不满意", "Dissatisfied"),
}

#: How a list counts what several units handle together, when figures are grouped by unit.
JOINT_COUNTINGS: Final[Words] = {
    "whole": ("各计一件", "One for each"),
    "plus": ("主办件数（+合办件数）", "Led (+ joined)"),
    "own_row": ("合办单列一行", "A row of its own"),
    "half": ("按家数均分", "Shared equally"),
}

MARKS: Final[Words] = {
    "handed_over": ("已转办", "Handed over"),
    "signed_for": ("已签收", "Signed for"),
    "reported": ("已反馈结果", "Result reported"),
    "replied": ("已答复群众", "Citizen answered"),
}

#: What may be published as an edition.
EDITION_SORTS: Final[Words] = {
    "board": ("驾驶舱", "Board"),
    "batch": ("批次通报", "Batch notice"),
    "bulletin": ("通报简报", "Bulletin"),
    "ranking": ("排名", "Ranking"),
    "sheet": ("生态报表", "Indicator sheet"),
}

#: Why a figure of a past day is another today than when it was published.
REVISIONS: Final[Words] = {
    "late": ("补记", "Late entry"),
    "corrected": ("更正或撤销", "Correction"),
    "reopened": ("重新办理", "Reopening"),
    "reassigned": ("改派", "Re-assigned"),
    "merged": ("并案或撤并", "Merged"),
    "voided": ("转为不计入", "Voided"),
    "placed": ("列入或移出清单", "Placed or removed"),
    "redated": ("延期或中止", "Deadline moved"),
    "redefined": ("口径修改", "Definition changed"),
    "progress": ("期间办理", "Progress between the days"),
    "other": ("未能逐件说明", "Unexplained"),
}

NUMBER_FLAG: Final = "*"

#: Every word list by the name that documents (kinds, forms) use for it.
WORDLISTS: Final[dict[str, Words]] = {
    "roles": ROLES,
    "phases": PHASES,
    "verdicts": VERDICTS,
    "types": TYPES,
    "weights": WEIGHTS,
    "channels": CHANNELS,
    "progress": PROGRESS,
    "outcomes": OUTCOMES,
    "visibilities": VISIBILITIES,
    "levels": LEVELS,
    "lights": LIGHTS,
    "change_fields": CHANGE_FIELDS,
    "unit_kinds": UNIT_KINDS,
    "parties": PARTIES,
    "evidence_stages": EVIDENCE_STAGES,
    "satisfactions": SATISFACTIONS,
    "joint_countings": JOINT_COUNTINGS,
    "marks": MARKS,
    "edition_sorts": EDITION_SORTS,
    "revisions": REVISIONS,
}


def word(wordlist: str, key: str | None, language: str = "zh") -> str:
    """Give the word shown for ``key`` of a word list; an unknown key is shown as it is.

    In: name of the list (a key of WORDLISTS), key or None (shown as a dash), ``zh`` or ``en``.
    """
    if not key:
        return "—"
    pair = WORDLISTS[wordlist].get(key)
    if pair is None:
        return key
    return pair[0] if language == "zh" else pair[1]


def find_key(wordlist: str, shown: str) -> str | None:
    """Give the key whose Chinese or English word is ``shown``, or the key itself, else None."""
    for key, pair in WORDLISTS[wordlist].items():
        if shown in (key, *pair):
            return key
    return None
