"""LiteLLM in a process of its own: OpenAI's shape on a Unix socket, one vendor's own protocol behind each call.

Started by `upstream.translator`, which greets it on stdin and ends it by closing that. The only place that imports LiteLLM.
"""
