"""Which container this is, by what each kind leaves inside."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from app.upstream.container import HOST_NAMES, Container, detect


@pytest.mark.parametrize(
    ("files", "environ", "kind"),
    [
        pytest.param({}, {}, None, id="none"),
        pytest.param({"proc/1/cgroup": "0::/init.scope\n"}, {"PATH": "/bin"}, None, id="a machine with systemd"),
        pytest.param({".dockerenv": ""}, {}, Container.DOCKER, id="Docker"),
        pytest.param({"run/.containerenv": 'engine="podman-5.2"'}, {"container": "podman"}, Container.PODMAN, id="Podman"),
        pytest.param({".dockerenv": ""}, {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, Container.KUBERNETES, id="Kubernetes"),
        pytest.param({"var/run/secrets/kubernetes.io/serviceaccount/token": "x"}, {}, Container.KUBERNETES, id="Kubernetes, its mount"),
        pytest.param({"run/systemd/container": "lxc\n"}, {}, Container.LXC, id="LXC with systemd"),
        pytest.param({}, {"container": "lxc"}, Container.LXC, id="LXC by its variable"),
        pytest.param({"proc/1/cgroup": "1:name=systemd:/lxc/102\n"}, {}, Container.LXC, id="LXC by its cgroup"),
        pytest.param({"run/systemd/container": "systemd-nspawn\n"}, {}, Container.OTHER, id="another"),
    ],
)
def test_each_kind_is_told(tmp_path: Path, files: Mapping[str, str], environ: Mapping[str, str], kind: Container | None) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    assert detect(tmp_path, environ) is kind


def test_only_where_there_is_a_name_for_it_is_the_machine_around_reached_by_one() -> None:
    assert set(HOST_NAMES) == {Container.DOCKER, Container.PODMAN}
