"""`/discovery`: model servers near this Patchbay."""

from app.api import errors, guard
from app.api.guard import Caller
from app.api.schemas import LocalServers
from app.services import discovery

router = guard.router("Discovery")


@router.post("/discovery/local", responses=errors.documented(429))
async def find_local_servers(caller: Caller) -> LocalServers:
    """Ask the known ports of this machine, of `host.docker.internal` and of approved hosts. No key is sent, nothing is saved."""
    found = await discovery.find(caller)
    return LocalServers(items=list(found.servers), hosts=list(found.hosts))
