"""Which address leads where."""

from __future__ import annotations

from typing import Any

from django.urls import path

from holdfast.api.v1 import api
from holdfast.console import views

urlpatterns: list[Any] = [
    path("v1/", api.urls),
    path("", views.institutions, name="institutions"),
    path("enter/<str:token>", views.enter, name="enter"),
    path("sign-in", views.sign_in, name="sign-in"),
    path("sign-out", views.sign_out, name="sign-out"),
]
