"""Which address leads where."""

from __future__ import annotations

from typing import Any

from django.urls import path

from holdfast.api.v1 import api
from holdfast.console import (
    check,
    contest_views,
    listing_views,
    public_views,
    registry_views,
    script_files,
    views,
)

urlpatterns: list[Any] = [
    path("v1/", api.urls),
    path("", views.institutions, name="institutions"),
    path("enter/<str:token>", views.enter, name="enter"),
    path("sign-in", views.sign_in, name="sign-in"),
    path("sign-out", views.sign_out, name="sign-out"),
    path("registry", registry_views.listings, name="registry"),
    path("registry/find", registry_views.find_listing, name="registry-find"),
    path("registry/list", listing_views.add, name="registry-list"),
    path("registry/break-glass", listing_views.alarm, name="registry-glass"),
    path("registry/upload", listing_views.upload, name="registry-upload"),
    path("registry/files/<str:batch>", registry_views.file, name="registry-file"),
    path("registry/listings/<str:listing_id>", registry_views.listing, name="registry-listing"),
    path("registry/contests", contest_views.contests, name="registry-contests"),
    path("registry/contests/<str:contest_id>", contest_views.contest, name="registry-contest"),
    path("registry/on-the-phone", contest_views.hotline, name="registry-hotline"),
    path("contest", public_views.contest, name="contest"),
    path("contest/code", public_views.check_code, name="contest-code"),
    path("check", check.check, name="check"),
    path("scripts/<str:digest>/<str:name>", script_files.script, name="script"),
]
