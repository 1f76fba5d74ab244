"""Django's settings; everything that differs between centres stands in the centre's home."""

from __future__ import annotations

from holdfast.core.words import LOCALE_FOLDER
from holdfast.server.database import database_of
from holdfast.server.home import this_home

HOME = this_home()

SECRET_KEY = (HOME.keys / "django").read_text(encoding="ascii").strip()
DEBUG = False
ALLOWED_HOSTS = list(HOME.hosts)

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "holdfast.records",
    "holdfast.people",
    "holdfast.cases",
    "holdfast.registry",
    "holdfast.console",
]
MIDDLEWARE = [
    "holdfast.api.edge.ApiEdge",
    "django.middleware.security.SecurityMiddleware",
    "holdfast.console.policy.PagePolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "holdfast.server.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "holdfast.console.words.words",
            ]
        },
    }
]

_PASSWORD = HOME.database_password()
DATABASES = {"default": database_of(HOME.database) | ({"PASSWORD": _PASSWORD} if _PASSWORD else {})}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "people.Staff"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("th", "ไทย")]
LOCALE_PATHS = [LOCALE_FOLDER]

DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Strict"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_SAMESITE = "Strict"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

if HOME.url:
    # A proxy before this server speaks TLS, and says so with each request that it hands on.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    CSRF_TRUSTED_ORIGINS = [HOME.url]
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
