"""API keys: bearer-token authentication, and the command that keeps the file of keys."""

from lean_bento.auth.api_keys import COMMAND, KeyFile
from lean_bento.auth.command import KeyCommand
from lean_bento.auth.middleware import OPEN_PATHS, AuthMiddleware, configured_keys, key_file_of

__all__ = [
    "COMMAND",
    "OPEN_PATHS",
    "AuthMiddleware",
    "KeyCommand",
    "KeyFile",
    "configured_keys",
    "key_file_of",
]
