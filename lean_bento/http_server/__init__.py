"""The HTTP server of a worker, and the supervisor of the workers."""

from lean_bento.http_server.server import (
    check_server_in_use,
    collect_garbage_rarely,
    use_server,
)

__all__ = ["check_server_in_use", "collect_garbage_rarely", "supervise", "use_server"]


def supervise() -> None:
    """Replace circus's arbiter, before BentoML makes one; called in the first process only."""
    from lean_bento.http_server.supervisor import WorkerSupervisor  # noqa: PLC0415  workers need it not

    WorkerSupervisor.install()
