"""Reviews: questions about the caller that are answered and never stored. Pure.

Whoever the server lets in may do everything: RBAC objects are kept as data and never asked.
"""

from netcore_cluster.api import errors
from netcore_cluster.api.errors import Object
from netcore_cluster.api.identity import User
from netcore_cluster.kinds import Kind
from netcore_cluster.schema import errors as field_errors

_EVERYTHING = {
    "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
    "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
    "incomplete": False,
}


def answered(kind: Kind, review: Object, user: User, now: str) -> Object:
    """Returns a review with its status.

    Args:
        kind: which review it is.
        review: the question.
        user: who asks.
        now: the time.

    Raises:
        ApiError: 422, it asks for nothing, or for two things at once.
    """
    if kind.kind.endswith("AccessReview"):
        _check_question(kind, review.get("spec") or {})
    status: Object
    match kind.kind:
        case "SelfSubjectReview":
            status = {"userInfo": {"username": user.name, "groups": list(user.groups)}}
        case "SelfSubjectRulesReview":
            status = _EVERYTHING
        case "TokenReview":
            # Tokens of others are none of this server's: it issues none.
            status = {"authenticated": False, "user": {}, "error": "unknown token"}
        case "SubjectAccessReview" | "LocalSubjectAccessReview":
            asked = review.get("spec") or {}
            is_master = "system:masters" in (asked.get("groups") or ())
            is_caller = asked.get("user") == user.name
            status = {"allowed": is_master or is_caller}
        case _:
            status = {"allowed": True}
    meta = (review.get("metadata") or {}) | {"creationTimestamp": now}
    return review | {"metadata": meta, "status": status}


def _check_question(kind: Kind, spec: Object) -> None:
    if bool(spec.get("resourceAttributes")) is bool(spec.get("nonResourceAttributes")):
        detail = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        value = spec.get("resourceAttributes")
        problem = field_errors.invalid("spec.resourceAttributes", value, detail)
        raise errors.invalid(kind.kind, kind.group, "", [problem])
