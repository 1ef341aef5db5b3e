"""What a reverse proxy in front of Patchbay has to be told, ready to copy. The console, `doctor` and docs/reverse-proxy.md show these."""

# Name of the proxy → its lines. {host} is the host people type, {path} the path below which Patchbay is there, "" at the top.
LINES = {
    "nginx": """\
location {path}/ {
    proxy_pass http://127.0.0.1:8700;
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
    proxy_buffering off;
    proxy_read_timeout 1h;
    client_max_body_size 64m;
}
""",
    "Caddy": """\
{host} {
    reverse_proxy {path}/* 127.0.0.1:8700
}
""",
    "Traefik": """\
http:
  routers:
    patchbay:
      rule: "Host(`{host}`) && PathPrefix(`{path}/`)"
      service: patchbay
      tls: {}
  services:
    patchbay:
      loadBalancer:
        servers:
          - url: "http://127.0.0.1:8700"
""",
}
SETTINGS = """\
PATCHBAY_PUBLIC_URL={address}
PATCHBAY_TRUSTED_PROXIES=1
"""


def filled(text: str, *, host: str, path: str, address: str = "") -> str:
    """Lines for this host and path. Not `format`: the lines have braces of their own."""
    return text.replace("{host}", host).replace("{path}", path).replace("{address}", address)
