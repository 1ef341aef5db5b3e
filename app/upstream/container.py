"""Which kind of container this process runs in: there, "localhost" is the container itself and not the machine around it."""

import os
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from pathlib import Path


class Container(StrEnum):
    DOCKER = "docker"
    PODMAN = "podman"
    KUBERNETES = "kubernetes"
    LXC = "lxc"
    OTHER = "other"


# The name by which the machine around a container may be reached from inside; pods and system containers have none.
HOST_NAMES = {Container.DOCKER: "host.docker.internal", Container.PODMAN: "host.containers.internal"}
_BY_WORD = {
    "docker": Container.DOCKER,
    "podman": Container.PODMAN,
    "lxc": Container.LXC,
    "lxc-libvirt": Container.LXC,
    "incus": Container.LXC,
}


def detect(root: Path = Path("/"), environ: Mapping[str, str] = os.environ) -> Container | None:
    """The kind, None outside of a container. Looks at what each of them leaves for its inmates: Kubernetes its variable and its mount,
    Podman and Docker a file at the root, systemd and LXC a word (`$container`, `/run/systemd/container`), LXC its name in the cgroup."""
    if environ.get("KUBERNETES_SERVICE_HOST") or (root / "var/run/secrets/kubernetes.io/serviceaccount").exists():
        return Container.KUBERNETES
    if (root / "run/.containerenv").exists():
        return Container.PODMAN
    if (root / ".dockerenv").exists():
        return Container.DOCKER
    word = _text(root / "run/systemd/container").strip() or environ.get("container", "")
    if word:
        return _BY_WORD.get(word, Container.OTHER)
    return Container.LXC if any("/lxc" in line for line in _text(root / "proc/1/cgroup").splitlines()) else None


@lru_cache(1)
def current() -> Container | None:
    """Of this process; it stays where it is."""
    return detect()


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")[:4_096]
    except OSError:
        return ""
