"""The HTTP server of a worker, and the supervisor of the workers."""

from lean_bento.http_server.server import (
    check_server_in_use,
    collect_garbage_rarely,
    use_server,
)
from lean_bento.http_server.supervisor import supervise

__all__ = ["check_server_in_use", "collect_garbage_rarely", "supervise", "use_server"]
