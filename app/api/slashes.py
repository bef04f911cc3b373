"""Addresses of lists work without their last slash, too, whatever the method.

Werkzeug lets them, but for what they do not take: there it finds no address at all.
"""

from flask import current_app, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import MapAdapter

from ..audience import is_in_api
from . import api


@api.before_app_request
def refuse_method() -> None:
    """Say that the address is right and the method is wrong."""
    if is_in_api() and isinstance(request.routing_exception, NotFound):
        methods = _methods_with_slash(_adapter())
        if methods:
            raise MethodNotAllowed(methods)


def allowed_methods() -> list[str]:
    """Return what the address of this request takes."""
    adapter = _adapter()
    return list(adapter.allowed_methods()) or _methods_with_slash(adapter)


def _methods_with_slash(adapter: MapAdapter) -> list[str]:
    """Return what the address would take with a slash at its end; nothing if it has one."""
    path = f"{request.path}/"
    if path.endswith("//"):
        return []
    methods = list(adapter.allowed_methods(path))
    try:
        adapter.match(path, method=methods[0] if methods else None)
    except HTTPException:  # such as for a number that can be nobody's
        return []
    return methods


def _adapter() -> MapAdapter:
    adapter = current_app.create_url_adapter(request)
    if adapter is None:
        raise NotFound
    return adapter
